CREATE TABLE t (a int NULL INVISIBLE, b int, KEY (a));
