CREATE TYPE mood AS ENUM ('sad', 'so', 'ok', 'fine', 'good', 'happy');
CREATE TABLE t (m mood);
