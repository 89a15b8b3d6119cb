CREATE TYPE mood AS ENUM ('ok', 'happy'); CREATE TABLE t (m mood, g bool GENERATED ALWAYS AS (m = 'ok') STORED);
