CREATE TABLE t (id int AUTO_INCREMENT PRIMARY KEY, a enum('a','b','c'));
INSERT INTO t (a) VALUES ('c');
