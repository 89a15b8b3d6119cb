CREATE TABLE t (a int, b int, CHECK (a < b), CHECK (b > 0));
