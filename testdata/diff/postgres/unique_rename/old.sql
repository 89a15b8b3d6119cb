CREATE TABLE t (id int NOT NULL, a int, b text, c int, CONSTRAINT u UNIQUE (a));
INSERT INTO t (id, a, b, c) VALUES (1, 1, 'x', 5), (2, 2, 'y', 6);
