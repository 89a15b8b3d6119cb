CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TABLE t (m mood CHECK (m <> 'sad'), x int); INSERT INTO t VALUES ('ok'); CREATE INDEX i ON t (x) WHERE m = 'ok'; CREATE UNIQUE INDEX j ON t (m, x);
