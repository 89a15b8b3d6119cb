CREATE TABLE t (a char(5));
