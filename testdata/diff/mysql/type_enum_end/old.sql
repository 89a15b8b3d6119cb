CREATE TABLE t (id int AUTO_INCREMENT PRIMARY KEY, a enum('a','b'));
INSERT INTO t (a) VALUES ('a');
