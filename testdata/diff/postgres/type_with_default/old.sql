CREATE TABLE t (a int DEFAULT 5, b varchar(5) DEFAULT 'x', c text DEFAULT '7'); INSERT INTO t VALUES (1, 'b', '2');
