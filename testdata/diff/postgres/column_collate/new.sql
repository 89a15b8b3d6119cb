CREATE TABLE t (a text COLLATE "C", b varchar(10) COLLATE "POSIX"); CREATE INDEX i ON t (a);
