CREATE TABLE t (id int AUTO_INCREMENT PRIMARY KEY, a enum('c','b','a'));
