CREATE TABLE t (id int PRIMARY KEY, a int8range, b tstzrange, c daterange);
INSERT INTO t VALUES (1, '[1,3)', '[2024-01-01,2024-01-02)', '[2024-01-01,2024-01-02)');
