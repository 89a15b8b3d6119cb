package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/syncform/syncform/providers/providertest"
)

// backupSource and what follows change it: what goes has keys, hostile names, values that
// the server computes, and foreign keys in both directions.
var backupSource = []string{
	"CREATE TABLE parents (id integer NOT NULL PRIMARY KEY, name varchar(40))",
	"INSERT INTO parents VALUES (1, 'one'), (2, 'two')",
	"CREATE TABLE children (a integer NOT NULL, b varchar(20) NOT NULL, parent integer, note varchar(90), double_a integer GENERATED ALWAYS AS (a * 2) STORED, amount numeric(30,10) DEFAULT 7, PRIMARY KEY (a, b), CONSTRAINT to_parent FOREIGN KEY (parent) REFERENCES parents (id))",
	"INSERT INTO children (a, b, parent, note, amount) VALUES (1, 'x', 1, 'it''s 100% \\ \"so\"', 12345678901234567890.0123456789), (1, 'y', 2, NULL, NULL), (2, 'x', NULL, '', 0)",
	"CREATE INDEX by_note ON children (note)",
	"CREATE TABLE nokey (n integer, v varchar(20))",
	"INSERT INTO nokey VALUES (1, 'a'), (1, 'a'), (2, NULL)",
}

// TestBackups drops a column, a table with foreign keys and a column of a table without
// a key on each system, and brings them back.
func TestBackups(t *testing.T) {
	for _, sys := range systems() {
		t.Run(sys.name, func(t *testing.T) {
			t.Parallel()
			source, target := providertest.SQLite(t), sys.fresh(t)
			providertest.Exec(t, source, backupSource...)
			dir := t.TempDir()
			config := system{provider: "sqlite"}.endpoint("source", "s", source) + sys.endpoint("target", "t", target) + fmt.Sprintf(`
sync "copy" {
  source        = source.sqlite.s
  target        = target.%s.t
  mode          = "full"
  schema_policy = schema_policy.p
  mapping "*" {}
}
schema_policy "p" {
  remove_column { action = "apply" }
  drop_table { action = "apply" }
  backup {
    before = ["drop_column", "drop_table", "modify_type"]
    keep   = 1
  }
}
`, sys.provider)
			if err := os.WriteFile(filepath.Join(dir, "main.sf.hcl"), []byte(config), 0o600); err != nil {
				t.Fatal(err)
			}
			run(t, dir, 0, "apply", "-auto-approve")
			const children = "SELECT a, b, parent, note, double_a, amount FROM children ORDER BY a, b"
			was := fmt.Sprint(providertest.Query(t, target, children))
			providertest.Exec(t, source, "DROP INDEX by_note", "ALTER TABLE children DROP COLUMN note", "ALTER TABLE nokey DROP COLUMN v")
			run(t, dir, 0, "apply", "-auto-approve")
			list := run(t, dir, 0, "restore", "-list")
			run(t, dir, 0, "restore", "-auto-approve", backupOf(t, list, "column note of"))
			if is := fmt.Sprint(providertest.Query(t, target, children)); is != was {
				t.Errorf("after restoring the column:\n%s\nbefore:\n%s", is, was)
			}
			run(t, dir, 0, "restore", "-auto-approve", "-as=nokey_before", backupOf(t, list, "column v of"))
			if rows := providertest.Query(t, target, "SELECT n, v FROM nokey_before ORDER BY n"); len(rows) != 3 {
				t.Errorf("rows of the table without a key: %v", rows)
			}
			providertest.Exec(t, source, "DROP TABLE children")
			was = fmt.Sprint(providertest.Query(t, target, children))
			run(t, dir, 0, "apply", "-auto-approve")
			list = run(t, dir, 0, "restore", "-list")
			run(t, dir, 0, "restore", "-auto-approve", backupOf(t, list, "table "))
			if is := fmt.Sprint(providertest.Query(t, target, children)); is != was {
				t.Errorf("after restoring the table:\n%s\nbefore:\n%s", is, was)
			}
			providertest.Exec(t, target, "DELETE FROM children WHERE a = 1")
			run(t, dir, 0, "restore", "-auto-approve", backupOf(t, list, "table "))
			if is := fmt.Sprint(providertest.Query(t, target, children)); is != was {
				t.Errorf("after restoring rows:\n%s\nbefore:\n%s", is, was)
			}
			out := run(t, dir, 0, "plan")
			if !strings.Contains(out, "No changes") && !strings.Contains(out, "note") {
				t.Errorf("after all:\n%s", out)
			}
		})
	}
}

