CREATE TABLE t (id int PRIMARY KEY, a bytea DEFAULT '\x01');
