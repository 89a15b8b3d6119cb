package planner

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/syncform/syncform/providers/providertest"
	"github.com/syncform/syncform/providers/schema"
)

// TestRealSchemas mirrors public schemas within one system: the catalogues are equal
// then (and what pg_dump says of both, where it knows the server), and the next plan is
// empty.
func TestRealSchemas(t *testing.T) {
	for _, s := range liveSystems[:3] {
		for _, name := range []string{"sakila", "chinook"} {
			t.Run(s.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				source, target := s.fresh(t), s.fresh(t)
				file := name + ".mysql.sql.gz"
				b := &pairBench{system: schema.System(s.name)}
				if s.provider == "postgresql" {
					versions := providertest.PostgresVersions()
					file, b.system, b.version = name+".postgresql.sql.gz", schema.PostgreSQL, versions[len(versions)-1]
				}
				providertest.LoadSQL(t, source, file)
				l := newLive(t, s, s, source, target, `mapping "*" { prune = true }`)
				l.apply(l.plan())
				l.settled("after the mirror was made")
				if want, got := tablesOf(b.dump(t, source)), tablesOf(b.dump(t, target)); want != got {
					t.Errorf("the catalogues are not equal (- source, + target):\n%s", lineDiff(want, got))
				}
				if s.provider == "postgresql" {
					samePgDump(t, source, target)
				}
			})
		}
	}
}

// tablesOf leaves out what syncform sees and does not manage.
func tablesOf(dump string) string {
	lines := slices.DeleteFunc(strings.Split(dump, "\n"), func(l string) bool {
		return strings.HasPrefix(l, "view ") || strings.HasPrefix(l, "trigger ") || strings.HasPrefix(l, "relation ") && (strings.Contains(l, " | v | ") || strings.Contains(l, " | m | ")) ||
			strings.HasPrefix(l, "index ") && strings.Contains(l, "mv_")
	})
	return strings.Join(lines, "\n")
}

// samePgDump compares the tables that pg_dump -s writes, in any order.
func samePgDump(t *testing.T, source, target string) {
	t.Helper()
	dump := func(url string) []string {
		out, err := exec.CommandContext(t.Context(), "pg_dump", "--schema-only", "--no-owner", "--no-privileges", "--table=*", "--exclude-table=_sync*", "--dbname="+url).CombinedOutput()
		if err != nil {
			t.Logf("NOT COMPARED BY pg_dump, which is not here or older than the server: %v %s", err, firstLine(string(out)))
			return nil
		}
		statements := strings.Split(string(out), ";\n")
		statements = slices.DeleteFunc(statements, func(s string) bool {
			return strings.Contains(s, "CREATE VIEW") || strings.Contains(s, "CREATE MATERIALIZED VIEW") || strings.Contains(s, "CREATE TRIGGER") || strings.Contains(s, "CREATE RULE") || strings.Contains(s, `\restrict`) || strings.Contains(s, `\unrestrict`) || strings.Contains(s, "EXTENSION") || strings.Contains(s, "FUNCTION") || strings.Contains(s, "AGGREGATE")
		})
		for i := range statements {
			lines := slices.DeleteFunc(strings.Split(statements[i], "\n"), func(l string) bool { return l == "" || strings.HasPrefix(l, "--") })
			statements[i] = strings.Join(lines, "\n")
		}
		slices.Sort(statements)
		return statements
	}
	a, b := dump(source), dump(target)
	if !slices.Equal(a, b) {
		t.Errorf("pg_dump differs (- source, + target):\n%s", lineDiff(strings.Join(a, "\n"), strings.Join(b, "\n")))
	}
}

func firstLine(s string) string {
	l, _, _ := strings.Cut(s, "\n")
	return l
}
