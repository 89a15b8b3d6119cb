CREATE TABLE t (a smallint);
INSERT INTO t (a) VALUES (1);
