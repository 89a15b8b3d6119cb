CREATE TABLE t (a serial); CREATE TABLE u (b int DEFAULT nextval('t_a_seq'));
