CREATE TABLE t (a text, b int); CREATE INDEX i ON t ((a || 'x')); CREATE INDEX j ON t (b) WHERE a <> '';
