package mysql

import (
	"slices"
	"strings"
	"testing"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/providertest"
	"github.com/syncform/syncform/providers/schema"
)

// rowsByHand reads a table over a connection of its own, every value as its bytes.
func rowsByHand(t *testing.T, url string, table schema.Table) [][]string {
	t.Helper()
	var columns []string
	for _, c := range table.Columns {
		columns = append(columns, "HEX("+ident(c.Name)+")")
	}
	rows := providertest.Query(t, url, "SELECT "+strings.Join(columns, ", ")+" FROM "+ident(table.Name.Name))
	slices.SortFunc(rows, slices.Compare)
	return rows
}

// Public data goes into another database of the same server, by LOAD DATA in chunks
// of several sizes and by INSERT, and is the same bytes there.
func TestPublicRows(t *testing.T) {
	providertest.EachMySQL(t, func(t *testing.T, url string) {
		for _, file := range []string{"sakila.mysql.sql.gz", "chinook.mysql.sql.gz"} {
			t.Run(file, func(t *testing.T) {
				source := connectTo(t, url)
				providertest.Exec(t, url, dropAll(t, url)...)
				providertest.LoadSQL(t, url, file)
				db := inspect(t, source)
				for _, how := range []struct {
					name  string
					rows  int64
					local bool
				}{{"load", 700, true}, {"insert", 5000, false}} {
					t.Run(how.name, func(t *testing.T) {
						to := fresh(t, source)
						target := connectTo(t, to)
						target.noLocal = !how.local
						bare := slices.Clone(db.Tables)
						for i := range bare {
							bare[i].ForeignKeys = nil
						}
						create(t, target, bare, nil)
						for _, table := range db.Tables {
							l, r := wholeTable(t, source, table.Name.Name)
							n := copyTable(t, source, target, r, l, how.rows)
							want := rowsByHand(t, url, table)
							if int(n) != len(want) {
								t.Errorf("%s: %d rows written, %d are there", table.Name, n, len(want))
							}
							if got := rowsByHand(t, to, table); !slices.EqualFunc(want, got, slices.Equal) {
								t.Errorf("%s: the rows differ", table.Name)
							}
							sameSums(t, source, target, r)
						}
					})
				}
			})
		}
	})
}

// dropAll removes what an earlier file left.
func dropAll(t *testing.T, url string) []string {
	t.Helper()
	statements := []string{"SET foreign_key_checks = 0"}
	for _, r := range providertest.Query(t, url, "SELECT TABLE_TYPE, TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()") {
		kind := "TABLE "
		if r[0] == "VIEW" {
			kind = "VIEW "
		}
		statements = append(statements, "DROP "+kind+ident(r[1]))
	}
	return statements
}

// sameSums compares the servers' checksums chunk by chunk.
func sameSums(t *testing.T, a, b *Conn, r providers.ReadTable) {
	t.Helper()
	if a.ChecksumForm(r) != b.ChecksumForm(r) || a.ChecksumForm(r) == "" {
		t.Fatalf("%s: the forms are %q and %q", r.Name, a.ChecksumForm(r), b.ChecksumForm(r))
	}
	s, err := a.OpenSnapshot(t.Context(), providers.SnapshotOptions{Readers: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	chunks, err := s.Chunks(t.Context(), r, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range chunks {
		one, err := a.Checksum(t.Context(), r, c)
		if err != nil {
			t.Fatal(err)
		}
		other, err := b.Checksum(t.Context(), r, c)
		if err != nil {
			t.Fatal(err)
		}
		if one != other {
			t.Errorf("%s, chunk %s: %v and %v", r.Name, c.Bounds, one, other)
		}
	}
}
