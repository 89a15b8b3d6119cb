CREATE TABLE t (e int, d int, c int, b int, a int);
