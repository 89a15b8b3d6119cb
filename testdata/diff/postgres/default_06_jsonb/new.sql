CREATE TABLE t (id int PRIMARY KEY, a jsonb DEFAULT '{"a": [1, null]}');
