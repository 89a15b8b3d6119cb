CREATE SEQUENCE t_a_seq AS int; CREATE TABLE t (b int DEFAULT nextval('t_a_seq'));
