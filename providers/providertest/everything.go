package providertest

import (
	"embed"
	"strconv"
	"strings"
	"testing"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// scripts hold, per system, statements that make one of everything (everything.SYSTEM.sql)
// and the types of which values are tried (types.SYSTEM.txt). Blocks are parted by
// empty lines; one that begins with "-- from N" is for servers whose VersionNum is at
// least N.
//
//go:embed testdata
var scripts embed.FS

// blocks reads a script for one server.
func blocks(t testing.TB, name string, db *schema.Database) []string {
	t.Helper()
	text, err := scripts.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for block := range strings.SplitSeq(string(text), "\n\n") {
		block = strings.TrimSpace(block)
		if rest, ok := strings.CutPrefix(block, "-- from "); ok {
			number, statement, _ := strings.Cut(rest, "\n")
			from, err := strconv.Atoi(strings.TrimSpace(number))
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if db.VersionNum < from {
				continue
			}
			block = statement
		}
		if block != "" {
			out = append(out, block)
		}
	}
	return out
}

// testEverything makes one of everything that the system has by its own DDL, inspects
// it, makes the same in an empty database by steps, and expects to see the same there,
// and from Normalize.
func testEverything(t *testing.T, s Suite) {
	from := s.open(t)
	from.exec(t, blocks(t, "everything."+string(from.db.System)+".sql", from.db)...)
	want := from.inspect(t)
	same(t, "a second inspection", unestimated(want), unestimated(from.inspect(t)))

	to := s.open(t)
	if n := len(to.db.Tables); n > 0 {
		t.Fatalf("a new database has %d tables", n)
	}
	normal := to.normalize(t, want.Tables)
	sameTables(t, "normalized before they are made", want.Tables, normal)
	same(t, "the database after Normalize", unestimated(to.db), unestimated(to.inspect(t)))

	to.apply(t, "everything", creation(capability[providers.StepPlanner](t, to), to.db, want)...)
	got := to.inspect(t)
	sameTables(t, "tables made by steps", want.Tables, got.Tables)
	same(t, "schemas", want.Schemas, got.Schemas)
	same(t, "enums", want.Enums, got.Enums)
	same(t, "domains", want.Domains, got.Domains)
	same(t, "sequences", want.Sequences, got.Sequences)
	sameTables(t, "normalized when they are there", want.Tables, to.normalize(t, want.Tables))
	for _, table := range want.Tables {
		if other := got.Table(table.Name); other != nil && other.Fingerprint() != table.Fingerprint() {
			t.Errorf("the fingerprint of %s differs", table.Name)
		}
	}
}

// unestimated is what two inspections of an unchanged database agree on.
func unestimated(db *schema.Database) schema.Database {
	d := *db
	d.Tables = withoutEstimates(db.Tables)
	return d
}
