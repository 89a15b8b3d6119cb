CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE DOMAIN d AS mood; CREATE TABLE t (a d, b mood);