// TestBackupsArePruned drops a column three times, and two tables stay of keep = 2: the
// newest, with what they held.
func TestBackupsArePruned(t *testing.T) {
	for _, sys := range systems() {
		t.Run(sys.name, func(t *testing.T) {
			t.Parallel()
			source, target, dir := providertest.SQLite(t), sys.fresh(t), t.TempDir()
			providertest.Exec(t, source, "CREATE TABLE t (id integer NOT NULL PRIMARY KEY, w integer, v integer)", "INSERT INTO t VALUES (1, 5, 0), (2, 6, 0)")
			write(t, filepath.Join(dir, "main.sf.hcl"), system{provider: "sqlite"}.endpoint("source", "s", source)+sys.endpoint("target", "t", target)+fmt.Sprintf(`
sync "copy" {
  source        = source.sqlite.s
  target        = target.%s.t
  mode          = "full"
  schema_policy = schema_policy.p
  mapping "*" {}
}
schema_policy "p" {
  remove_column { action = "apply" }
  backup {
    before = ["drop_column"]
    keep   = 2
  }
}
`, sys.provider))
			run(t, dir, 0, "apply", "-auto-approve")
			for i := 1; i <= 3; i++ {
				if i > 1 {
					providertest.Exec(t, source, "ALTER TABLE t ADD COLUMN v integer")
				}
				providertest.Exec(t, source, fmt.Sprintf("UPDATE t SET v = %d", i))
				run(t, dir, 0, "apply", "-auto-approve")
				providertest.Exec(t, source, "ALTER TABLE t DROP COLUMN v")
				run(t, dir, 0, "apply", "-auto-approve")
			}
			providertest.Exec(t, source, "ALTER TABLE t DROP COLUMN w")
			run(t, dir, 0, "apply", "-auto-approve")
			list := run(t, dir, 0, "restore", "-list")
			if strings.Count(list, "column v of") != 2 || strings.Count(list, "column w of") != 1 {
				t.Fatalf("two of v and one of w are to be kept:\n%s", list)
			}
			var held []string
			for l := range strings.Lines(list) {
				if name, of, ok := strings.Cut(strings.TrimSpace(l), "  "); ok && strings.HasPrefix(of, "column v of") {
					held = append(held, providertest.Query(t, target, "SELECT max(v) FROM "+name)[0][0])
				}
			}
			slices.Sort(held)
			if !slices.Equal(held, []string{"2", "3"}) {
				t.Errorf("those that are kept hold %v", held)
			}
			tables := map[string]string{
				"postgresql": "SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND tablename LIKE '\\_sync\\_backup\\_%'",
				"mysql":      "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME LIKE '\\_sync\\_backup\\_%'",
				"sqlite":     "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name LIKE '\\_sync\\_backup\\_%' ESCAPE '\\'",
			}[sys.provider]
			if n := providertest.Query(t, target, tables)[0][0]; n != "3" {
				t.Errorf("%s tables of backups are there", n)
			}
		})
	}
}

// backupOf finds a backup's name in the list.
func backupOf(t *testing.T, list, what string) string {
	t.Helper()
	for l := range strings.Lines(list) {
		if name, of, ok := strings.Cut(strings.TrimSpace(l), "  "); ok && strings.HasPrefix(of, what) {
			return name
		}
	}
	t.Fatalf("no backup of %s in:\n%s", what, list)
	return ""
}
