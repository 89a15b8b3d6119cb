CREATE TABLE t (a int NOT NULL DEFAULT 1, b varchar(5), c text DEFAULT 'x' NOT NULL); INSERT INTO t VALUES (1, 'b', 'c');
