CREATE TABLE t (id int PRIMARY KEY, c int NOT NULL, d varchar(5) NOT NULL, e int NOT NULL DEFAULT 3);
