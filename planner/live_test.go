package planner

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/syncform/syncform/lang"
	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/planner/state"
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/all"
	"github.com/syncform/syncform/providers/attr"
	"github.com/syncform/syncform/providers/providertest"
	"github.com/syncform/syncform/providers/schema"
)

// live is a sync between two real databases.
type live struct {
	t     *testing.T
	cfg   *lang.Config
	conns map[string]providers.Conn
	state *state.State
}

// liveSystem is a kind of server.
type liveSystem struct {
	name, provider string
	fresh          func(testing.TB) string
}

var liveSystems = []liveSystem{
	{"postgres", "postgresql", func(t testing.TB) string { return providertest.Postgres(t, "") }},
	{"mysql", "mysql", providertest.MySQL},
	{"mariadb", "mysql", providertest.MariaDB},
	{"sqlite", "sqlite", providertest.SQLite},
}

func newLive(t *testing.T, from, to liveSystem, fromURL, toURL, mapping string) *live {
	t.Helper()
	dir := t.TempDir()
	argument := func(s liveSystem, url string) string {
		if s.provider == "sqlite" {
			return fmt.Sprintf("path = %q", url)
		}
		return fmt.Sprintf("connection = %q", url)
	}
	text := fmt.Sprintf(`
source %q "a" {
  %s
}
target %q "b" {
  %s
}
sync "s" {
  source = source.%s.a
  target = target.%s.b
  mode   = "full"
  %s
}
`, from.provider, argument(from, fromURL), to.provider, argument(to, toURL), from.provider, to.provider, mapping)
	if err := os.WriteFile(filepath.Join(dir, "main.sf.hcl"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	schemas := map[string]attr.Provider{}
	for name, p := range all.Providers() {
		schemas[name] = p.Schema()
	}
	cfg, diags := lang.Load(lang.Options{Dir: dir, Providers: schemas, Env: os.LookupEnv})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	l := &live{t: t, cfg: cfg, conns: map[string]providers.Conn{}}
	for addr, s := range map[string]struct {
		liveSystem
		url string
	}{"source." + from.provider + ".a": {from, fromURL}, "target." + to.provider + ".b": {to, toURL}} {
		attrs := map[string]any{"connection": s.url}
		if s.provider == "sqlite" {
			attrs = map[string]any{"path": s.url}
		}
		conn, err := all.Providers()[s.provider].Open(context.Background(), providers.Config{Addr: addr, Dir: dir, Attrs: attrs})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := conn.Close(); err != nil {
				t.Error(err)
			}
		})
		l.conns[addr] = conn
	}
	return l
}

func (l *live) input() Input {
	return Input{Config: l.cfg, State: l.state, Conns: l.conns, Options: Options{Version: "test"}}
}

func (l *live) plan() *plan.Plan {
	l.t.Helper()
	p, diags := Make(context.Background(), l.input())
	if diags.HasErrors() {
		l.t.Fatal(render(nil, diags))
	}
	return p
}

// apply runs the plan's steps at the target; no rows are copied.
func (l *live) apply(p *plan.Plan) {
	l.t.Helper()
	if l.state == nil {
		l.state = state.New("test")
	}
	l.state.Begin(p)
	for i := range p.Actions {
		a := &p.Actions[i]
		if a.Held != "" || a.Kind == plan.NoteKind {
			continue
		}
		if a.Backfill != nil {
			l.state.LoadDone(a.Backfill.Mapping, 0, time.Now())
			continue
		}
		l.run(p, a)
	}
	l.state.Finish(p, "test", time.Now())
	l.state.Serial++
}

// run runs an action's steps.
func (l *live) run(p *plan.Plan, a *plan.Action) {
	l.t.Helper()
	runner, err := providers.As[providers.StepRunner](l.conns[a.Endpoint])
	if err != nil {
		l.t.Fatal(err)
	}
	for n, s := range a.Steps {
		if _, err := runner.RunStep(context.Background(), providers.StepKey{Plan: p.ID, Action: a.ID, Step: n}, s); err != nil {
			l.t.Fatalf("%s step %d: %s: %v", a.ID, n, s.Text, err)
		}
	}
}

