CREATE UNLOGGED TABLE t (id int PRIMARY KEY) WITH (user_catalog_table = true);
