CREATE TABLE t (a bool);