// settled plans again: there must be nothing to do, and nothing held.
func (l *live) settled(when string) {
	l.t.Helper()
	if p := l.plan(); !p.Empty() || p.Held > 0 {
		l.t.Fatalf("%s, the next plan has something to do:\n%s", when, render(p, nil))
	}
}

// evolution is a schema and what becomes of it, in the words of one system.
type evolution struct {
	create []string
	change []string
}

// evolutions hold what each system can declare. Every change of them is one that
// takes nothing away.
var evolutions = map[string]evolution{
	"postgres": {
		create: []string{
			`CREATE SCHEMA "Odd ""Schema"`,
			`CREATE TYPE mood AS ENUM ('sad', 'it''s ok')`,
			`CREATE DOMAIN zip AS varchar(10) CHECK (VALUE ~ '^\d+$')`,
			`CREATE SEQUENCE shared START 100 INCREMENT 5`,
			`CREATE TABLE customers (id serial PRIMARY KEY, name varchar(50) NOT NULL DEFAULT 'it''s', m mood DEFAULT 'sad', zip zip, moods mood[],
				tags text[] DEFAULT '{}', data jsonb DEFAULT '{"a": 1}', at timestamptz DEFAULT now(), price numeric(10,2) DEFAULT 1.50 CHECK (price > 0),
				code text COLLATE "C", n bigint DEFAULT nextval('shared'), UNIQUE (name, zip))`,
			`CREATE INDEX ON customers (lower(name)) WHERE price > 1`,
			`CREATE INDEX by_data ON customers USING gin (data)`,
			`COMMENT ON TABLE customers IS 'people who''ve bought'`,
			`COMMENT ON COLUMN customers.price IS 'in €'`,
			`CREATE TABLE orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer int NOT NULL REFERENCES customers ON DELETE CASCADE DEFERRABLE,
				parent bigint REFERENCES orders, qty int, total numeric GENERATED ALWAYS AS (qty * 2) STORED, during tsrange, EXCLUDE USING gist (during WITH &&))`,
			`ALTER TABLE customers ADD favourite bigint REFERENCES orders ON DELETE SET NULL`,
			`CREATE TABLE events (day date NOT NULL, kind text, PRIMARY KEY (day, kind)) PARTITION BY RANGE (day)`,
			`CREATE TABLE events_2024 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')`,
			`CREATE TABLE "select ""from" ("a b" int PRIMARY KEY, "ÄÖ" text, "Upper" bool DEFAULT true)`,
			`CREATE INDEX "Odd ""Index" ON "select ""from" ("ÄÖ" DESC NULLS LAST, "Upper")`,
			`CREATE TABLE "Odd ""Schema"."T.1" (id int PRIMARY KEY)`,
		},
		change: []string{
			`ALTER TYPE mood ADD VALUE 'happy'`,
			`ALTER TABLE customers ALTER name TYPE varchar(80), ALTER price TYPE numeric(14,2), ALTER at DROP DEFAULT, ALTER code SET DEFAULT 'x', ALTER name DROP NOT NULL`,
			`ALTER TABLE customers ADD city text NOT NULL DEFAULT 'here', ADD born date, ADD CHECK (born > '1800-01-01')`,
			`CREATE UNIQUE INDEX customers_city ON customers (city, name)`,
			`ALTER TABLE orders ALTER customer TYPE bigint`,
			`CREATE TABLE events_2025 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')`,
			`COMMENT ON COLUMN customers.price IS 'in $'`,
			`CREATE TYPE size AS ENUM ('s', 'm')`,
			`CREATE DOMAIN percent AS int CHECK (VALUE BETWEEN 0 AND 100)`,
			`CREATE SEQUENCE more`,
			`ALTER TABLE customers ADD size size DEFAULT 's', ADD off percent DEFAULT 5, ADD m2 int DEFAULT nextval('more')`,
			`CREATE TABLE extra (id int PRIMARY KEY, c int REFERENCES customers)`,
		},
	},
	"mysql": {
		create: []string{
			"CREATE TABLE customers (id int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, name varchar(50) NOT NULL DEFAULT 'it''s', m enum('sad','it''s ok') DEFAULT 'sad', flags set('a','b'), data json, price decimal(10,2) DEFAULT 1.50, at timestamp(3) NULL DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3), body mediumtext, twice decimal(12,2) AS (price * 2) STORED, code char(5) CHARACTER SET latin1 COLLATE latin1_bin, CHECK (price > 0)) COMMENT='people'",
			"CREATE INDEX by_name ON customers (name(10), price DESC)",
			"CREATE FULLTEXT INDEX by_body ON customers (body)",
			"CREATE TABLE orders (id bigint NOT NULL PRIMARY KEY, customer int unsigned NOT NULL, parent bigint, y year, b bit(5) DEFAULT b'101', UNIQUE KEY u (customer, y), CONSTRAINT fk_c FOREIGN KEY (customer) REFERENCES customers (id) ON DELETE CASCADE, CONSTRAINT fk_p FOREIGN KEY (parent) REFERENCES orders (id))",
			"CREATE TABLE `select ``from` (`a b` int PRIMARY KEY, `ÄÖ` varchar(20), `Upper` tinyint(1) DEFAULT 1 COMMENT 'it''s')",
		},
		change: []string{
			"ALTER TABLE customers MODIFY name varchar(80) DEFAULT 'x', MODIFY m enum('sad','it''s ok','happy') DEFAULT 'sad', MODIFY price decimal(14,2) DEFAULT 1.50, ADD city varchar(20) NOT NULL DEFAULT 'here', ADD born date",
			"CREATE UNIQUE INDEX customers_city ON customers (city, id)",
			"ALTER TABLE orders ADD COLUMN z int, ADD INDEX by_y (y)",
			"CREATE TABLE extra (id int PRIMARY KEY, c int unsigned, FOREIGN KEY (c) REFERENCES customers (id))",
		},
	},
	"sqlite": {
		create: []string{
			`CREATE TABLE customers (id INTEGER PRIMARY KEY AUTOINCREMENT, name VARCHAR(50) NOT NULL DEFAULT 'it''s', price DECIMAL(10,2) DEFAULT 1.5 CHECK (price > 0), at DATETIME DEFAULT CURRENT_TIMESTAMP, twice INT AS (price * 2) STORED, data BLOB, UNIQUE (name, price))`,
			`CREATE INDEX by_name ON customers (lower(name)) WHERE price > 1`,
			`CREATE TABLE orders (id INTEGER PRIMARY KEY, customer INT NOT NULL REFERENCES customers ON DELETE CASCADE, parent INT REFERENCES orders(id))`,
			`CREATE TABLE "select ""from" ("a b" TEXT PRIMARY KEY, "ÄÖ" TEXT COLLATE NOCASE, "Upper" BOOLEAN DEFAULT TRUE) WITHOUT ROWID`,
			`CREATE TABLE strictly (id INTEGER PRIMARY KEY, a ANY, r REAL) STRICT`,
		},
		change: []string{
			`ALTER TABLE customers ADD city TEXT NOT NULL DEFAULT 'here'`,
			`ALTER TABLE orders ADD note TEXT`,
			`CREATE UNIQUE INDEX orders_note ON orders (note, id)`,
			`CREATE TABLE extra (id INTEGER PRIMARY KEY, c INT REFERENCES customers)`,
		},
	},
}

