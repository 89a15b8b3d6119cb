CREATE TABLE t (id int PRIMARY KEY, a int DEFAULT 5, b point, c geometry);
CREATE TABLE u (id int PRIMARY KEY, a decimal(5,2));
INSERT INTO u VALUES (1, NULL);
