CREATE TABLE t (a cidr);
