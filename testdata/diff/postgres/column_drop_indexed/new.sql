CREATE TABLE t (c int, b int); CREATE INDEX i ON t (c);
