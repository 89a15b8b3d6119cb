CREATE TABLE t (r tsrange, s int4range);
