CREATE TABLE t (a text);
INSERT INTO t (a) VALUES ('1');
