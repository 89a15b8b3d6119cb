CREATE TABLE t (g bigint AS (z * 2) STORED, g2 bigint AS (y + 1), id int PRIMARY KEY, y int DEFAULT 4, b int, h int AS (a + 2), a int, g3 int AS (b + y), z int DEFAULT 5);
INSERT INTO t (id, a, b) VALUES (1, 2, 3);
