package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/syncform/syncform/providers/providertest"
)

// system is one kind of server that the pairs are made of.
type system struct {
	name     string // for the test's name
	provider string // in the HCL
	fresh    func(t testing.TB) string
}

func systems() []system {
	return []system{
		{"postgres", "postgresql", func(t testing.TB) string { return providertest.Postgres(t, "") }},
		{"mysql", "mysql", providertest.MySQL},
		{"mariadb", "mysql", providertest.MariaDB},
		{"sqlite", "sqlite", providertest.SQLite},
	}
}

func (s system) endpoint(role, name, url string) string {
	if s.provider == "sqlite" {
		return fmt.Sprintf("%s %q %q {\n  path = %q\n}\n", role, s.provider, name, url)
	}
	return fmt.Sprintf("%s %q %q {\n  connection = %q\n}\n", role, s.provider, name, url)
}

func systemsByName() map[string]system {
	all := map[string]system{}
	for _, s := range systems() {
		all[s.name] = s
	}
	return all
}

// following makes a source of statements, applies a sync of these mappings that follows it,
// and gives the folder and the two databases. The sync is destroyed with the test.
func following(t *testing.T, from, to system, sync, mappings string, statements ...string) (dir, source, target string) {
	t.Helper()
	dir, source, target = t.TempDir(), from.fresh(t), to.fresh(t)
	providertest.Exec(t, source, statements...)
	write(t, filepath.Join(dir, "main.sf.hcl"), from.endpoint("source", "from", source)+to.endpoint("target", "to", target)+fmt.Sprintf(`
sync %q {
  source = source.%s.from
  target = target.%s.to
  mode   = "incremental"
  %s
}
`, sync, from.provider, to.provider, mappings))
	run(t, dir, 0, "apply", "-auto-approve")
	t.Cleanup(func() { run(t, dir, 0, "destroy", "-auto-approve") })
	return dir, source, target
}

// copyConfig is a configuration that copies every table of one database into another.
func copyConfig(t *testing.T, from system, fromURL string, to system, toURL string) string {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "main.sf.hcl"), from.endpoint("source", "from", fromURL)+to.endpoint("target", "to", toURL)+fmt.Sprintf(`
sync "all" {
  source = source.%s.from
  target = target.%s.to
  mode   = "full"
  mapping "*" {}
}
`, from.provider, to.provider))
	return dir
}

// applied runs the whole way: apply, verify, and a plan that must be empty.
func applied(t *testing.T, dir string) {
	t.Helper()
	run(t, dir, 0, "apply", "-auto-approve", "-no-color")
	run(t, dir, 0, "verify", "-no-color")
	run(t, dir, 0, "plan", "-detailed-exitcode", "-no-color")
}

// TestPublicDataGoesRound takes public databases from one system into another and back
// into a second database of the first, and compares that with the original by queries of
// its own. Each two systems meet once; with SF_TEST_PAIRS=all, each database goes from
// each system to each.
func TestPublicDataGoesRound(t *testing.T) {
	t.Parallel()
	shared := providertest.Shared(t)
	all := systemsByName()
	rounds := []string{
		"mysql/sakila/postgres", "postgres/sakila/postgres", "postgres/sakila/mariadb", "mariadb/sakila/mariadb", "postgres/chinook/sqlite",
		"mysql/chinook/mysql", "mysql/chinook/mariadb", "mysql/chinook/sqlite", "sqlite/chinook/mariadb", "sqlite/chinook/sqlite",
	}
	if os.Getenv("SF_TEST_PAIRS") == "all" {
		rounds = nil
		for _, from := range []string{"mysql/sakila", "mysql/chinook", "mariadb/sakila", "mariadb/chinook", "postgres/sakila", "postgres/chinook", "sqlite/chinook"} {
			for to := range all {
				rounds = append(rounds, from+"/"+to)
			}
		}
	}
	for _, name := range rounds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			part := strings.Split(name, "/")
			from, to := all[part[0]], all[part[2]]
			original, away, back := from.fresh(t), to.fresh(t), from.fresh(t)
			providertest.LoadSQL(t, original, filepath.Join(shared, "data", part[1]+"."+from.provider+".sql.gz"))
			applied(t, copyConfig(t, from, original, to, away))
			applied(t, copyConfig(t, to, away, from, back))
			sameRows(t, from, original, back)
		})
	}
}

