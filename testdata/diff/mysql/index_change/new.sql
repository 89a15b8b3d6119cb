CREATE TABLE t (id int PRIMARY KEY, a int, b varchar(20), UNIQUE KEY i (a), KEY j (b(5), a DESC));
INSERT INTO t VALUES (1, 10, 'x'), (2, NULL, 'y');
