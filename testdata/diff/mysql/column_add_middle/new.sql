CREATE TABLE t (id int PRIMARY KEY, x int, a int, y int, z int, b varchar(20));
