CREATE TABLE users (
  id     INTEGER PRIMARY KEY,
  email  TEXT NOT NULL UNIQUE,
  status TEXT NOT NULL DEFAULT 'new'
);
CREATE TABLE orders (
  id      INTEGER PRIMARY KEY,
  user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  total   NUMERIC NOT NULL,
  note    TEXT
);
CREATE INDEX orders_user ON orders (user_id);
INSERT INTO users (id, email) VALUES (1, 'ann@example.com'), (2, 'bo@example.com');
INSERT INTO orders VALUES (1, 1, 12.5, NULL), (2, 1, 7, 'gift'), (3, 2, 99.99, '');
