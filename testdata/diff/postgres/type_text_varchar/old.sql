CREATE TABLE t (a text);
INSERT INTO t (a) VALUES ('a');
