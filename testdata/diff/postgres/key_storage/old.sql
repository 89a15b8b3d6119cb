CREATE TABLE t (id int PRIMARY KEY, a int UNIQUE, b int, CONSTRAINT k UNIQUE (b) WITH (fillfactor = 60));
CREATE INDEX i ON t (a) WITH (deduplicate_items = off);
INSERT INTO t VALUES (1, 1, 1);
