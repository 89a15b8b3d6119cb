CREATE TABLE t (a varchar(10));
INSERT INTO t (a) VALUES ('a');
