CREATE TABLE t (id int PRIMARY KEY, n int, c bigint NOT NULL, a int, d int);
