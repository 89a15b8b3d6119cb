CREATE TABLE people (
  id       INTEGER PRIMARY KEY,
  mail     TEXT NOT NULL,
  tel      TEXT,
  password TEXT,
  country  TEXT
);
INSERT INTO people VALUES (1, 'ann@example.com', '+49 1', 'x', 'de'), (2, 'bo@example.com', NULL, 'y', NULL);
