CREATE TABLE t (a int, g int GENERATED ALWAYS AS (a + 2) VIRTUAL, h text);
