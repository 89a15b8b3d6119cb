CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE DOMAIN d AS mood DEFAULT 'ok'; CREATE TABLE t (a d);
