CREATE TABLE t (a varchar(5), b int, CONSTRAINT x CHECK (a IN ('p', 'q')), CONSTRAINT y CHECK (b BETWEEN 1 AND 5), CONSTRAINT z CHECK (NOT (b = 3)));
