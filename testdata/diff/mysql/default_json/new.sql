CREATE TABLE t (id int AUTO_INCREMENT PRIMARY KEY, a json DEFAULT (json_array()));
