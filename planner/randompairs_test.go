package planner

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/syncform/syncform/providers/providertest"
	"github.com/syncform/syncform/providers/schema"
)

// randomSchema is a schema that a test made up, in the words of a system.
type randomSchema interface {
	// create gives the statements that make it; in want of a row, some fail.
	create() []string
	// rows gives statements each of which adds a row, where the server takes it.
	rows(*rapid.T) []string
	// kept names columns ("table.column") by what they are: where the same name has the
	// same form in two schemas, its values must have survived.
	kept() map[string]string
	// others gives what reads parts of it and is not managed; some fail.
	others(*rapid.T) []string
}

// TestRandomPairs makes up a schema and changes of it, and does with the two what
// TestPairs does: what is planned is applied, the catalogue is that of the new schema
// as the server alone makes it, the next plan is empty, and rows keep their values.
//
// SF_TEST_RANDOM_PAIRS says how many per system, from a random seed; without it a few
// with a fixed one. -rapid.seed repeats one that failed.
func TestRandomPairs(t *testing.T) {
	versions := providertest.PostgresVersions()
	if n := len(versions); n > 1 && os.Getenv("SF_TEST_PAIRS") != "all" {
		versions = versions[n-1:]
	}
	for _, v := range versions {
		t.Run("postgres"+v, func(t *testing.T) {
			t.Parallel()
			b := newPairs(t, "postgresql", v, func() string { return providertest.Postgres(t, v) })
			n, err := strconv.Atoi(v)
			if err != nil {
				t.Fatal(err)
			}
			b.random(t, func(rt *rapid.T, old randomSchema) randomSchema { return randomPostgres(rt, n, old) })
		})
	}
	for _, s := range []string{"mysql", "mariadb"} {
		t.Run(s, func(t *testing.T) {
			t.Parallel()
			fresh := providertest.MySQL
			if s == "mariadb" {
				fresh = providertest.MariaDB
			}
			b := newPairs(t, "mysql", s, func() string { return fresh(t) })
			b.random(t, func(rt *rapid.T, old randomSchema) randomSchema { return randomMySQL(rt, s == "mariadb", old) })
		})
	}
}

// refusedForRows matches what a server says where rows are in the way of a change: it
// lost nothing, and there is no schema to compare.
var refusedForRows = regexp.MustCompile(`SQLSTATE (22|23)|Error (1048|1062|1138|1264|1265|1292|1366|1406|1411|1452|1526|1690|3140|3751|3819|4025|4078)|can't partition a table otherwise|No value for the rows that are there`)

// randomPair is a schema, what it becomes, and rows for the first.
type randomPair struct {
	old, new randomSchema
	rows     []string
	others   []string
}

func (b *pairBench) random(t *testing.T, make func(*rapid.T, randomSchema) randomSchema) {
	pairs := rapid.Custom(func(rt *rapid.T) randomPair {
		old := make(rt, nil)
		p := randomPair{old: old, new: make(rt, old), rows: old.rows(rt)}
		if rapid.IntRange(0, 2).Draw(rt, "") == 2 {
			p.others = old.others(rt)
		}
		return p
	})
	done, invalid, refused := 0, 0, 0
	check := func(p randomPair) string {
		b.load(t, b.target, "")
		b.load(t, b.reference, "")
		if providertest.Try(b.target, p.old.create()...) != nil || providertest.Try(b.reference, p.new.create()...) != nil {
			invalid++
			return ""
		}
		withRows := 0
		for _, r := range p.rows {
			if providertest.Try(b.target, r) == nil {
				withRows++
			}
		}
		var about pair2
		now := p.new.kept()
		for name, form := range p.old.kept() {
			if now[name] != form {
				about.values = append(about.values, name)
			}
		}
		to := strings.Join(p.new.create(), ";\n") + ";\n"
		wrong := ""
		if len(p.others) > 0 {
			wrong = b.beside(t, p.others, to)
			rows := refusedForRows.MatchString(wrong)
			if wrong != "" && !rows {
				return fmt.Sprintf("beside others: %s\nold:\n%s;\n%s;\n%s;\nnew:\n%s", wrong, strings.Join(p.old.create(), ";\n"), strings.Join(p.rows, ";\n"), strings.Join(p.others, ";\n"), to)
			}
			about.values = append(about.values, slices.Sorted(maps.Keys(p.old.kept()))...) // told above
		}
		if wrong == "" {
			wrong = b.converge(t, about, to, "")
		}
		switch {
		case wrong == "":
			done++
			return ""
		case (withRows > 0 || strings.HasPrefix(wrong, "not planned")) && refusedForRows.MatchString(wrong):
			refused++
			return ""
		}
		return fmt.Sprintf("%s\nold:\n%s;\n%s;\nnew:\n%s", wrong, strings.Join(p.old.create(), ";\n"), strings.Join(p.rows, ";\n"), to)
	}
	if n := os.Getenv("SF_TEST_RANDOM_PAIRS"); n != "" {
		if err := flag.Set("rapid.nofailfile", "true"); err != nil { // the seed is enough
			t.Fatal(err)
		}
		if err := flag.Set("rapid.checks", n); err != nil {
			t.Fatalf("SF_TEST_RANDOM_PAIRS: %v", err)
		}
		rapid.Check(t, func(rt *rapid.T) {
			if wrong := check(pairs.Draw(rt, "pair")); wrong != "" {
				rt.Fatal(wrong)
			}
		})
	} else {
		for i := range 8 {
			if wrong := check(pairs.Example(i)); wrong != "" {
				t.Error(wrong)
			}
		}
	}
	t.Logf("%d converged, %d of all with a type changed on a new column; %d were no schemas, %d were refused for their rows", done, b.aside, invalid, refused)
	if done == 0 && !t.Failed() {
		t.Error("nothing was tried")
	}
}

