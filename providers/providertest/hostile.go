package providertest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// hostileNames are names that break SQL, formats and terminals where they are not
// quoted. None is longer than 63 bytes, ends in a space or leaves the basic plane,
// which some system refuses in a name.
var hostileNames = []string{
	"Mixed Case", "mixed case 2", `quo"te`, `""`, "back`tick", "apos'trophe", "semi;colon", "dash--dash", "/* comment */", `back\slash`, `\'`,
	"select", "user", "order", "NULL", "1st", "$1", "q?mark", ":colon", "@at", "#hash", "percent%s%d", "%%", "dot.ted", "[brackets]", "{brace}", "(paren)",
	"comma,comma", " leading", "tab\tbed", "new\nline", "ünï→ço☃de", "한국어", "e\u0301 and é", "\u202eright to left",
	strings.Repeat("x", 63), strings.Repeat("ü", 31) + "x",
}

// within cuts a name to 63 bytes at a character's end.
func within(name string) string {
	if len(name) <= 63 {
		return name
	}
	cut := 0
	for i := range name {
		if i <= 63 {
			cut = i
		}
	}
	return name[:cut]
}

// testHostileNames: schemas, tables, columns, indexes, keys and constraints may have
// any name; so may what rows flow through.
func testHostileNames(t *testing.T, s Suite) {
	e := s.open(t)
	var wanted []schema.Table
	for i, name := range hostileNames {
		table := schema.Table{
			Name: e.name(name),
			Columns: []schema.Column{
				{Name: name, Type: e.typeOf(t, "bigint")},
				{Name: hostileNames[(i+1)%len(hostileNames)], Type: e.typeOf(t, "bigint"), Nullable: true},
				{Name: "v", Type: e.typeOf(t, "text"), Nullable: true},
			},
			PrimaryKey: &schema.Key{Parts: []schema.KeyPart{{Column: name}}},
			Indexes:    []schema.Index{{Name: within("i" + name), Parts: []schema.KeyPart{{Column: "v"}}}},
		}
		if i > 0 {
			before := hostileNames[i-1]
			table.ForeignKeys = []schema.ForeignKey{{
				Name: within("f" + name), Columns: []string{table.Columns[1].Name}, RefTable: e.name(before), RefColumns: []string{before},
			}}
		}
		wanted = append(wanted, table)
	}
	wide := schema.Table{Name: e.name("wide"), PrimaryKey: &schema.Key{Parts: []schema.KeyPart{{Column: hostileNames[0]}, {Column: hostileNames[2]}}}}
	for i, name := range hostileNames {
		wide.Columns = append(wide.Columns, schema.Column{Name: name, Type: e.typeOf(t, "bigint"), Nullable: i != 0 && i != 2})
	}
	wanted = append(wanted, wide)
	if e.db.DefaultSchema != "" {
		for i, name := range hostileNames {
			e.apply(t, fmt.Sprintf("schema %d", i), schema.AddSchema{Schema: name})
			wanted = append(wanted, schema.Table{
				Name:       schema.Name{Schema: name, Name: name},
				Columns:    []schema.Column{{Name: name, Type: e.typeOf(t, "bigint")}, {Name: "v", Type: e.typeOf(t, "text"), Nullable: true}},
				PrimaryKey: &schema.Key{Parts: []schema.KeyPart{{Column: name}}},
			})
		}
	}

	normalized := e.normalize(t, wanted)
	e.create(t, "hostile", normalized...)
	got := e.inspect(t)
	for _, want := range normalized {
		table := got.Table(want.Name)
		if table == nil {
			t.Errorf("table %q is not there", want.Name)
			continue
		}
		sameTables(t, want.Name.String(), []schema.Table{want}, []schema.Table{*table})
		e.hostileRows(t, *table)
	}
}

// hostileRows writes and reads the table by chunks, and says of a bad row whose it is.
func (e *endpoint) hostileRows(t *testing.T, table schema.Table) {
	t.Helper()
	l := loadOf(table, nil)
	var rows [][]field
	for _, v := range []string{"1", "2", "3"} {
		r := make([]field, len(l.Columns))
		for i, c := range l.Columns {
			if r[i] = text(v); c.Name != "v" && i > 0 && table.Name.Name != "wide" {
				r[i] = nil // a reference to nobody
			}
		}
		rows = append(rows, r)
	}
	e.mustWrite(t, l, rows)
	r := readOf(l)
	sameRows(t, table.Name.String(), r.Columns, rows, e.read(t, r))
	sn := e.snapshot(t, providers.SnapshotOptions{Readers: 1})
	defer closing(t, sn)
	var chunked [][]field
	for _, c := range chunksOf(t, sn, r, 1) {
		part, err := readChunk(limited(t), sn, r, c)
		if err != nil {
			t.Errorf("chunk %d of %q: %v", c.ID, table.Name, err)
		}
		chunked = append(chunked, part...)
	}
	sameRows(t, table.Name.String()+" by chunks", r.Columns, rows, chunked)
}
