CREATE TYPE mood AS ENUM ('happy', 'ok', 'sad'); CREATE TABLE t (m mood CHECK (m <> 'sad'), x int); CREATE INDEX i ON t (x) WHERE m = 'ok'; CREATE UNIQUE INDEX j ON t (m, x);
