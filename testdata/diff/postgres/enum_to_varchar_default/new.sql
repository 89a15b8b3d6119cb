CREATE TABLE t (m varchar(10) NOT NULL DEFAULT 'ok');
