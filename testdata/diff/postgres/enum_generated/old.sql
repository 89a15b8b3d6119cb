CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TABLE t (m mood, g bool GENERATED ALWAYS AS (m = 'ok') STORED); INSERT INTO t VALUES ('ok');
