package planner

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/syncform/syncform/providers/providertest"
)

// columnTypes are types as each system declares them, with a default that each takes,
// "" for none. Those that a key may have come first, up to the empty one.
var columnTypes = map[string][][2]string{
	"postgres": {
		{"integer", "7"}, {"bigint", "-9223372036854775808"}, {"smallint", "0"}, {"varchar(20)", "'it''s'"}, {"uuid", "gen_random_uuid()"}, {"date", "'2024-02-29'"}, {"numeric(12,3)", "1.500"}, {"text", "'x'"}, {},
		{"boolean", "true"}, {"numeric", "1e3"}, {"real", "1.5"}, {"double precision", "'NaN'"}, {"char(5)", "'ab'"}, {"bytea", `'\x00ff'`}, {"json", "'{}'"}, {"jsonb", `'{"b": 1, "a": [1.0]}'`},
		{"timestamp", "'2024-01-01 00:00:00.5'"}, {"timestamptz", "now()"}, {"time(3)", "'12:00:00'"}, {"timetz", ""}, {"interval", "'1 day'"}, {"inet", "'10.0.0.1'"}, {"macaddr", ""}, {"bit(4)", "B'1010'"}, {"varbit(9)", ""},
		{"int4range", ""}, {"text[]", "'{a,NULL}'"}, {"integer[]", "ARRAY[1,2]"}, {"point", ""}, {"xml", ""}, {"tsvector", ""}, {"money", ""}, {"varchar", "''"}, {"timestamp(0)", ""}, {"oid", ""}, {`"char"`, ""},
	},
	"mysql": {
		{"int", "7"}, {"bigint unsigned", "18446744073709551615"}, {"tinyint", "-1"}, {"varchar(20)", "'it''s'"}, {"date", "'2024-02-29'"}, {"decimal(12,3)", "1.5"}, {"char(5)", "'ab'"}, {"varbinary(16)", ""}, {"mediumint", "0"}, {},
		{"tinyint(1)", "1"}, {"smallint unsigned", ""}, {"float", "1.5"}, {"double", "1e10"}, {"datetime(6)", "CURRENT_TIMESTAMP(6)"}, {"datetime", "'2024-01-01 00:00:00'"}, {"timestamp(3) NULL", ""}, {"time(2)", "'-12:00:00'"}, {"year", "2024"},
		{"text", ""}, {"longtext", ""}, {"tinyblob", ""}, {"longblob", ""}, {"binary(4)", ""}, {"bit(9)", "b'101'"}, {"json", ""}, {"enum('a','b c','it''s')", "'a'"}, {"set('x','y')", "'x,y'"}, {"varchar(9) CHARACTER SET latin1", "'é'"},
		{"char(36) CHARACTER SET ascii COLLATE ascii_bin", ""}, {"geometry", ""}, {"point", ""},
	},
	"sqlite": {
		{"INTEGER", "7"}, {"TEXT", "'it''s'"}, {"VARCHAR(20)", "''"}, {"BIGINT", "-1"}, {"DECIMAL(10,2)", "1.5"}, {"DATE", "CURRENT_DATE"}, {},
		{"BOOLEAN", "TRUE"}, {"REAL", "1.5"}, {"DOUBLE PRECISION", ""}, {"BLOB", "x'00ff'"}, {"DATETIME", "CURRENT_TIMESTAMP"}, {"TIME", ""}, {"JSON", "'{}'"}, {"NUMERIC", "0"}, {"", ""}, {"UNSIGNED BIG INT", ""}, {"CLOB", ""}, {"NVARCHAR(9)", ""}, {"TEXT COLLATE NOCASE", ""},
	},
}

