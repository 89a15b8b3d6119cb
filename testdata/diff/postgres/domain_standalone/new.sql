CREATE DOMAIN email AS text CHECK (VALUE ~ '@'); COMMENT ON DOMAIN email IS 'mail'; CREATE TABLE t (a int);
