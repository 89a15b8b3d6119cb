CREATE TABLE t (a int NULL, KEY (a));
