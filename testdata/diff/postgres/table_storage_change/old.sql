CREATE TABLE t (a int) WITH (fillfactor = 70, toast.autovacuum_enabled = false);
