CREATE TABLE t (a text CHECK (a IN ('x', 'y')), b numeric CHECK (b > 0));
