CREATE TABLE t (id int PRIMARY KEY, a varchar(10) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, KEY (a));
