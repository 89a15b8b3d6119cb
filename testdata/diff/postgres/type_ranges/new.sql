CREATE TABLE t (id int PRIMARY KEY, a numrange, b tsrange, c datemultirange);