// TestSchemasConverge takes every kind of thing that a system can declare into each
// other system; what is made plans empty, also after the source has changed.
func TestSchemasConverge(t *testing.T) {
	for _, from := range liveSystems {
		e, ok := evolutions[from.name]
		if from.name == "mariadb" {
			e, ok = evolutions["mysql"]
		}
		if !ok {
			t.Fatalf("nothing to declare in %s", from.name)
		}
		for _, to := range liveSystems {
			t.Run(from.name+"/"+to.name, func(t *testing.T) {
				t.Parallel()
				source := from.fresh(t)
				providertest.Exec(t, source, e.create...)
				mapping := `mapping "*" {}`
				l := newLive(t, from, to, source, to.fresh(t), mapping)
				l.apply(l.plan())
				l.settled("after the first apply")
				providertest.Exec(t, source, e.change...)
				p := l.plan()
				if p.Empty() {
					t.Fatal("nothing to do after the source changed")
				}
				l.apply(p)
				l.settled("after the second apply")
			})
		}
	}
}

// TestRowsOfOthers: a table with a row that syncform did not write is refused, whatever
// the server's estimate; an empty one is taken over.
func TestRowsOfOthers(t *testing.T) {
	for _, s := range liveSystems {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			source, target := s.fresh(t), s.fresh(t)
			const create = "CREATE TABLE t (id int NOT NULL PRIMARY KEY, v int)"
			providertest.Exec(t, source, create)
			providertest.Exec(t, target, create, "INSERT INTO t VALUES (1, 2)")
			l := newLive(t, s, s, source, target, `mapping "t" {}`)
			if _, diags := Make(context.Background(), l.input()); !diags.HasErrors() || diags[0].Summary != sumRows {
				t.Fatalf("a table with rows: %s", render(nil, diags))
			}
			in := l.input()
			in.Replace = []string{"sync.s"}
			if p, diags := Make(context.Background(), in); diags.HasErrors() || p.Empty() {
				t.Fatalf("-replace: %s", render(nil, diags))
			}
			providertest.Exec(t, target, "DELETE FROM t")
			l.apply(l.plan())
			l.settled("after the table was taken over")
			if l.state.Mappings[0].Created {
				t.Error("the state says that syncform made the table")
			}
		})
	}
}

