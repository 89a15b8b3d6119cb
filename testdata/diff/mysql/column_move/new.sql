CREATE TABLE t (d int, id int PRIMARY KEY, c int, a int, b int);
