CREATE TABLE t (a int, b int, c int, UNIQUE (a, b)); CREATE INDEX ON t (b, c); CREATE INDEX i ON t (c) WHERE a > 0;
