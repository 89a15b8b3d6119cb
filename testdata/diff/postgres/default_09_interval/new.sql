CREATE TABLE t (id int PRIMARY KEY, a interval DEFAULT '2 hours');
