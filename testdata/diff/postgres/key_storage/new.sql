CREATE TABLE t (id int PRIMARY KEY WITH (fillfactor = 70), a int, UNIQUE (a) WITH (fillfactor = 80, deduplicate_items = off), b int, CONSTRAINT l UNIQUE (b));
CREATE INDEX i ON t (a) WITH (fillfactor = 50);
CREATE TABLE u (id int PRIMARY KEY WITH (fillfactor = 70));
INSERT INTO t VALUES (1, 1, 1);
