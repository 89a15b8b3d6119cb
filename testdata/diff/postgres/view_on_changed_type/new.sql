CREATE TABLE t (a bigint, b varchar(5)); CREATE VIEW v AS SELECT a, b FROM t; CREATE VIEW w AS SELECT a FROM v;