// TestLoadsBeside: a table beside the target is found again after a kill, and goes
// when it is not needed any more.
func TestLoadsBeside(t *testing.T) {
	for _, s := range liveSystems {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			source, target := s.fresh(t), s.fresh(t)
			providertest.Exec(t, source, "CREATE TABLE t (id int NOT NULL PRIMARY KEY, v int)")
			l := newLive(t, s, s, source, target, `mapping "t" {}`)
			l.apply(l.plan())

			// A reload is killed once its table is there.
			in := l.input()
			in.Replace = []string{"sync.s"}
			p, diags := Make(context.Background(), in)
			if diags.HasErrors() {
				t.Fatal(diags)
			}
			l.state.Begin(p)
			aside := p.Actions[0]
			if _, ok := aside.Change.(schema.AddAside); !ok {
				t.Fatalf("the first action is %s", schema.ChangeKind(aside.Change))
			}
			l.run(p, &aside)
			before := l.state.Mappings[0].Generation

			p = l.plan()
			if len(p.Actions) == 0 || p.Actions[0].Backfill == nil || !p.Actions[0].Backfill.Resumed || p.Actions[0].Backfill.Generation != before {
				t.Fatalf("the load does not go on:\n%s", render(p, nil))
			}

			// The source changes: another load begins, and the table of this one goes.
			providertest.Exec(t, source, "ALTER TABLE t ADD COLUMN w int")
			p = l.plan()
			l.apply(p)
			l.settled("after the other load")
			if !slices.ContainsFunc(p.Actions, func(a plan.Action) bool { _, ok := a.Change.(schema.DropTable); return ok }) {
				t.Errorf("the table beside is left:\n%s", render(p, nil))
			}
			db, err := l.conns["target."+s.provider+".b"].Inspect(context.Background(), providers.InspectOptions{Tables: []schema.Name{aside.Change.(schema.AddAside).Aside}})
			if err != nil || len(db.Tables) != 0 {
				t.Errorf("the table beside is left: %v", err)
			}
		})
	}
}

// TestCheckLive: a plan is refused, with the reason, once a column has changed on a
// real server.
func TestCheckLive(t *testing.T) {
	for _, s := range liveSystems {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			source := s.fresh(t)
			providertest.Exec(t, source, "CREATE TABLE t (id int NOT NULL PRIMARY KEY, v int)")
			l := newLive(t, s, s, source, s.fresh(t), `mapping "t" {}`)
			p := l.plan()
			providertest.Exec(t, source, "INSERT INTO t VALUES (1, 1)", "CREATE TABLE other (id int)")
			if err := Check(context.Background(), p, l.input()); err != nil {
				t.Errorf("rows and other tables don't matter: %v", err)
			}
			providertest.Exec(t, source, "ALTER TABLE t ADD COLUMN w int")
			err := Check(context.Background(), p, l.input())
			var stale *StaleError
			if !errors.As(err, &stale) || len(stale.Moved) != 1 || !strings.Contains(err.Error(), `column "w": added`) {
				t.Errorf("a new column: %v", err)
			}
		})
	}
}

