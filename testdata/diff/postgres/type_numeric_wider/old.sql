CREATE TABLE t (a numeric(8,2));
INSERT INTO t (a) VALUES (1.50);
