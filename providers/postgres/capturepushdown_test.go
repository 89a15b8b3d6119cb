package postgres

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/syncform/syncform/lang/expr"
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/providertest"
	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
)

// TestPushdown: the publication sends what was asked for and the key, where the server
// can; it follows what is asked for, step by step, and writes to the table never fail.
func TestPushdown(t *testing.T) {
	eachServer(t, func(t *testing.T, version string) {
		url := providertest.Postgres(t, version)
		providertest.Exec(t, url, `CREATE TABLE u (tenant integer, code varchar(20), "a b" text, b text, secret text, g integer GENERATED ALWAYS AS (tenant + 1) STORED, PRIMARY KEY (tenant, code))`,
			"CREATE TABLE whole (id integer PRIMARY KEY, v text)", "ALTER TABLE whole REPLICA IDENTITY FULL",
			"CREATE TABLE pt (id integer PRIMARY KEY, v text, w text) PARTITION BY RANGE (id)", "CREATE TABLE pt1 PARTITION OF pt FOR VALUES FROM (0) TO (10)",
			"CREATE TABLE parent (id integer PRIMARY KEY, v text)", "CREATE TABLE child (PRIMARY KEY (id)) INHERITS (parent)")
		c := open(t, url)
		bound := func(column, op string, values ...string) expr.Bound {
			typ := schema.Type{Kind: schema.Int, Bits: 32, Native: "integer"}
			if column == "code" {
				typ = schema.Type{Kind: schema.Varchar, Length: 20, Native: "character varying(20)"}
			}
			return expr.Bound{Column: column, Type: typ, Op: op, Values: values}
		}
		table := func(name string, columns []string, where ...expr.Bound) providers.CaptureTable {
			x := capturedTable(t, c, name)
			x.Table.Columns = slices.DeleteFunc(x.Table.Columns, func(rc providers.ReadColumn) bool {
				return columns != nil && !slices.Contains(columns, rc.Name)
			})
			x.Pushdown = &providers.Pushdown{Columns: columns, Where: where}
			return x
		}
		want := providers.Capture{Sync: testSync, Deletes: true, Method: providers.LogicalReplication, Tables: []providers.CaptureTable{
			table("u", []string{"a b", "b"}, bound("tenant", ">", "5"), bound("tenant", "IN", "6", "7", "-1"), bound("code", "<>", "O'x"), bound("b", "IS NOT NULL")),
			table("whole", []string{"id"}), table("pt", []string{"id", "v"}), table("parent", []string{"id"}),
		}}
		sends := func() string {
			var out []string
			for _, r := range providertest.Query(t, url, `SELECT tablename, replace(attnames::text, ',g', ''), coalesce(rowfilter, '') FROM pg_publication_tables WHERE pubname = 'syncform_test' ORDER BY 1`) {
				out = append(out, r[0]+" "+r[1]+" "+r[2])
			}
			return strings.Join(out, "\n")
		}
		writes := func() {
			t.Helper()
			providertest.Exec(t, url, `INSERT INTO u (tenant, code) SELECT i, i FROM generate_series(1, 9) i`, "UPDATE u SET secret = 'x', tenant = tenant + 10", "DELETE FROM u",
				"INSERT INTO whole VALUES (1, 'a')", "UPDATE whole SET v = 'b', id = 2", "DELETE FROM whole", "INSERT INTO pt VALUES (1, 'a', 'b')", "UPDATE pt SET v = 'b', id = 2", "DELETE FROM pt",
				"INSERT INTO child VALUES (1, 'a')", "UPDATE parent SET v = 'b', id = 2", "DELETE FROM parent")
		}
		have := (*providers.Capture)(nil)
		apply := func(steps int) {
			t.Helper()
			p := planned(t, c, want, have)
			if len(p.Steps) != steps {
				t.Fatalf("%d steps, and not %d: %+v", len(p.Steps), steps, p.Steps)
			}
			for i, s := range p.Steps {
				runSteps(t, c, p.Steps[i:i+1])
				if i > 0 || !strings.HasPrefix(s.Text, "CREATE") {
					writes()
				}
			}
			have = &p.Capture
			writes()
			if p = planned(t, c, want, have); len(p.Steps) != 0 {
				t.Fatalf("a second plan has %d steps: %s", len(p.Steps), p.Steps[0].Text)
			}
			s, err := c.acquire(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer c.release(s)
			if err := (slotCapture{c}).provePublication(t.Context(), s, p.Capture); err != nil {
				t.Fatal(err)
			}
		}
		old := c.version < 150000
		apply(1)
		if old {
			for _, x := range have.Tables {
				if x.Pushdown != nil {
					t.Errorf("%+v", x)
				}
			}
			return
		}
		if got, exp := sends(), `child {id,v} 
parent {id,v} 
pt {id,v} 
u {tenant,code,"a b",b} ((tenant > '5'::bigint) AND (tenant = ANY (ARRAY['6'::bigint, '7'::bigint, '-1'::bigint])) AND (((code)::text COLLATE "C") <> 'O''x'::text))
whole {id,v} `; got != exp {
			t.Errorf("it sends\n%s\nand not\n%s", got, exp)
		}
		// Another filter, of the same columns.
		want.Tables[0] = table("u", []string{"a b", "b"}, bound("tenant", ">", "3"))
		apply(1)
		if !strings.Contains(sends(), "u {tenant,code,\"a b\",b} (tenant > '3'::bigint)") {
			t.Error(sends())
		}
		// All columns, but for the computed one, which is never sent; and no filter.
		want.Tables[0] = table("u", []string{"a b", "b", "secret"})
		apply(2)
		if !strings.Contains(sends(), `u {tenant,code,"a b",b,secret`) {
			t.Error(sends())
		}
		want.Tables[0] = table("u", []string{"b"})
		apply(1)
		if !strings.Contains(sends(), "u {tenant,code,b} ") {
			t.Error(sends())
		}
		// The table may get columns and is sent whole before its old rows are logged whole.
		providertest.Exec(t, url, "ALTER TABLE u ADD COLUMN later integer")
		want.Before = true
		steps := 7 // one that sends u and pt whole, the identities of u, pt, its partition and the parent's two, and the comment
		if c.version >= 180000 {
			steps++ // the computed column, without which old rows would not be whole
		}
		apply(steps)
		if !strings.HasPrefix(sends(), "child {id,v} ") || !strings.Contains(sends(), "later") {
			t.Error(sends())
		}
		down, err := c.PlanTeardown(t.Context(), *have)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range down[1:] { // there is no slot
			runSteps(t, c, []providers.Step{s})
			writes()
		}
		// Not where it would be another's harm.
		providertest.Exec(t, url, "CREATE PUBLICATION other FOR TABLE u (tenant, code)")
		p := planned(t, c, want, nil)
		if !slices.ContainsFunc(p.Findings, func(f providers.Finding) bool {
			return f.Fatal && strings.Contains(f.Text, `publication "other" sends only`)
		}) {
			t.Errorf("%+v", p.Findings)
		}
	})
}

// TestPushdownTampered: a publication that leaves out more than it should is a gap.
func TestPushdownTampered(t *testing.T) {
	eachServer(t, func(t *testing.T, version string) {
		url := providertest.Postgres(t, version)
		providertest.Exec(t, url, "CREATE TABLE u (id integer PRIMARY KEY, a text, b text, c text)")
		c := open(t, url)
		if c.version < 150000 {
			return // publications send tables whole
		}
		x := capturedTable(t, c, "u")
		x.Table.Columns = x.Table.Columns[:3]
		x.Pushdown = &providers.Pushdown{Columns: []string{"id", "a", "b"}}
		p := planned(t, c, providers.Capture{Sync: testSync, Deletes: true, Tables: []providers.CaptureTable{x}}, nil)
		runSteps(t, c, p.Steps)
		prove := func() string {
			s, err := c.acquire(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer c.release(s)
			list, err := (slotCapture{c}).missed(t.Context(), s, p.Capture)
			if err != nil {
				t.Fatal(err)
			}
			if len(list) == 0 {
				return ""
			}
			return list[0].Why
		}
		for _, x := range []struct{ sql, want string }{
			{"ALTER PUBLICATION syncform_test SET TABLE u (id, a)", `column "b" of table public.u`},
			{"ALTER PUBLICATION syncform_test SET TABLE u (id, a, b, c)", "put back"}, // what was in between, nobody knows
			{"ALTER PUBLICATION syncform_test SET TABLE u", "put back"},
			{"ALTER PUBLICATION syncform_test SET TABLE u (id, a, b) WHERE (id > 1)", "rows of table public.u"},
		} {
			providertest.Exec(t, url, x.sql)
			if got := prove(); x.want == "" && got != "" || !strings.Contains(got, x.want) {
				t.Errorf("%s: %q", x.sql, got)
			}
		}
	})
}

// TestWholeOldRowsWithComputedColumns: PostgreSQL 18 refuses updates of a table whose old
// rows are logged whole, without what it computes.
func TestWholeOldRowsWithComputedColumns(t *testing.T) {
	eachServer(t, func(t *testing.T, version string) {
		url := providertest.Postgres(t, version)
		providertest.Exec(t, url, "CREATE TABLE s (a integer, g integer GENERATED ALWAYS AS (a + 1) STORED)")
		c := open(t, url)
		s := capturedTable(t, c, "s", "a")
		p := planned(t, c, providers.Capture{Sync: testSync, Deletes: true, Tables: []providers.CaptureTable{s}}, nil)
		runSteps(t, c, p.Steps)
		providertest.Exec(t, url, "INSERT INTO s (a) VALUES (1)", "UPDATE s SET a = 2", "DELETE FROM s")
		if p = planned(t, c, p.Capture, &p.Capture); len(p.Steps) != 0 {
			t.Errorf("%+v", p.Steps)
		}
		if c.version < 180000 {
			return
		}
		providertest.Exec(t, url, "CREATE TABLE v (a integer, g integer GENERATED ALWAYS AS (a + 1) VIRTUAL)")
		p = planned(t, c, providers.Capture{Sync: testSync, Deletes: true, Tables: []providers.CaptureTable{capturedTable(t, c, "v", "a")}}, &p.Capture)
		if !slices.ContainsFunc(p.Findings, func(f providers.Finding) bool { return f.Fatal && strings.Contains(f.Text, "computed column") }) {
			t.Errorf("%+v", p.Findings)
		}
	})
}

// TestCaptureTampered: what somebody changes by hand of what captures changes is told to
// whoever asks how it stands, and what has to do with all tables ends the stream.
func TestCaptureTampered(t *testing.T) {
	eachServer(t, func(t *testing.T, version string) {
		const publication, trigger = providers.LogicalReplication, providers.Trigger
		one := func(t *testing.T, method, sql, want string, since int, whole bool) {
			url := providertest.Postgres(t, version)
			providertest.Exec(t, url, "CREATE TABLE u (id integer PRIMARY KEY, a text, b text)", "CREATE TABLE p (id integer PRIMARY KEY) PARTITION BY RANGE (id)", "CREATE TABLE p1 PARTITION OF p DEFAULT")
			c := open(t, url)
			if c.version < since {
				return
			}
			u := capturedTable(t, c, "u")
			if method == publication {
				u.Pushdown = &providers.Pushdown{Where: []expr.Bound{{Column: "id", Type: schema.Type{Kind: schema.Int, Bits: 32}, Op: ">", Values: []string{"5"}}}}
			}
			sync := "sync." + strings.ToLower(strings.ReplaceAll(t.Name(), "/", "_"))
			p := planned(t, c, providers.Capture{Sync: sync, Method: method, Deletes: true, Tables: []providers.CaptureTable{u, capturedTable(t, c, "p")}}, nil)
			runSteps(t, c, p.Steps)
			start, err := c.StartCapture(t.Context(), p.Capture)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = c.DropRetained(context.WithoutCancel(t.Context()), p.Capture) })
			stands := func() string {
				r, err := c.Retained(t.Context(), p.Capture, start.Position)
				if err != nil {
					t.Fatal(err)
				}
				m, err := c.Missed(t.Context(), p.Capture)
				if err != nil {
					t.Fatal(err)
				}
				switch {
				case r.Lost:
					return r.Why
				case len(m) > 0:
					return m[0].Why
				}
				return ""
			}
			if got := stands(); got != "" {
				t.Fatalf("untouched: %s", got)
			}
			if again := planned(t, c, p.Capture, &p.Capture); len(again.Steps) > 0 {
				t.Errorf("untouched, a plan has steps: %+v", again.Steps)
			}
			providertest.Exec(t, url, strings.ReplaceAll(strings.ReplaceAll(sql, "@PUB", p.Capture.Publication), "FUNCTION_U", quote(c.schema)+"."+triggerFunction(sync, c.logName(u.Table.Name))))
			if got := stands(); !strings.Contains(got, want) {
				t.Errorf("asked: %q, not %q", got, want)
			}
			if whole {
				err = c.Follow(t.Context(), p.Capture, start.Position, func(at func() row.Position) *row.Collector { return row.NewCollector(at) })
				var gone *providers.GapError
				if !errors.As(err, &gone) || !strings.Contains(gone.Reason, want) {
					t.Errorf("followed: %v, not %q", err, want)
				}
			}
			runSteps(t, c, planned(t, c, p.Capture, &p.Capture).Steps)
			if got := stands(); got != "" {
				t.Errorf("mended: %s", got)
			}
		}
		for _, x := range []struct {
			name, method, sql, want string
			since                   int
		}{
			{"another row filter", publication, "ALTER PUBLICATION @PUB SET TABLE u WHERE (id > 500), p", "row filter that syncform did not give", 150000},
			{"a row filter less", publication, "ALTER PUBLICATION @PUB SET TABLE u, p WHERE (id > 500)", "rows of table public.p out", 150000},
			{"a table less", publication, "ALTER PUBLICATION @PUB DROP TABLE u", "table public.u is not in", 0},
			{"a table out and in", publication, "ALTER PUBLICATION @PUB DROP TABLE p; ALTER PUBLICATION @PUB ADD TABLE p", "public.p was taken out", 0},
			{"inserts only", publication, "ALTER PUBLICATION @PUB SET (publish = 'insert')", "does not publish update", 0},
			{"no truncate", publication, "ALTER PUBLICATION @PUB SET (publish = 'insert, update, delete')", "does not publish truncate", 0},
			{"by partitions", publication, "ALTER PUBLICATION @PUB SET (publish_via_partition_root = false)", "publish_via_partition_root", 0},
			{"a trigger off", trigger, "ALTER TABLE u DISABLE TRIGGER ALL", "gone or disabled", 0},
			{"another function", trigger, "CREATE OR REPLACE FUNCTION FUNCTION_U() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'", "somebody exchanged it", 0},
			{"no function", trigger, "DROP FUNCTION FUNCTION_U() CASCADE", "gone or disabled", 0},
		} {
			t.Run(x.name, func(t *testing.T) {
				t.Parallel()
				one(t, x.method, x.sql, x.want, x.since, strings.HasPrefix(x.want, "does not publish"))
			})
		}
	})
}
