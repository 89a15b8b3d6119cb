CREATE TYPE mood AS ENUM ('x', 'y', 'sad', 'ok', 'happy');
CREATE TABLE t (m mood);
