CREATE TABLE t (a numeric);
