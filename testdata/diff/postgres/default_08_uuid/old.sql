CREATE TABLE t (id int PRIMARY KEY, a uuid DEFAULT gen_random_uuid());
