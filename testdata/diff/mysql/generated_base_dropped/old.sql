CREATE TABLE t (id int PRIMARY KEY, a int, b int, g int AS (a + b) STORED);