// randomTables declares a few tables, each with a key, in the words of a system.
func randomTables(r *rand.Rand, system string) []string {
	kind, quote := system, `"`
	if kind == "mariadb" {
		kind = "mysql"
	}
	if kind == "mysql" {
		quote = "`"
	}
	q := func(s string) string { return quote + s + quote }
	types := columnTypes[kind]
	keys := slices.Index(types, [2]string{})
	types = slices.Delete(slices.Clone(types), keys, keys+1)
	var out []string
	for t := range 3 {
		name := []string{"plain", "Mixed Case", "order"}[t]
		var cols, all []string
		for c := range 2 + r.IntN(8) {
			typ := types[r.IntN(len(types))]
			col := []string{"id", "a", "B b", "select", "é", "x_y", "n", "o", "p", "q"}[c]
			if c == 0 {
				typ = types[r.IntN(keys)]
			}
			text := q(col) + " " + typ[0]
			if c == 0 || r.IntN(3) == 0 && !strings.Contains(typ[0], "NULL") {
				text += " NOT NULL"
			}
			if typ[1] != "" && r.IntN(2) == 0 {
				text += " DEFAULT " + typ[1]
			}
			cols = append(cols, text)
			if slices.ContainsFunc(types[:keys], func(k [2]string) bool { return k == typ }) {
				all = append(all, q(col))
			}
		}
		cols = append(cols, "PRIMARY KEY ("+q("id")+")")
		if t == 1 && r.IntN(2) == 0 {
			cols = append(cols, "UNIQUE ("+strings.Join(all, ", ")+")")
		}
		out = append(out, "CREATE TABLE "+q(name)+" ("+strings.Join(cols, ", ")+")")
		if len(all) > 1 && r.IntN(2) == 0 {
			out = append(out, fmt.Sprintf("CREATE INDEX %s ON %s (%s DESC)", q(fmt.Sprintf("i %d", t)), q(name), all[len(all)-1]))
		}
	}
	return out
}

// TestRandomSchemasConverge makes random tables, takes them into another system, makes
// other random tables of the same names in their place, and plans: what is not held
// leaves nothing more to do. SF_TEST_SCHEMAS says how many per pair (2).
func TestRandomSchemasConverge(t *testing.T) {
	rounds := 2
	if s := os.Getenv("SF_TEST_SCHEMAS"); s != "" {
		var err error
		if rounds, err = strconv.Atoi(s); err != nil {
			t.Fatalf("SF_TEST_SCHEMAS: %v", err)
		}
	}
	seed := uint64(1) // the gate sees the same each time; SF_TEST_SCHEMAS draws others
	if os.Getenv("SF_TEST_SCHEMAS") != "" {
		seed = rand.Uint64()
	}
	if s := os.Getenv("SF_TEST_SEED"); s != "" {
		var err error
		if seed, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatalf("SF_TEST_SEED: %v", err)
		}
	}
	for _, s := range liveSystems {
		if s.name == "sqlite" {
			t.Run("a unique constraint over the key", func(t *testing.T) {
				randomRound(t, rand.New(rand.NewPCG(8493058702228777686, 0)), s, s)
			})
		}
	}
	for _, from := range liveSystems {
		for _, to := range liveSystems {
			t.Run(from.name+"/"+to.name, func(t *testing.T) {
				t.Parallel()
				for i := range rounds {
					t.Logf("SF_TEST_SEED=%d, round %d", seed, i)
					randomRound(t, rand.New(rand.NewPCG(seed, uint64(i))), from, to)
				}
			})
		}
	}
}

func randomRound(t *testing.T, r *rand.Rand, from, to liveSystem) {
	source := from.fresh(t)
	first, second := randomTables(r, from.name), randomTables(r, from.name)
	providertest.Exec(t, source, first...)
	l := newLive(t, from, to, source, to.fresh(t), `mapping "*" {}`)
	defer func() {
		if t.Failed() {
			t.Logf("first:\n%s\nthen:\n%s", strings.Join(first, ";\n"), strings.Join(second, ";\n"))
		}
	}()
	l.apply(l.plan())
	l.settled("after the first apply")
	quote := `"`
	if from.provider == "mysql" {
		quote = "`"
	}
	for _, name := range []string{"plain", "Mixed Case", "order"} {
		providertest.Exec(t, source, "DROP TABLE "+quote+name+quote)
	}
	providertest.Exec(t, source, second...)
	l.apply(l.plan())
	if p := l.plan(); !p.Empty() {
		t.Fatalf("after the second apply, the next plan has something to do:\n%s", render(p, nil))
	}
}
