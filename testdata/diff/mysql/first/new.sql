CREATE TABLE t (id bigint PRIMARY KEY, a varchar(20), c int);
CREATE UNIQUE INDEX t_a ON t (a);
