CREATE TABLE t (id int PRIMARY KEY, a int, b text, c date, d timestamptz DEFAULT now(), e int DEFAULT 5);
