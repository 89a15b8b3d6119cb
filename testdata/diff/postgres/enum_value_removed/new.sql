CREATE TYPE mood AS ENUM ('ok', 'happy');
CREATE TABLE t (m mood DEFAULT 'ok', n mood[]); CREATE INDEX i ON t (m);
