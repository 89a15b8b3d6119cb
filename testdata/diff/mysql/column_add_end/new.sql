CREATE TABLE t (id int PRIMARY KEY, a int, b varchar(20), c date, d datetime(3) DEFAULT CURRENT_TIMESTAMP(3));
