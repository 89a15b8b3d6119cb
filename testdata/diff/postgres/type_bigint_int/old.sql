CREATE TABLE t (a bigint);
INSERT INTO t (a) VALUES (1);
