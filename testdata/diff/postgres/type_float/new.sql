CREATE TABLE t (a double precision);
