CREATE TABLE t (id int PRIMARY KEY, a int, b text, c uuid, d money, e oid, f int[], g point, h interval);
INSERT INTO t (id, b, d, e) VALUES (1, 'x', 2, 3);
