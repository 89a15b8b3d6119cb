CREATE TABLE t (id int NOT NULL, a int, b text, c int, v varchar(10) CHECK (v IN ('a', 'b')), w char(3) CHECK (w IN ('x', 'y')));
INSERT INTO t (id, a, b, c) VALUES (1, 1, 'x', 5), (2, 2, 'y', 6);
