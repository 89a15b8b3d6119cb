CREATE TABLE t (id int PRIMARY KEY, a bool DEFAULT true);
