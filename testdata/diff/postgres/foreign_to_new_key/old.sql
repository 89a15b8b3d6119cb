CREATE TABLE p (id int); CREATE TABLE t (p int);
