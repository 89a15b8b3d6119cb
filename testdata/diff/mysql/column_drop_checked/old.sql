CREATE TABLE t (a int, b int, CONSTRAINT ab CHECK (a < b), CONSTRAINT bb CHECK (b > 0));
