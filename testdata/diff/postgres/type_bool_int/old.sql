CREATE TABLE t (a bool);
INSERT INTO t (a) VALUES (true);
