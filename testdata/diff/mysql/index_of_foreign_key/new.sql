CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE t (id int PRIMARY KEY, p int, q int, KEY j (p, q), CONSTRAINT f FOREIGN KEY (p) REFERENCES p (id));
