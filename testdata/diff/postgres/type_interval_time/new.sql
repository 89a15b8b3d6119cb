CREATE TABLE t (a time);
