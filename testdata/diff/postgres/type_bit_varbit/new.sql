CREATE TABLE t (a varbit(8));
