CREATE TABLE t (a bigint DEFAULT 2, b varchar(50) DEFAULT 'q' NOT NULL, c text);
