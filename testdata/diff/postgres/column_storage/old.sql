CREATE TABLE t (id int PRIMARY KEY, a text, b varchar(9), c text);
ALTER TABLE t ALTER c SET STORAGE MAIN, ALTER c SET (n_distinct = 5), ALTER b SET STORAGE PLAIN;
INSERT INTO t VALUES (1, 'x', 'y', 'z');
