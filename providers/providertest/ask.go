package providertest

import (
	"errors"
	"strings"
	"testing"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// testInspectOptions: an inspection can be narrowed, and shows nothing of syncform's own.
func testInspectOptions(t *testing.T, s Suite) {
	e := s.open(t)
	a, b := e.createPlain(t, "a", "v", "text"), e.createPlain(t, "b", "v", "text")
	e.mustWrite(t, loadOf(a, nil), [][]field{fields("1", "x")}) // so that there is a ledger
	sameTables(t, "everything", []schema.Table{a, b}, e.inspect(t).Tables)
	sameTables(t, "one, and one that is not there", []schema.Table{b}, e.inspect(t, b.Name, e.name("c")).Tables)
	db, err := e.conn.Inspect(limited(t), providers.InspectOptions{Tables: []schema.Name{}})
	if err != nil {
		t.Fatal(err)
	}
	sameTables(t, "none", []schema.Table{}, db.Tables)
	if db, err = e.conn.Inspect(limited(t), providers.InspectOptions{NoEstimates: true}); err != nil {
		t.Fatal(err)
	}
	sameTables(t, "without estimates", []schema.Table{a, b}, db.Tables)
	if db.Identity == "" || db.Identity != e.db.Identity || db.System == "" || db.VersionNum == 0 {
		t.Errorf("the database is %s %d, %q before and %q now", db.System, db.VersionNum, e.db.Identity, db.Identity)
	}
	if other := s.open(t); other.db.Identity == e.db.Identity {
		t.Errorf("two databases are both %q", other.db.Identity)
	}
}

// testPreflight: an administrator lacks nothing.
func testPreflight(t *testing.T, s Suite) {
	e := s.open(t)
	table := e.createPlain(t, "there", "v", "text")
	p := providers.Preflight{Read: []schema.Name{table.Name}, Write: []schema.Name{table.Name, e.name("not there")}}
	findings, err := capability[providers.Preflighter](t, e).Preflight(limited(t), p)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range findings {
		if f.Fatal {
			t.Errorf("%s (%s)", f.Text, f.Fix)
		}
	}
}

// testChecksum: where a server can sum up a chunk, equal rows give equal sums, in
// whatever order and database they are, and any change of a value another.
func testChecksum(t *testing.T, s Suite) {
	one, two := s.open(t), s.open(t)
	_, err := providers.As[providers.Checksummer](one.conn)
	if errors.Is(err, errors.ErrUnsupported) {
		t.Log("the provider computes no checksums")
		return
	}
	ends := []*endpoint{one, two}
	var reads []providers.ReadTable
	for i, e := range ends {
		table := e.createPlain(t, "sum`med \"x", "t", "text", "n", "int", "b", "blob")
		rows := [][]field{fields("1", "x", "1", "\x00\xff"), {text("2"), text(""), nil, text("")}, {text("3"), nil, text("-7"), nil}, fields("4", "'\\\"", "0", "a")}
		if i == 1 {
			rows[0], rows[3] = rows[3], rows[0]
		}
		l := loadOf(table, nil)
		e.mustWrite(t, l, rows)
		reads = append(reads, readOf(l))
	}
	forms := []string{capability[providers.Checksummer](t, one).ChecksumForm(reads[0]), capability[providers.Checksummer](t, two).ChecksumForm(reads[1])}
	if forms[0] != forms[1] {
		t.Errorf("the forms of equal tables are %q and %q", forms[0], forms[1])
	}
	if forms[0] == "" {
		t.Log("no checksum of such columns")
		return
	}
	sn := one.snapshot(t, providers.SnapshotOptions{Readers: 1})
	chunks := chunksOf(t, sn, reads[0], 1)
	closing(t, sn)
	sums := func(e *endpoint) (out []string, rows int64) {
		t.Helper()
		for _, c := range chunks {
			sum, err := capability[providers.Checksummer](t, e).Checksum(limited(t), reads[0], c)
			if err != nil {
				t.Fatal(err)
			}
			out, rows = append(out, sum.Sum), rows+sum.Rows
		}
		return out, rows
	}
	first, rows := sums(one)
	if second, _ := sums(two); strings.Join(first, " ") != strings.Join(second, " ") {
		t.Errorf("equal rows have sums %q and %q", first, second)
	}
	if rows != 4 {
		t.Errorf("the sums are of %d rows, want 4", rows)
	}
	seen := map[string]string{strings.Join(first, " "): "nothing"}
	table := two.quote("sum`med \"x")
	for _, set := range []string{"t = 'y' WHERE id = 1", "t = NULL WHERE id = 2", "t = '' WHERE id = 3", "n = 1 WHERE id = 4", "b = NULL WHERE id = 2", "n = NULL WHERE id = 1"} {
		two.exec(t, "UPDATE "+table+" SET "+set)
		now, _ := sums(two)
		key := strings.Join(now, " ")
		if before, ok := seen[key]; ok {
			t.Errorf("after %q the sums are as after %q", set, before)
		}
		seen[key] = set
	}
}
