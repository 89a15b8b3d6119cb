CREATE TABLE t (id int PRIMARY KEY, a point, b decimal(12,3), c datetime);
CREATE TABLE u (id int PRIMARY KEY, a point);
INSERT INTO u VALUES (1, NULL);
