CREATE TABLE t (id int AUTO_INCREMENT PRIMARY KEY, a decimal(8,2) unsigned);
