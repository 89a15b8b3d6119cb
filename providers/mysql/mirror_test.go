package mysql

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/syncform/syncform/providers/providertest"
	"github.com/syncform/syncform/providers/schema"
)

// sameTables compares two inspections table by table.
func sameTables(t *testing.T, want, got []schema.Table) {
	t.Helper()
	if len(want) != len(got) {
		t.Errorf("%d tables became %d", len(want), len(got))
	}
	for i := range min(len(want), len(got)) {
		if want[i].Fingerprint() == got[i].Fingerprint() {
			continue
		}
		w, g := indent(t, want[i]), indent(t, got[i])
		for j, line := range strings.Split(w, "\n") {
			lines := strings.Split(g, "\n")
			if j >= len(lines) || line != lines[j] {
				t.Errorf("table %s differs from line %d:\n%s\n---\n%s", want[i].Name, j, around(w, j), around(g, j))
				break
			}
		}
	}
}

func around(text string, line int) string {
	lines := strings.Split(text, "\n")
	return strings.Join(lines[min(max(line-6, 0), len(lines)):min(line+8, len(lines))], "\n")
}

func indent(t *testing.T, table schema.Table) string {
	table.Rows, table.Bytes = 0, 0
	b, err := json.MarshalIndent(table, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// What is inspected, made in another database and inspected again is the same; and
// the server agrees with every spelling.
func TestMirrorSchema(t *testing.T) {
	files, err := filepath.Glob("testdata/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatal("no schemas in testdata", err)
	}
	files = append(files, "sakila.mysql.sql.gz", "chinook.mysql.sql.gz")
	providertest.EachMySQL(t, func(t *testing.T, url string) {
		source := connectTo(t, url)
		for _, file := range files {
			name := filepath.Base(file)
			if strings.HasPrefix(name, "mysql") && source.server.mariadb() || strings.HasPrefix(name, "mariadb") && !source.server.mariadb() {
				continue
			}
			t.Run(name, func(t *testing.T) {
				from := fresh(t, source)
				if strings.HasPrefix(file, "testdata") {
					providertest.Exec(t, from, "SET sql_mode = ''; "+readFile(t, file))
				} else {
					providertest.LoadSQL(t, from, file)
				}
				mirror(t, connectTo(t, from))
			})
		}
	})
}

func mirror(t *testing.T, source *Conn) {
	t.Helper()
	want := inspect(t, source)
	target := connectTo(t, fresh(t, source))
	tables := make([]schema.Table, len(want.Tables))
	for i, table := range want.Tables {
		var notes any
		tables[i], notes = target.Translate(want, table)
		_ = notes
	}
	normal, err := target.Normalize(t.Context(), tables)
	if err != nil {
		t.Fatal(err)
	}
	sameTables(t, tables, normal)
	create(t, target, tables, want.Sequences)
	got := inspect(t, target)
	sameTables(t, tables, got.Tables)
	again, err := target.Normalize(t.Context(), got.Tables)
	if err != nil {
		t.Fatal(err)
	}
	sameTables(t, got.Tables, again)
}
