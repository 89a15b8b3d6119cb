CREATE TABLE t (id int PRIMARY KEY, a int, g int AS (a + 3) STORED, v int AS (a * 4) VIRTUAL, KEY (g));
