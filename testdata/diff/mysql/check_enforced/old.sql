CREATE TABLE t (id int PRIMARY KEY, a int, b varchar(20), CONSTRAINT c CHECK (a > 0));
INSERT INTO t VALUES (1, 10, 'x'), (2, NULL, 'y');