// sameRows compares all rows of all tables of a with the tables of the same names in b,
// a database of the same system, by plain queries that share nothing with syncform.
func sameRows(t *testing.T, s system, a, b string) {
	t.Helper()
	tables := columnsOf(t, s, a)
	if len(tables) == 0 {
		t.Fatal("no tables to compare")
	}
	for _, table := range slices.Sorted(maps.Keys(tables)) {
		want, got := rowsOf(t, s, a, table, tables[table]), rowsOf(t, s, b, table, tables[table])
		if len(want) != len(got) {
			t.Errorf("table %s: %d rows became %d", table, len(want), len(got))
		}
		for i := range min(len(want), len(got)) {
			if want[i] != got[i] {
				t.Errorf("table %s: first difference, sorted:\n  was %s\n  is  %s", table, want[i], got[i])
				break
			}
		}
	}
}

// columnsOf gives a query expression per column of each table: its text, or its bytes
// in hexadecimal.
func columnsOf(t *testing.T, s system, url string) map[string][]string {
	t.Helper()
	q := map[string]string{
		"postgresql": `SELECT c.table_name, c.column_name, c.data_type FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
			WHERE t.table_type = 'BASE TABLE' AND c.table_schema = 'public' AND NOT c.table_name LIKE '\_sync\_%' ORDER BY 1, c.ordinal_position`,
		"mysql": `SELECT c.table_name, c.column_name, c.data_type FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
			WHERE t.table_type = 'BASE TABLE' AND c.table_schema = DATABASE() AND NOT c.table_name LIKE '\_sync\_%' ORDER BY 1, c.ordinal_position`,
		"sqlite": `SELECT m.name, c.name, c.type FROM sqlite_schema m, pragma_table_info(m.name) c
			WHERE m.type = 'table' AND NOT m.name LIKE '\_sync\_%' ESCAPE '\' AND NOT m.name LIKE 'sqlite\_%' ESCAPE '\' ORDER BY 1, c.cid`,
	}[s.provider]
	tables := map[string][]string{}
	for _, r := range providertest.Query(t, url, q) {
		col := `"` + strings.ReplaceAll(r[1], `"`, `""`) + `"`
		switch s.provider {
		case "postgresql":
			col = "CAST(" + col + " AS text)"
		case "sqlite":
			col = "CASE typeof(" + col + ") WHEN 'blob' THEN hex(" + col + ") ELSE CAST(" + col + " AS TEXT) END"
		default:
			col = "`" + strings.ReplaceAll(r[1], "`", "``") + "`"
			switch strings.ToLower(r[2]) {
			case "geometry", "point", "bit", "blob", "longblob", "mediumblob", "tinyblob", "binary", "varbinary":
				col = "HEX(" + col + ")"
			default:
				col = "CAST(" + col + " AS CHAR)"
			}
		}
		tables[r[0]] = append(tables[r[0]], col)
	}
	return tables
}

var (
	decimalZeros = regexp.MustCompile(`^(-?\d+)(\.0+|(\.\d*?[1-9])0+)$`)
	clockZeros   = regexp.MustCompile(`^([-\d]+ [\d:]+?)(?:\.0+|(\.\d*?[1-9])0*)?(\+00)?$`)
)

// rowsOf gives a table's rows, sorted, each as one line. The spelling of equal values
// (1.50 and 1.5, 10:00:00 and 10:00:00.000000+00) is levelled.
func rowsOf(t *testing.T, s system, url, table string, columns []string) []string {
	t.Helper()
	name := `"` + strings.ReplaceAll(table, `"`, `""`) + `"`
	switch s.provider {
	case "mysql":
		name = "`" + strings.ReplaceAll(table, "`", "``") + "`"
	case "postgresql":
		name = "ONLY " + name
	}
	var lines []string
	for _, r := range providertest.Query(t, url, "SELECT "+strings.Join(columns, ", ")+" FROM "+name) {
		for i, f := range r {
			f = decimalZeros.ReplaceAllString(f, "$1$3")
			r[i] = clockZeros.ReplaceAllString(f, "$1$2")
		}
		lines = append(lines, strings.Join(r, "\t"))
	}
	slices.Sort(lines)
	return lines
}

// lines are rows as sorted lines.
func lines(rows [][]string) []string {
	out := make([]string, len(rows))
	for i, r := range rows {
		out[i] = strings.Join(r, "\t")
	}
	slices.Sort(out)
	return out
}