// beside plans and applies while things that are not managed read what changes: nothing
// fails, for what they are in the way of is held. Then they go.
func (b *pairBench) beside(t *testing.T, others []string, to string) string {
	t.Helper()
	for _, o := range others {
		_ = providertest.Try(b.target, o) // some are none, as some schemas are none
	}
	b.targetConn = b.open(t, "target."+b.provider+".b", b.target)
	defer func() {
		if err := b.targetConn.Close(); err != nil {
			t.Error(err)
		}
	}()
	p, diags := b.plan(t, to)
	if diags != "" {
		return "not planned: " + diags
	}
	if wrong := b.apply(p); wrong != "" {
		return wrong + "\nplan:\n" + steps(p)
	}
	if b.system == schema.PostgreSQL {
		providertest.Exec(t, b.target, "SET client_min_messages = error", "DROP SCHEMA IF EXISTS apart CASCADE")
		for i := range 3 {
			providertest.Exec(t, b.target, fmt.Sprintf("DROP STATISTICS IF EXISTS st%d", i))
		}
		return ""
	}
	for _, r := range providertest.Query(t, b.target, "SELECT TABLE_NAME FROM information_schema.VIEWS WHERE TABLE_SCHEMA = DATABASE()") {
		providertest.Exec(t, b.target, "DROP VIEW "+myq(r[0]))
	}
	for _, r := range providertest.Query(t, b.target, "SELECT TRIGGER_NAME FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE()") {
		providertest.Exec(t, b.target, "DROP TRIGGER "+myq(r[0]))
	}
	return ""
}

// randomChoice draws with names of what is drawn left out: what counts is the schema.
type randomChoice struct{ *rapid.T }

func (r randomChoice) upTo(n int) int { return rapid.IntRange(0, n).Draw(r.T, "") }

// one in n; shrinks to false.
func (r randomChoice) one(n int) bool { return r.upTo(n-1) == n-1 }

func (r randomChoice) of(list ...string) string { return rapid.SampledFrom(list).Draw(r.T, "") }

// some gives a few of a list, in any order, at least one where there is one.
func (r randomChoice) some(list []string, most int) []string {
	if len(list) == 0 {
		return nil
	}
	list = rapid.Permutation(list).Draw(r.T, "")
	return list[:1+r.upTo(min(most, len(list))-1)]
}

// mutate keeps most of a list, changes or drops the rest, and adds to it.
func mutate[T any](r randomChoice, old []T, most int, change func(*T) T) []T {
	var out []T
	for i := range old {
		switch n := r.upTo(9); {
		case n < 7:
			out = append(out, old[i])
		case n < 9:
			out = append(out, change(&old[i]))
		}
	}
	for n := r.upTo(most); n > 0 && len(out) < most+3; n-- {
		if old == nil || r.one(3) {
			out = append(out, change(nil))
		}
	}
	return out
}
