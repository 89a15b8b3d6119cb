CREATE TABLE t (id int, d date) PARTITION BY RANGE (d);
