CREATE TABLE t (id int PRIMARY KEY, tier varchar(20));
