CREATE TABLE t (a varchar(10)); CREATE INDEX i ON t (a varchar_pattern_ops);
