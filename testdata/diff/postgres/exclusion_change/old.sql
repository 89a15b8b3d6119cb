CREATE TABLE t (r tsrange, s int4range, CONSTRAINT e EXCLUDE USING gist (r WITH &&));
