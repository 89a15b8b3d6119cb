CREATE TABLE t (id int PRIMARY KEY, a int UNIQUE);
COMMENT ON CONSTRAINT t_a_key ON t IS 'con';
COMMENT ON INDEX t_a_key IS 'ix';
CREATE TABLE u (id int PRIMARY KEY);
COMMENT ON INDEX u_pkey IS 'of a new one';
