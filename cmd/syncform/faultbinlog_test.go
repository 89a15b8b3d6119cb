package main

import (
	"fmt"
	"testing"

	"github.com/syncform/syncform/providers/providertest"
)

// TestFaultBinlogSettings: sessions of the source write its log with settings of their
// own, in distributed transactions, and by statements in place of rows.
func TestFaultBinlogSettings(t *testing.T) {
	for _, name := range []string{"mysql", "mariadb"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // on servers of their own, and it waits more than it works
			f := disturb(t, named(t, name), named(t, "postgres"), places{})
			f.images()
			f.distributed()
			if name == "mysql" {
				f.packed()
			}
			f.statements()
			f.end()
		})
	}
}

// images: rows in the log lack columns.
func (f *disturbed) images() {
	s := f.start()
	for i, image := range []string{"MINIMAL", "NOBLOB"} {
		id := 5000 + 100*i
		providertest.Exec(f.t, f.source,
			"SET SESSION binlog_row_image = '"+image+"'",
			fmt.Sprintf("INSERT INTO items (id, code, qty, body) VALUES (%d, 'a%d', 1, REPEAT('x', 9000)), (%d, 'b%d', 2, 'y'), (%d, 'c%d', 3, NULL)", id, id, id+1, id, id+2, id),
			fmt.Sprintf("INSERT INTO items (id, code) VALUES (%d, 'd%d')", id+3, id), // the others by their defaults
			fmt.Sprintf("UPDATE items SET qty = qty + 10 WHERE id >= %d", id),
			fmt.Sprintf("UPDATE items SET body = NULL WHERE id = %d", id+1),
			fmt.Sprintf("UPDATE items SET id = id + 50 WHERE id IN (%d, %d)", id, id+2),
			fmt.Sprintf("UPDATE items SET body = 'changed' WHERE id = %d", id+52),
			fmt.Sprintf("DELETE FROM items WHERE id = %d", id+1),
		)
		f.arrives()
		f.same()
	}
	s.stop()
}

// distributed: transactions are prepared, and committed and rolled back later, in another
// order, by another session, while the sync was stopped in between.
func (f *disturbed) distributed() {
	s := f.start()
	for _, x := range []string{"one", "two", "three"} {
		providertest.Exec(f.t, f.source, "XA START 'sf_"+x+"'", fmt.Sprintf("INSERT INTO names VALUES ('xa %s', 'new')", x), "XA END 'sf_"+x+"'", "XA PREPARE 'sf_"+x+"'")
	}
	providertest.Exec(f.t, f.source, "XA START 'sf_at_once'", "INSERT INTO names VALUES ('xa at once', 'new')", "XA END 'sf_at_once'", "XA COMMIT 'sf_at_once' ONE PHASE")
	f.arrives()
	s.stop()
	providertest.Exec(f.t, f.source, "XA COMMIT 'sf_three'")
	s = f.start()
	f.arrives()
	providertest.Exec(f.t, f.source, "XA ROLLBACK 'sf_two'", "INSERT INTO names VALUES ('xa two', 'not that one')", "XA COMMIT 'sf_one'", "UPDATE names SET note = 'after' WHERE name = 'xa one'")
	f.arrives()
	f.same()
	s.stop()
}

// packed: whole transactions are compressed.
func (f *disturbed) packed() {
	s := f.start()
	providertest.Exec(f.t, f.source, "SET SESSION binlog_transaction_compression = ON", "BEGIN",
		"INSERT INTO items (id, code, qty, body) VALUES (6000, 'packed', 1, REPEAT('pack ', 10000))", "UPDATE items SET qty = 2 WHERE id = 6000",
		"INSERT INTO names VALUES ('packed', 'x')", "COMMIT", "DELETE FROM names WHERE name = 'packed'")
	f.arrives()
	f.same()
	s.stop()
}

// statements: what they changed can't be known, so the sync stops and says so.
func (f *disturbed) statements() {
	s := f.start()
	f.arrives()
	providertest.Exec(f.t, f.source, "SET SESSION binlog_format = 'STATEMENT'", "UPDATE names SET note = 'by statement'")
	s.stopsWith("in place of rows")
	f.resync(s.said())
}
