package planner

import (
	"strings"
	"testing"

	"github.com/syncform/syncform/providers/providertest"
)

// usersCase is a change of a schema, what else of the target rests on what changes, and
// what the plan must say of it.
type usersCase struct {
	system, name string
	old, others  []string
	new          string
	held         []string // what reasons of held actions and hazards must say
	gone         []string // how the others go
}

// TestUsers: what rests on things that a plan changes and is not managed is named in the
// plan. What is held for it is not applied and all else is, without an error; once it is
// gone the rest is made too.
func TestUsers(t *testing.T) {
	for _, c := range []usersCase{
		{system: "postgres", name: "columns", old: []string{"CREATE TABLE t (id int PRIMARY KEY, a int UNIQUE, b int, c int, d int, e int)"},
			others: []string{"CREATE VIEW v AS SELECT b FROM t", "CREATE PUBLICATION %p FOR TABLE t (id, c)", "CREATE SCHEMA apart CREATE TABLE u (a int REFERENCES public.t (a))", "ALTER TABLE t ADD g int GENERATED ALWAYS AS (d + 1) STORED", "CREATE INDEX mine ON t (e)", "CREATE STATISTICS st ON e, id FROM t"},
			new:    "CREATE TABLE t (id int PRIMARY KEY)",
			held:   []string{"view v needs the column", "publication of table t in publication", "foreign key u_a_fkey of table apart.u", "statistics object st"},
			gone:   []string{"DROP VIEW v", "DROP PUBLICATION %p", "DROP SCHEMA apart CASCADE"}},
		{system: "postgres", name: "keys", old: []string{"CREATE TABLE t (id int PRIMARY KEY, a int CONSTRAINT ua UNIQUE, d text)", "CREATE TABLE x (a int CONSTRAINT xa REFERENCES t (a))"},
			others: []string{"CREATE VIEW v AS SELECT id, d FROM t GROUP BY id", "CREATE SCHEMA apart CREATE TABLE u (a int CONSTRAINT fa REFERENCES public.t (a))"},
			new:    "CREATE TABLE t (id int, a int, d text)",
			held:   []string{"view v needs the key", "foreign key fa of table apart.u needs the key"},
			gone:   []string{"DROP VIEW v", "DROP SCHEMA apart CASCADE"}},
		{system: "postgres", name: "tables", old: []string{"CREATE TABLE t (id int PRIMARY KEY)", "CREATE TABLE r (id int PRIMARY KEY)", "CREATE TABLE f (id int PRIMARY KEY)", "CREATE TABLE w (id int PRIMARY KEY)", "CREATE TABLE free (id int)",
			"CREATE TABLE p (id int) PARTITION BY LIST (id)", "CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1)", "CREATE TABLE stays (id int)"},
			others: []string{"CREATE VIEW v AS SELECT count(*) FROM t", "CREATE FUNCTION fr(r) RETURNS int LANGUAGE sql AS 'SELECT 1'", "CREATE SCHEMA apart CREATE TABLE u (a int CONSTRAINT fa REFERENCES public.f)",
				"CREATE POLICY py ON stays USING (EXISTS (SELECT FROM w))", "CREATE MATERIALIZED VIEW mp AS SELECT id FROM p1"},
			new:  "CREATE TABLE stays (id int)",
			held: []string{"view v needs the table", "function fr(r) needs the table", "foreign key fa of table apart.u needs the table", "policy py on table stays needs the table", "materialized view mp needs the table"},
			gone: []string{"DROP VIEW v", "DROP FUNCTION fr", "DROP SCHEMA apart CASCADE", "DROP POLICY py ON stays", "DROP MATERIALIZED VIEW mp"}},
		{system: "postgres", name: "types", old: []string{"CREATE TYPE e AS ENUM ('a', 'b')", "CREATE TYPE e2 AS ENUM ('a', 'b')", "CREATE TYPE e3 AS ENUM ('a', 'b')", "CREATE DOMAIN d AS int", "CREATE DOMAIN d2 AS int", "CREATE SEQUENCE s", "CREATE TABLE t (id int, c e3, k d2)"},
			others: []string{"CREATE SCHEMA apart CREATE TABLE u (a public.e[], b public.d, n int DEFAULT nextval('public.s'))", "CREATE FUNCTION fe(e2[]) RETURNS int LANGUAGE sql AS 'SELECT 1'", "CREATE VIEW v AS SELECT c FROM t", "CREATE VIEW v2 AS SELECT k FROM t"},
			new:    "CREATE TYPE e3 AS ENUM ('b', 'a'); CREATE DOMAIN d2 AS bigint; CREATE TABLE t (id int, c e3, k d2)",
			held:   []string{"column a of table apart.u needs the type", "column b of table apart.u needs the type", "column n of table apart.u needs the sequence", "function fe(e2[]) needs the type", "view v needs the type", "view v2 needs the type"},
			gone:   []string{"DROP SCHEMA apart CASCADE", "DROP FUNCTION fe", "DROP VIEW v, v2"}},
		{system: "postgres", name: "names", old: []string{"CREATE TABLE old (id int CONSTRAINT the_key PRIMARY KEY, a int CONSTRAINT the_unique UNIQUE)", "CREATE INDEX the_index ON old (a)", "CREATE TABLE k (id int CONSTRAINT k_id UNIQUE)"},
			others: []string{"CREATE VIEW v AS SELECT a FROM old", "CREATE SCHEMA apart CREATE TABLE u (a int CONSTRAINT fa REFERENCES public.k (id))"},
			new:    "CREATE TABLE renamed (id int CONSTRAINT the_key PRIMARY KEY, a int CONSTRAINT the_unique UNIQUE); CREATE INDEX the_index ON renamed (a); CREATE TABLE k (id text CONSTRAINT k_id UNIQUE)",
			held:   []string{"view v needs the table", "foreign key fa of table apart.u needs the column"},
			gone:   []string{"DROP VIEW v", "DROP SCHEMA apart CASCADE"}},
		{system: "postgres", name: "keys of one name", old: []string{"CREATE TABLE t (a int, b int, CONSTRAINT k PRIMARY KEY (a, b))", "CREATE TABLE y (a int NOT NULL CONSTRAINT ya UNIQUE, b int)"},
			others: []string{"CREATE SCHEMA apart CREATE TABLE u (a int, b int, CONSTRAINT fa FOREIGN KEY (a, b) REFERENCES public.t) CREATE TABLE w (a int CONSTRAINT fy REFERENCES public.y (a))"},
			new:    "CREATE TABLE t (a int, b int NOT NULL, CONSTRAINT k PRIMARY KEY (a)); CREATE TABLE y (a int NOT NULL, b int); CREATE INDEX ya ON y (b)",
			held:   []string{"foreign key fa of table apart.u needs the key", "foreign key fy of table apart.w needs the key"},
			gone:   []string{"DROP SCHEMA apart CASCADE"}},
		{system: "postgres", name: "computed", old: []string{"CREATE TABLE t (id int PRIMARY KEY, a int, g int GENERATED ALWAYS AS (a + 1) STORED)"},
			others: []string{"CREATE VIEW v AS SELECT a FROM t"},
			new:    "CREATE TABLE t (id int PRIMARY KEY, a text, g text GENERATED ALWAYS AS (lower(a)) STORED, h text GENERATED ALWAYS AS (a || 'x') STORED CONSTRAINT hx CHECK (h <> 'y'))",
			held:   []string{"view v needs the column", `waits for the change of column "a"`},
			gone:   []string{"DROP VIEW v"}},
		{system: "mysql", name: "views", old: []string{"CREATE TABLE t (id int PRIMARY KEY, a int, b int, c int, d int, KEY two (d, c))", "CREATE TABLE gone (id int PRIMARY KEY)", "CREATE TABLE stays (id int PRIMARY KEY, b int)"},
			others: []string{"CREATE VIEW v AS SELECT x.id, x.a AS z FROM t x JOIN stays ON stays.b = x.id", "CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET NEW.b = 1", "CREATE VIEW vg AS SELECT 1 AS one FROM gone", "CREATE PROCEDURE pr() SELECT c FROM t"},
			new:    "CREATE TABLE t (id int PRIMARY KEY, d int, KEY two (d)); CREATE TABLE stays (id int PRIMARY KEY, b int)",
			held:   []string{"view v reads what goes", "trigger tr needs the column", "view vg reads what goes", "procedure pr reads what goes"},
			gone:   []string{"DROP VIEW v, vg", "DROP TRIGGER tr", "DROP PROCEDURE pr"}},
		{system: "mysql", name: "checks", old: []string{"CREATE TABLE t (id int PRIMARY KEY, a int, b int, c int, d int)"},
			others: []string{"ALTER TABLE t ADD g int AS (a + 1), ADD CONSTRAINT k CHECK (b < id)"},
			new:    "CREATE TABLE t (id int PRIMARY KEY, d bigint)"},
	} {
		systems := []string{"postgres"}
		if c.system == "mysql" {
			systems = []string{"mysql", "mariadb"}
		}
		for _, system := range systems {
			t.Run(system+" "+c.name, func(t *testing.T) {
				t.Parallel()
				c.run(t, system)
			})
		}
	}
}

