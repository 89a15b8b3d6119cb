CREATE TABLE t (id int AUTO_INCREMENT PRIMARY KEY, a int(8) unsigned zerofill);
