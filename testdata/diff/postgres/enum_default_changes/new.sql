CREATE TYPE mood AS ENUM ('ok', 'fine'); CREATE TABLE t (m mood DEFAULT 'fine');
