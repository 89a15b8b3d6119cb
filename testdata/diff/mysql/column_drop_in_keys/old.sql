CREATE TABLE t (a int, b int, c int, KEY k (a, b), UNIQUE KEY u (a), PRIMARY KEY (a, c)); INSERT INTO t VALUES (1, 2, 3);
