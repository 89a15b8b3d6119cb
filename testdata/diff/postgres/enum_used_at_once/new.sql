CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy', 'new');
CREATE TABLE t (m mood DEFAULT 'new'); CREATE INDEX i ON t (m) WHERE m = 'new';
