CREATE TABLE t (u uuid PRIMARY KEY, n int); CREATE TABLE c (t uuid);
