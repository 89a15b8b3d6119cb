CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TABLE t (m mood DEFAULT 'ok', n mood[]); INSERT INTO t VALUES ('ok', '{ok,happy}'); CREATE INDEX i ON t (m);
