CREATE TABLE t (id int PRIMARY KEY, a inet DEFAULT '::1');
