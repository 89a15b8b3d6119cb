CREATE TYPE mood AS ENUM ('ok', 'glad', 'sad'); CREATE TABLE t (m mood);
