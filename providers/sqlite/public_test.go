package sqlite_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/providertest"
	"github.com/syncform/syncform/providers/schema"
)

// TestChinook mirrors a public database: its schema by steps, its rows by chunks, and
// compares by SQL that shares nothing with the provider.
func TestChinook(t *testing.T) {
	shared := providertest.Shared(t)
	from, to := providertest.SQLite(t), providertest.SQLite(t)
	providertest.LoadSQL(t, from, filepath.Join(shared, "data", "chinook.sqlite.sql.gz"))
	src, dst := opened(t, "source.sqlite.a", from), opened(t, "target.sqlite.a", to)
	d := inspect(t, src)
	if len(d.Tables) != 11 {
		t.Fatalf("%d tables", len(d.Tables))
	}
	for i, table := range d.Tables {
		translated, notes := dst.Translate(d, table)
		if len(notes) > 0 {
			t.Errorf("%s: %v", table.Name, notes)
		}
		changes := []schema.Change{schema.AddTable{To: translated}}
		for _, x := range translated.Indexes {
			changes = append(changes, schema.AddIndex{In: translated.Name, Index: x})
		}
		if err := apply(t, dst, fmt.Sprint("p", i), changes...); err != nil {
			t.Fatal(err)
		}
		r := readTable(t, src, table.Name.Name)
		l := providers.Load{Mapping: table.Name.Name, Generation: "g", Table: table.Name, Live: table.Name, Key: r.Key}
		for _, c := range r.Columns {
			l.Columns = append(l.Columns, providers.WriteColumn{Name: c.Name, Type: c.Type, Source: c.Type})
		}
		sn := snapshot(t, src, providers.SnapshotOptions{})
		st, err := dst.OpenLoad(ctx, l, func() ([]providers.Chunk, error) { return sn.Chunks(ctx, r, 500) })
		if err != nil {
			t.Fatal(err)
		}
		w, err := dst.OpenWriter(ctx, l)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range st.Chunks {
			forms := w.Forms()
			rd, err := sn.Read(ctx, r, c, forms[c.ID%len(forms):])
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.WriteChunk(ctx, c, rd); err != nil {
				t.Fatal(err)
			}
		}
	}
	got := inspect(t, dst)
	for _, table := range d.Tables {
		other := got.Table(table.Name)
		if other == nil || other.Fingerprint() != table.Fingerprint() {
			t.Errorf("table %s: %+v became %+v", table.Name, table, other)
		}
		if other != nil && other.Rows != table.Rows {
			t.Errorf("table %s: %d rows, %d", table.Name, table.Rows, other.Rows)
		}
	}
	// Each row of one file that is not in the other, storage classes and all.
	for _, table := range d.Tables {
		name := `"` + table.Name.Name + `"`
		columns := ""
		for _, c := range table.Columns {
			columns += fmt.Sprintf(`, quote("%s"), typeof("%[1]s")`, c.Name)
		}
		q := "SELECT 1" + columns + " FROM " + name + " ORDER BY " + columns[2:]
		if a, b := fmt.Sprint(providertest.Query(t, from, q)), fmt.Sprint(providertest.Query(t, to, q)); a != b {
			t.Errorf("table %s differs", name)
		}
	}
	if rows := providertest.Query(t, to, "SELECT * FROM pragma_foreign_key_check"); len(rows) != 0 {
		t.Errorf("references that hang: %v", rows)
	}
}
