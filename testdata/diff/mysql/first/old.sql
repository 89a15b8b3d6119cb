CREATE TABLE t (id int PRIMARY KEY, a varchar(30), b int DEFAULT 1);
INSERT INTO t VALUES (1, 'x', 2);
CREATE INDEX t_a ON t (a);
