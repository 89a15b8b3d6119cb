CREATE TABLE t (a bigint, b text); CREATE INDEX i ON t (a); CREATE UNIQUE INDEX j ON t (lower(b)); CREATE INDEX k ON t (a) WHERE a > 5;
