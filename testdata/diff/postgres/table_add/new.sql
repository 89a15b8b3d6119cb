CREATE TABLE t (id int PRIMARY KEY, a int, b text);
INSERT INTO t VALUES (1, 10, 'x'), (2, NULL, 'y');
CREATE TABLE u (id bigint PRIMARY KEY, t int REFERENCES t, n numeric(10,2) NOT NULL DEFAULT 0);
