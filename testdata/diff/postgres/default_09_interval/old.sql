CREATE TABLE t (id int PRIMARY KEY, a interval DEFAULT '1 day');
