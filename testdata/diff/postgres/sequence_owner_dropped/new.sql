CREATE SEQUENCE t_a_seq AS int; CREATE TABLE u (b int DEFAULT nextval('t_a_seq'));
