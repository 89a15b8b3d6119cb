CREATE TABLE t (id int PRIMARY KEY, a varchar(10) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci, b varchar(10)) DEFAULT CHARSET=latin1;
INSERT INTO t VALUES (1, 'x', 'y');
