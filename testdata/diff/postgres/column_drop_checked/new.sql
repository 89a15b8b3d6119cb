CREATE TABLE t (b int, CHECK (b > 0));
