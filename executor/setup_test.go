package executor_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/mysql"
	"github.com/syncform/syncform/providers/postgres"
	"github.com/syncform/syncform/providers/providertest"
	"github.com/syncform/syncform/providers/schema"
	"github.com/syncform/syncform/providers/sqlite"
)

// Addresses of the two endpoints of every plan here.
const (
	sourceAddr = "source.x.s"
	targetAddr = "target.x.t"
	syncAddr   = "sync.test"
)

// system is a kind of database to test with.
type system struct {
	name  string
	fresh func(testing.TB) string // the URL of a new empty database
}

var systems = map[string]system{
	"sqlite":   {"sqlite", providertest.SQLite},
	"postgres": {"postgres", func(t testing.TB) string { return providertest.Postgres(t, "") }},
	"mariadb":  {"mariadb", providertest.MariaDB},
	"mysql":    {"mysql", providertest.MySQL},
}

// open opens an endpoint by what providertest gives.
func open(ctx context.Context, addr, url string) (providers.Conn, error) {
	cfg := providers.Config{Addr: addr, Attrs: map[string]any{"connection": url}}
	switch {
	case strings.HasPrefix(url, "postgres"):
		return postgres.Provider{}.Open(ctx, cfg)
	case strings.HasPrefix(url, "mysql:"):
		return mysql.Provider{}.Open(ctx, cfg)
	}
	cfg.Attrs = map[string]any{"path": url}
	return sqlite.Provider{}.Open(ctx, cfg)
}

// openBoth opens source and target, to be closed with the test.
func openBoth(t testing.TB, source, target string) map[string]providers.Conn {
	t.Helper()
	conns := map[string]providers.Conn{}
	for addr, url := range map[string]string{sourceAddr: source, targetAddr: target} {
		c, err := open(t.Context(), addr, url)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		})
		conns[addr] = c
	}
	return conns
}

