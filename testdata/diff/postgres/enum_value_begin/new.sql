CREATE TYPE mood AS ENUM ('dead', 'sad', 'ok', 'happy');
CREATE TABLE t (m mood);
