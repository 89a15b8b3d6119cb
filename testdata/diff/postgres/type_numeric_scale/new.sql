CREATE TABLE t (a numeric(8,3));
