CREATE TABLE t (id int PRIMARY KEY, loyalty_tier varchar(20));
