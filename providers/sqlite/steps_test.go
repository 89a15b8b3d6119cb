package sqlite_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/providertest"
	"github.com/syncform/syncform/providers/schema"
	"github.com/syncform/syncform/providers/sqlite"
)

// apply runs changes one after another, each planned against the file as it is then.
func apply(t *testing.T, c *sqlite.Conn, plan string, changes ...schema.Change) error {
	t.Helper()
	for i, change := range changes {
		steps, err := c.PlanSteps(inspect(t, c), change)
		if err != nil {
			t.Fatal(err)
		}
		for j, s := range steps {
			if _, err := c.RunStep(ctx, providers.StepKey{Plan: plan, Action: fmt.Sprint(i), Step: j}, s); err != nil {
				return err
			}
		}
	}
	return nil
}

// TestATableMadeAnewKeepsWhatHangsOnIt changes a table in a way that ALTER TABLE can't,
// with a trigger, a view, indexes, a counter, and tables that refer to it.
func TestATableMadeAnewKeepsWhatHangsOnIt(t *testing.T) {
	path := providertest.SQLite(t)
	providertest.Exec(t, path,
		`CREATE TABLE "par""ent" (id INTEGER PRIMARY KEY AUTOINCREMENT, name VARCHAR(10) NOT NULL UNIQUE, n INT4 CHECK (n < 100), twice AS (n * 2))`,
		`CREATE TABLE child (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES "par""ent" ON DELETE CASCADE)`,
		`CREATE TABLE audit (what TEXT)`,
		`CREATE INDEX "by n" ON "par""ent" (n DESC) WHERE n > 0`,
		`CREATE INDEX low ON "par""ent" (lower(name))`,
		`CREATE TRIGGER seen AFTER INSERT ON "par""ent" BEGIN INSERT INTO audit VALUES (new.name || ';'); END`,
		`CREATE VIEW v AS SELECT p.name, c.id FROM "par""ent" p JOIN child c ON c.parent = p.id`,
		`INSERT INTO "par""ent" (id, name, n) VALUES (1, 'one', 1), (2, 'two', 2), (50, 'gone', 3)`,
		`DELETE FROM "par""ent" WHERE id = 50`,
		`INSERT INTO child VALUES (1, 2)`,
		`DELETE FROM audit`)
	c := opened(t, "target.sqlite.a", path)
	before := inspect(t, c)
	table := before.Table(schema.Name{Name: `par"ent`})
	from := *table.Column("name")
	to := from
	var err error
	if to.Type, err = c.ParseType("varchar(200)"); err != nil {
		t.Fatal(err)
	}
	to.Collation = "NOCASE"
	check := schema.Check{Name: "no empty name", Expr: `name <> ''`}
	if err := apply(t, c, "p1",
		schema.ModifyColumn{In: table.Name, From: from, To: to, Type: schema.Widens},
		schema.AddCheck{In: table.Name, Check: check},
		schema.AddColumn{In: table.Name, Column: schema.Column{Name: "made", Type: mustParse(t, c, "timestamp"), Nullable: true, Default: &schema.Default{Text: "CURRENT_TIMESTAMP"}}},
	); err != nil {
		t.Fatal(err)
	}
	after := inspect(t, c)
	got := *after.Table(table.Name)
	want := *table
	want.Columns = append(slices.Clone(table.Columns), *got.Column("made"))
	*want.Column("name") = to
	want.Checks = append(want.Checks, check)
	got.Rows, got.Bytes, want.Rows, want.Bytes = 0, 0, 0, 0
	if got.Fingerprint() != want.Fingerprint() {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if !slices.Equal(after.Others, before.Others) {
		t.Errorf("triggers and views: %+v", after.Others)
	}
	if rows := providertest.Query(t, path, "SELECT * FROM v"); len(rows) != 1 || rows[0][0] != "two" {
		t.Errorf("the view shows %v", rows)
	}
	providertest.Exec(t, path, `INSERT INTO "par""ent" (name) VALUES ('new')`)
	if rows := providertest.Query(t, path, `SELECT id, made IS NOT NULL FROM "par""ent" ORDER BY id`); fmt.Sprint(rows) != "[[1 1] [2 1] [51 1]]" {
		t.Errorf("rows: %v", rows)
	}
	if rows := providertest.Query(t, path, "SELECT what FROM audit"); fmt.Sprint(rows) != "[[new;]]" {
		t.Errorf("the trigger has seen %v", rows)
	}
	if rows := providertest.Query(t, path, "SELECT * FROM pragma_foreign_key_check"); len(rows) != 0 {
		t.Errorf("references that hang: %v", rows)
	}
	if fk := after.Table(schema.Name{Name: "child"}).ForeignKeys; len(fk) != 1 || fk[0].RefTable.Name != `par"ent` || fk[0].RefColumns[0] != "id" {
		t.Errorf("the child refers to %+v", fk)
	}
}

func mustParse(t *testing.T, c *sqlite.Conn, text string) schema.Type {
	t.Helper()
	ty, err := c.ParseType(text)
	if err != nil {
		t.Fatal(err)
	}
	return ty
}

// TestANarrowerTypeIsRefusedByItsRows: SQLite would keep the value as it is.
func TestANarrowerTypeIsRefusedByItsRows(t *testing.T) {
	for _, c := range []struct{ from, to, value string }{
		{"bigint", "smallint", "70000"}, {"text", "integer", "'x'"}, {"text", "varchar(3)", "'four'"}, {"integer", "boolean", "2"}, {"text", "date", "'soon'"},
		{"text", "decimal(10,2)", "'x'"}, {"double", "decimal(10,2)", "0.125"}, {"text", "double", "'x'"}, {"bigint", "smallint unsigned", "-1"}, {"text", "decimal_text", "'12a'"},
	} {
		path := providertest.SQLite(t)
		providertest.Exec(t, path, "CREATE TABLE t (id INTEGER PRIMARY KEY, v "+c.from+")", "INSERT INTO t VALUES (1, "+c.value+"), (2, NULL)")
		conn := opened(t, "target.sqlite.a", path)
		name := schema.Name{Name: "t"}
		change := schema.ModifyColumn{In: name, From: *inspect(t, conn).Table(name).Column("v")}
		change.To = change.From
		change.To.Type = mustParse(t, conn, c.to)
		err := apply(t, conn, "p", change)
		if err == nil || !strings.Contains(err.Error(), "column v holds values that are no") {
			t.Errorf("%s to %s with %s: %v", c.from, c.to, c.value, err)
		}
		if got := providertest.Query(t, path, "SELECT v FROM t ORDER BY id")[0][0]; got != strings.Trim(c.value, "'") {
			t.Errorf("%s to %s: the value is %s now", c.from, c.to, got)
		}
		providertest.Exec(t, path, "DELETE FROM t WHERE id = 1")
		if err := apply(t, conn, "p2", change); err != nil {
			t.Errorf("%s to %s without the value: %v", c.from, c.to, err)
		}
	}
}

// TestARebuildIsOfThePlannedTable: one that was planned for another table would lose
// what it does not know of.
func TestARebuildIsOfThePlannedTable(t *testing.T) {
	path := providertest.SQLite(t)
	providertest.Exec(t, path, "CREATE TABLE \"a\nb\" (id INTEGER PRIMARY KEY, v TEXT)", "INSERT INTO \"a\nb\" VALUES (1, 'x')")
	c := opened(t, "target.sqlite.a", path)
	name := schema.Name{Name: "a\nb"}
	steps, err := c.PlanSteps(inspect(t, c), schema.AddCheck{In: name, Check: schema.Check{Expr: "v <> ''"}})
	if err != nil {
		t.Fatal(err)
	}
	providertest.Exec(t, path, "ALTER TABLE \"a\nb\" ADD COLUMN later TEXT DEFAULT 'kept'")
	_, err = c.RunStep(ctx, providers.StepKey{Plan: "p", Action: "a"}, steps[0])
	if err == nil || !strings.Contains(err.Error(), "plan again") {
		t.Errorf("%v", err)
	}
	if got := providertest.Query(t, path, "SELECT later FROM \"a\nb\""); len(got) != 1 || got[0][0] != "kept" {
		t.Errorf("%v", got)
	}
	providertest.Exec(t, path, "ALTER TABLE \"a\nb\" DROP COLUMN later")
	if ran, err := c.RunStep(ctx, providers.StepKey{Plan: "p", Action: "a"}, steps[0]); err != nil || !ran {
		t.Error(ran, err)
	}
}

// TestReplaceRowsIsUnseenByTriggers swaps the rows of a table that audits its changes.
func TestReplaceRowsIsUnseenByTriggers(t *testing.T) {
	path := providertest.SQLite(t)
	providertest.Exec(t, path,
		"CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT, up AS (upper(v)))", "CREATE TABLE audit (what TEXT)",
		"INSERT INTO t VALUES (1, 'old'), (2, 'old')",
		"CREATE TRIGGER t_del AFTER DELETE ON t BEGIN INSERT INTO audit VALUES ('del'); END",
		"CREATE TRIGGER t_ins AFTER INSERT ON t BEGIN INSERT INTO audit VALUES ('ins'); END")
	c := opened(t, "target.sqlite.a", path)
	live := *inspect(t, c).Table(schema.Name{Name: "t"})
	aside := schema.Name{Name: "_sync_load_1"}
	if err := apply(t, c, "p", schema.AddAside{Live: live, Aside: aside}); err != nil {
		t.Fatal(err)
	}
	providertest.Exec(t, path, "INSERT INTO _sync_load_1 (id, v) VALUES (2, 'new'), (3, 'new')")
	if err := apply(t, c, "p2", schema.ReplaceRows{Live: live, Aside: aside, Columns: []string{"id", "v"}, Key: []string{"id"}}); err != nil {
		t.Fatal(err)
	}
	if rows := providertest.Query(t, path, "SELECT id, v, up FROM t ORDER BY id"); fmt.Sprint(rows) != "[[2 new NEW] [3 new NEW]]" {
		t.Errorf("%v", rows)
	}
	if rows := providertest.Query(t, path, "SELECT * FROM audit"); len(rows) != 0 {
		t.Errorf("the triggers have seen %v", rows)
	}
	providertest.Exec(t, path, "DELETE FROM t WHERE id = 3")
	if rows := providertest.Query(t, path, "SELECT * FROM audit"); len(rows) != 1 {
		t.Errorf("the triggers are gone: %v", rows)
	}
}