// capability is providers.As for tests.
func capability[T any](t testing.TB, c providers.Conn) T {
	t.Helper()
	v, err := providers.As[T](c)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// want says which plan to make.
type want struct {
	mode     string // full (the default) or snapshot
	tables   []string
	batch    int64
	parallel int
	retries  int
	held     string // a table whose actions are held
	bare     bool   // mappings only, no actions
}

// makePlan plans copies of the source's tables into a target that lacks them: each
// table is made, loaded and given its key.
func makePlan(t testing.TB, id string, conns map[string]providers.Conn, w want) *plan.Plan {
	t.Helper()
	from, err := conns[sourceAddr].Inspect(t.Context(), providers.InspectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	to, err := conns[targetAddr].Inspect(t.Context(), providers.InspectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	translator := capability[providers.Translator](t, conns[targetAddr])
	planner := capability[providers.StepPlanner](t, conns[targetAddr])
	db := to.Working()
	p := &plan.Plan{FormatVersion: plan.FormatVersion, ID: id, Version: "test"}
	add := func(a plan.Action) string {
		a.ID = fmt.Sprintf("a%03d", len(p.Actions)+1)
		a.Endpoint = targetAddr
		if a.Change != nil {
			steps, err := planner.PlanSteps(db, a.Change)
			if err != nil {
				t.Fatal(err)
			}
			a.Steps = steps
			db.Apply(a.Change)
		}
		p.Actions = append(p.Actions, a)
		return a.ID
	}
	for _, name := range w.tables {
		i := slices.IndexFunc(from.Tables, func(s schema.Table) bool { return s.Name.Name == name })
		if i < 0 {
			t.Fatalf("the source has no table %s", name)
		}
		s := from.Tables[i]
		d, notes := translator.Translate(from, s)
		for _, n := range notes {
			if n.Refused {
				t.Fatal(n.Text)
			}
		}
		d.Name = schema.Name{Schema: to.DefaultSchema, Name: name}
		m := mapping(s, d, w)
		p.Mappings = append(p.Mappings, m)
		if w.bare {
			continue
		}
		hold := ""
		if name == w.held {
			hold = "for a test"
		}
		made := add(plan.Action{Kind: plan.Create, Addr: m.Addr, Table: d.Name, Phase: plan.Expand, Change: schema.AddTable{To: d}, Held: hold})
		spec := &plan.BackfillSpec{Mapping: m.Addr, Generation: id + "-" + name, Into: d.Name, Rows: s.Rows, Bytes: s.Bytes}
		if w.mode == "snapshot" {
			spec.Snapshot = syncAddr
		}
		loaded := add(plan.Action{Kind: plan.Backfill, Addr: m.Addr, Table: d.Name, Phase: plan.Sync, Backfill: spec, DependsOn: []string{made}, Held: hold})
		if d.PrimaryKey != nil && !planner.KeyWithTable() {
			add(plan.Action{Kind: plan.Create, Addr: m.Addr, Table: d.Name, Phase: plan.Sync, Change: schema.AddPrimaryKey{In: d.Name, Key: *d.PrimaryKey}, DependsOn: []string{loaded}, Held: hold})
		}
	}
	return p
}

// mapping is the mapping of table s onto table d, which were made one from the other.
func mapping(s, d schema.Table, w want) plan.Mapping {
	m := plan.Mapping{
		Addr: fmt.Sprintf("%s.mapping[%q]", syncAddr, s.Name.Name), Sync: syncAddr, Source: sourceAddr, Target: targetAddr,
		SourceTable: s.Name, TargetTable: d.Name, Mode: w.mode, BatchSize: w.batch, ParallelTables: w.parallel, RetryAttempts: w.retries,
	}
	for _, c := range d.Columns {
		if c.Generated == nil {
			m.Columns = append(m.Columns, plan.Column{
				Source: c.Name, Target: c.Name, SourceType: &s.Column(c.Name).Type, TargetType: &c.Type,
				Identity: c.Identity != nil && c.Identity.Always,
			})
		}
	}
	if s.PrimaryKey != nil {
		m.SourceKey, m.TargetKey = s.PrimaryKey.Columns(), s.PrimaryKey.Columns()
	}
	return m
}

// shop gives the statements that make the test's tables: an integer key, a text key, a
// composite key, and none, with every row of the last twice.
func shop(system string, rows int) []string {
	series := fmt.Sprintf("(WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM s WHERE n < %d) SELECT n FROM s) s", rows)
	label := "'k' || (n * 7919 % 100003)"
	if system == "mysql" || system == "mariadb" {
		label = "CONCAT('k', n * 7919 % 100003)"
	}
	deep := ""
	switch system {
	case "mariadb":
		deep = "SET max_recursive_iterations = 100000000"
	case "mysql":
		deep = "SET cte_max_recursion_depth = 100000000"
	}
	var all []string
	if deep != "" {
		all = append(all, deep)
	}
	return append(all,
		"CREATE TABLE orders (id integer NOT NULL PRIMARY KEY, note varchar(100), qty integer)",
		"INSERT INTO orders SELECT n, "+label+", n % 7 FROM "+series,
		"CREATE TABLE codes (code varchar(100) NOT NULL PRIMARY KEY, qty integer)",
		"INSERT INTO codes SELECT "+label+", n FROM "+series,
		"CREATE TABLE parts (o integer NOT NULL, l integer NOT NULL, qty integer, PRIMARY KEY (o, l))",
		"INSERT INTO parts SELECT n, n % 3, NULLIF(n % 11, 0) FROM "+series,
		"CREATE TABLE log (n integer, note varchar(100))",
		"INSERT INTO log SELECT n % 100, "+label+" FROM "+series,
		"INSERT INTO log SELECT n % 100, "+label+" FROM "+series,
	)
}

// shopTables are the tables of shop, with their columns.
var shopTables = map[string]string{"orders": "id, note, qty", "codes": "code, qty", "parts": "o, l, qty", "log": "n, note"}

func shopNames() []string { return []string{"orders", "codes", "parts", "log"} }

// sameRows compares all rows of some tables by queries of its own.
func sameRows(t testing.TB, source, target string, tables map[string]string) {
	t.Helper()
	for name, columns := range tables {
		q := "SELECT " + columns + " FROM " + name
		a, b := sortedRows(t, source, q), sortedRows(t, target, q)
		if len(a) != len(b) {
			t.Errorf("%s: %d rows at the source, %d at the target", name, len(a), len(b))
			continue
		}
		for i := range a {
			if a[i] != b[i] {
				t.Errorf("%s: %q at the source, %q at the target", name, a[i], b[i])
				break
			}
		}
	}
}

func sortedRows(t testing.TB, url, query string) []string {
	t.Helper()
	rows := providertest.Query(t, url, query)
	lines := make([]string, len(rows))
	for i, r := range rows {
		lines[i] = strings.Join(r, "\x00")
	}
	slices.Sort(lines)
	return lines
}
