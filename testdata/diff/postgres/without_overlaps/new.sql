CREATE TABLE t (r int4range, p daterange, q daterange, PRIMARY KEY (r, p WITHOUT OVERLAPS), UNIQUE (r, q WITHOUT OVERLAPS));
CREATE TABLE c (id int, t int4range, p daterange, FOREIGN KEY (t, PERIOD p) REFERENCES t (r, PERIOD p));
