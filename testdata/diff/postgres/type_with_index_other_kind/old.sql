CREATE TABLE t (a int, b int); INSERT INTO t VALUES (1, 2); CREATE INDEX i ON t ((a + 1)); CREATE INDEX j ON t (b) WHERE a > 0;