func (c usersCase) run(t *testing.T, system string) {
	var b *pairBench
	switch system {
	case "postgres":
		b = newPairs(t, "postgresql", "", func() string { return providertest.Postgres(t, "") })
	case "mysql":
		b = newPairs(t, "mysql", "mysql", func() string { return providertest.MySQL(t) })
	default:
		b = newPairs(t, "mysql", "mariadb", func() string { return providertest.MariaDB(t) })
	}
	name := "pub" + strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, b.target[strings.LastIndexByte(b.target, '/'):])
	named := func(list []string) []string {
		return strings.Split(strings.ReplaceAll(strings.Join(list, ";;"), "%p", name), ";;")
	}
	b.load(t, b.target, strings.Join(c.old, ";\n"))
	b.load(t, b.reference, c.new)
	providertest.Exec(t, b.target, named(c.others)...)
	b.hazards = strings.Replace(b.hazards, `"`+hazardUsers+`", `, "", 1)
	b.targetConn = b.open(t, "target."+b.provider+".b", b.target)
	p, diags := b.plan(t, c.new)
	if diags != "" {
		t.Fatal(diags)
	}
	said := ""
	for _, a := range p.Actions {
		said += a.Held + "\n" + a.Info + "\n"
		for _, s := range a.Steps {
			for _, h := range s.Hazards {
				if a.Held != "" {
					said += h.Text + "\n"
				}
			}
		}
	}
	for _, want := range c.held {
		if !strings.Contains(said, want) {
			t.Errorf("the plan does not say %q:\n%s", want, said)
		}
	}
	if wrong := b.apply(p); wrong != "" {
		t.Errorf("what is not held: %s\n%s", wrong, steps(p))
	}
	if err := b.targetConn.Close(); err != nil {
		t.Error(err)
	}
	if len(c.gone) > 0 {
		providertest.Exec(t, b.target, named(c.gone)...)
	}
	if wrong := b.converge(t, pair2{}, c.new, ""); wrong != "" {
		t.Error(wrong)
	}
}
