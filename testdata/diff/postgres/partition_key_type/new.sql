CREATE TABLE t (id bigint PRIMARY KEY, "a B" text) PARTITION BY RANGE (id);