// TestDestroyLive drops tables that refer to each other.
func TestDestroyLive(t *testing.T) {
	for _, s := range liveSystems {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			source := s.fresh(t)
			providertest.Exec(t, source, "CREATE TABLE p (id int NOT NULL PRIMARY KEY)", "CREATE TABLE c (id int NOT NULL PRIMARY KEY, p int, FOREIGN KEY (p) REFERENCES p (id))")
			if s.name != "sqlite" {
				providertest.Exec(t, source, "ALTER TABLE p ADD COLUMN c int", "ALTER TABLE p ADD CONSTRAINT p_c FOREIGN KEY (c) REFERENCES c (id)")
			}
			l := newLive(t, s, s, source, s.fresh(t), `mapping "*" {}`)
			l.apply(l.plan())
			in := l.input()
			in.Destroy, in.DropTables = true, true
			p, diags := Make(context.Background(), in)
			if diags.HasErrors() {
				t.Fatal(diags)
			}
			l.apply(p)
			if len(l.state.Mappings) != 0 {
				t.Errorf("the state holds %v", l.state.List())
			}
			db, err := l.conns["target."+s.provider+".b"].Inspect(context.Background(), providers.InspectOptions{})
			if err != nil || len(db.Tables) != 0 {
				t.Errorf("%d tables are left, %v", len(db.Tables), err)
			}
		})
	}
}

// TestMovedFolder: a SQLite file that moved with its folder is the same.
func TestMovedFolder(t *testing.T) {
	s := liveSystems[3]
	source, target := s.fresh(t), s.fresh(t)
	providertest.Exec(t, source, "CREATE TABLE t (id int NOT NULL PRIMARY KEY)")
	l := newLive(t, s, s, source, target, `mapping "t" {}`)
	l.apply(l.plan())
	moved := filepath.Join(t.TempDir(), filepath.Base(target))
	b, err := os.ReadFile(target)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(moved, b, 0o600); err != nil {
		t.Fatal(err)
	}
	providertest.Exec(t, moved, "INSERT INTO t VALUES (1)")
	m := newLive(t, s, s, source, moved, `mapping "t" {}`)
	m.state = l.state
	m.settled("after the folder moved")
}

// TestDestroyWhatIsNeeded: a table that somebody else's view or foreign key needs is not
// dropped, and the plan says so before anything is. Where the server would let it go from
// under a view, the plan names the view.
func TestDestroyWhatIsNeeded(t *testing.T) {
	for _, s := range liveSystems {
		for needs, other := range map[string]string{
			"view": "CREATE VIEW others AS SELECT id FROM p", "key": "CREATE TABLE others (p int, FOREIGN KEY (p) REFERENCES p (id))",
		} {
			if s.name == "sqlite" && needs == "key" {
				continue // a table there goes from under the keys of others, as the server has it
			}
			t.Run(s.name+" "+needs, func(t *testing.T) {
				t.Parallel()
				source := s.fresh(t)
				providertest.Exec(t, source, "CREATE TABLE a (id int NOT NULL PRIMARY KEY)", "CREATE TABLE p (id int NOT NULL PRIMARY KEY)")
				target := s.fresh(t)
				l := newLive(t, s, s, source, target, `mapping "*" {}`)
				l.apply(l.plan())
				providertest.Exec(t, target, other)
				in := l.input()
				in.Destroy, in.DropTables = true, true
				p, diags := Make(context.Background(), in)
				text := render(p, diags)
				if needs == "view" && s.name != "postgres" { // there the server lets the table go
					if diags.HasErrors() || !strings.Contains(text, "view others") || !strings.Contains(text, hazardUsers) {
						t.Errorf("the plan says: %s", text)
					}
					return
				}
				if !diags.HasErrors() || !strings.Contains(text, "others") || !strings.Contains(text, "can't be dropped") {
					t.Errorf("the plan says: %s", text)
				}
			})
		}
	}
}
