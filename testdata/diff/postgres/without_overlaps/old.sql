CREATE TABLE t (r int4range, p daterange, PRIMARY KEY (r, p WITHOUT OVERLAPS));
