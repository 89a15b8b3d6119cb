CREATE TABLE t (id int PRIMARY KEY, a int, b text, c uuid DEFAULT gen_random_uuid(), d uuid NOT NULL DEFAULT gen_random_uuid());
