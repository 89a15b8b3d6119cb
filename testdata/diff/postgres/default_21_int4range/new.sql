CREATE TABLE t (id int PRIMARY KEY, a int4range DEFAULT 'empty');
