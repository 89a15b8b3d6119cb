CREATE TABLE t (b int, id serial);
