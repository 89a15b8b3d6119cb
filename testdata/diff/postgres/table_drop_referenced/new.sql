CREATE TABLE u (id int PRIMARY KEY, t int);
