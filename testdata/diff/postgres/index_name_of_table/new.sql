CREATE TABLE a (x int); CREATE INDEX b ON a (x);
