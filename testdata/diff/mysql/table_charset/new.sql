CREATE TABLE t (id int PRIMARY KEY, a varchar(10), c char(2) CHARACTER SET ascii) DEFAULT CHARSET=utf8mb4;
