CREATE TABLE t (a varchar(10) CHECK (a IN ('x', 'y')), b int CHECK (b > 0)); INSERT INTO t VALUES ('x', 1);
