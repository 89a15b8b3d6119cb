CREATE TABLE a (x int); CREATE TABLE b (x int);
