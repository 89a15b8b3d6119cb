CREATE TABLE t (a varchar(5), g int GENERATED ALWAYS AS (length(a)) STORED, u int); INSERT INTO t VALUES ('ab'); CREATE UNIQUE INDEX i ON t (g, u);
