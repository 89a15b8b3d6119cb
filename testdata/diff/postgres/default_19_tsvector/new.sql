CREATE TABLE t (id int PRIMARY KEY, a tsvector DEFAULT 'b:1');
