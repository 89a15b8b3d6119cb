CREATE TABLE t (r tsrange, s int4range, CONSTRAINT e EXCLUDE USING gist (r WITH &&, s WITH &&) WHERE (NOT isempty(s)));
