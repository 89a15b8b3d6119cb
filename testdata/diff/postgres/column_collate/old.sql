CREATE TABLE t (a text, b varchar(10) COLLATE "C"); INSERT INTO t VALUES ('a', 'b'); CREATE INDEX i ON t (a);
