CREATE TABLE t (a text, b int); CREATE INDEX ON t (lower(a)); CREATE INDEX i ON t (b DESC) WHERE a <> '';
