CREATE TABLE t (id int PRIMARY KEY, a int, g int AS (a + 1) STORED, v int AS (a * 2) VIRTUAL);
