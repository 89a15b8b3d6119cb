CREATE TABLE t (a text, g int GENERATED ALWAYS AS (length(a)) STORED, u int); CREATE UNIQUE INDEX i ON t (g, u);
