CREATE TABLE t (a int); CREATE SCHEMA app; CREATE TYPE app.mood AS ENUM ('x'); CREATE TABLE app.t (id serial PRIMARY KEY, m app.mood DEFAULT 'x', f int); CREATE INDEX ON app.t (f);
