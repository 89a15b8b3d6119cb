CREATE TABLE t (id int PRIMARY KEY, a int INVISIBLE, b varchar(20));
INSERT INTO t (id, a, b) VALUES (1, 10, 'x'), (2, NULL, 'y');
