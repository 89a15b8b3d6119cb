CREATE TABLE t (id int PRIMARY KEY, a tsvector, b tsvector, c inet, d numeric(10,2), e bigint, f tsquery[], g circle, h int4range);
INSERT INTO t (id, b) VALUES (1, 'x');
