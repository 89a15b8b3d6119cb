CREATE TABLE t (r tsrange, s int4range, EXCLUDE USING gist (r WITH &&));
