CREATE TABLE t (id int PRIMARY KEY, a int, g int AS (a + 1) STORED, z int); INSERT INTO t (id, a) VALUES (1, 2);
