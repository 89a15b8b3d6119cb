CREATE TABLE u (
  id int CONSTRAINT t_pkey PRIMARY KEY,
  a int CONSTRAINT t_a UNIQUE,
  b int CONSTRAINT t_b CHECK (b > 0)
);
CREATE INDEX t_ab ON u (a, b);
CREATE TABLE kid (t int CONSTRAINT kid_t REFERENCES u);
