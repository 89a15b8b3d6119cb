CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy', 'new');
CREATE TABLE t (m mood); CREATE TABLE u (m mood DEFAULT 'new', CHECK (m <> 'sad'));
