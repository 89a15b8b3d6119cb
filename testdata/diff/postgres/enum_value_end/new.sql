CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy', 'wild');
CREATE TABLE t (m mood);
