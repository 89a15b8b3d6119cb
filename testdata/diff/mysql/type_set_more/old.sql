CREATE TABLE t (id int AUTO_INCREMENT PRIMARY KEY, a set('a','b'));
INSERT INTO t (a) VALUES ('a,b');
