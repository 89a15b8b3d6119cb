// Command shop makes the small SQLite database of the quick start, and changes it.
package main

import (
	"errors"
	"fmt"
	"os"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

const schema = `
CREATE TABLE customers (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name VARCHAR(80) NOT NULL,
  email VARCHAR(120) NOT NULL UNIQUE,
  password_hash BLOB,
  vip BOOLEAN NOT NULL DEFAULT FALSE
);
CREATE TABLE products (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name VARCHAR(80) NOT NULL,
  price DECIMAL(10,2) NOT NULL
);
CREATE TABLE orders (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  customer_id INTEGER NOT NULL REFERENCES customers (id),
  product_id INTEGER NOT NULL REFERENCES products (id),
  quantity INTEGER NOT NULL CHECK (quantity > 0),
  status VARCHAR(20) NOT NULL DEFAULT 'new',
  ordered_at DATETIME NOT NULL
);
CREATE INDEX orders_of_customer ON orders (customer_id);
`

const rows = `
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)
  INSERT INTO customers (name, email, password_hash, vip) SELECT 'Customer ' || i, 'customer' || i || '@example.com', randomblob(16), i % 50 = 0 FROM n;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60)
  INSERT INTO products (name, price) SELECT 'Product ' || i, (i * 379 % 9000) / 100.0 FROM n;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
  INSERT INTO orders (customer_id, product_id, quantity, status, ordered_at)
  SELECT 1 + i * 37 % 500, 1 + i * 11 % 60, 1 + i % 5, CASE WHEN i % 9 = 0 THEN 'sent' ELSE 'paid' END, datetime('2024-01-01', (i * 7) || ' minutes') FROM n;
`

// changes are what a day in the shop may bring: each kind once.
var changes = []struct{ said, sql string }{
	{"order 7 is cancelled", "UPDATE orders SET status = 'cancelled' WHERE id = 7"},
	{"order 8 is deleted", "DELETE FROM orders WHERE id = 8"},
	{"customer 1 orders 3 of product 5", "INSERT INTO orders (customer_id, product_id, quantity, ordered_at) VALUES (1, 5, 3, '2024-12-24 18:00:00')"},
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: shop make|change FILE")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "shop:", err)
		os.Exit(1)
	}
}

func run(what, file string) (err error) {
	flags := sqlite.OpenReadWrite
	if what == "make" {
		flags |= sqlite.OpenCreate
	}
	db, err := sqlite.OpenConn(file, flags)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if what == "make" {
		if err := sqlitex.ExecuteScript(db, schema+rows, nil); err != nil {
			return err
		}
		fmt.Println("a shop with 500 customers, 60 products and 20,000 orders:", file)
		return nil
	}
	for _, c := range changes {
		if err := sqlitex.ExecuteTransient(db, c.sql, nil); err != nil {
			return err
		}
		fmt.Println(c.said)
	}
	return nil
}
