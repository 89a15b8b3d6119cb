CREATE TABLE t (a bigint DEFAULT 6, b text DEFAULT 'x', c int DEFAULT 7);
