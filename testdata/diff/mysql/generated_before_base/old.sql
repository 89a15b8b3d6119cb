CREATE TABLE t (id int PRIMARY KEY, a int, h int AS (a + 1), b int);
INSERT INTO t (id, a, b) VALUES (1, 2, 3);
