CREATE TABLE t (id int PRIMARY KEY, a varchar(10), b varchar(10) CHARACTER SET latin1 COLLATE latin1_swedish_ci) DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO t VALUES (1, 'x', 'y');
