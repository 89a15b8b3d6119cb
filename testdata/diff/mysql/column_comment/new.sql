CREATE TABLE t (id int PRIMARY KEY, a int COMMENT 'aa', b varchar(20) COMMENT '');
INSERT INTO t VALUES (1, 10, 'x'), (2, NULL, 'y');
