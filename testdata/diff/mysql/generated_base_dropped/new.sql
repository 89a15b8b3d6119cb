CREATE TABLE t (id int PRIMARY KEY, b int, g int AS (b) STORED);
