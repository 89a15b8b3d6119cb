CREATE TABLE t (id int PRIMARY KEY, a bigint, g bigint AS (a + 1) STORED);
