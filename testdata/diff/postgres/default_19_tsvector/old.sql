CREATE TABLE t (id int PRIMARY KEY, a tsvector DEFAULT 'a');
