CREATE TABLE t (id int AUTO_INCREMENT PRIMARY KEY, a set('a','b','c'));
