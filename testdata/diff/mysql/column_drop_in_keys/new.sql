CREATE TABLE t (b int, c int NOT NULL, KEY k (b), PRIMARY KEY (c));
