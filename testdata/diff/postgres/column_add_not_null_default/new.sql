CREATE TABLE t (id int PRIMARY KEY, a int, b text, c int NOT NULL DEFAULT 7);
