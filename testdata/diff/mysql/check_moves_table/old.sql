CREATE TABLE a (x int, CONSTRAINT c CHECK (x > 0)); CREATE TABLE b (x int);
