CREATE TABLE t (id int PRIMARY KEY, a int, g int, z int); INSERT INTO t VALUES (1, 2, 3, 4);
