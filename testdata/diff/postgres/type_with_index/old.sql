CREATE TABLE t (a int, b varchar(10)); INSERT INTO t VALUES (1, 'x'); CREATE INDEX i ON t (a); CREATE UNIQUE INDEX j ON t (lower(b)); CREATE INDEX k ON t (a) WHERE a > 5;
