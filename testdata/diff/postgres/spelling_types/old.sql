CREATE TABLE t (a int4, b int8, c varchar(3), d bool, e float, f decimal(5,2), g timestamptz(3), h char, i bpchar(2), j serial2);
