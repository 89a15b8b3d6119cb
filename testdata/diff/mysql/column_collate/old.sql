CREATE TABLE t (id int PRIMARY KEY, a varchar(10), KEY (a)); INSERT INTO t VALUES (1, 'x');
