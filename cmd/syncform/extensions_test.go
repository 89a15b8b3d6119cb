package main

import (
	"slices"
	"testing"

	"github.com/syncform/syncform/providers/providertest"
)

// TestWhatTablesRestOn: extensions, composite and range types that the tables of a
// PostgreSQL source rest on are made in the target first, each once and in their order.
func TestWhatTablesRestOn(t *testing.T) {
	t.Parallel()
	s := systems()[0]
	source, target := s.fresh(t), s.fresh(t)
	providertest.Exec(t, source,
		`CREATE SCHEMA "Ext"`, `CREATE EXTENSION citext SCHEMA "Ext"`, "CREATE EXTENSION pg_trgm", "CREATE EXTENSION btree_gist", `CREATE EXTENSION "uuid-ossp"`,
		"CREATE EXTENSION earthdistance CASCADE", "CREATE EXTENSION hstore", // nothing rests on them
		`CREATE DOMAIN email AS "Ext".citext CHECK (VALUE ~ '@')`, "CREATE TYPE mood AS ENUM ('sad', 'ok')",
		`CREATE TYPE inside AS (m mood, e email, t text COLLATE "C", n numeric(5, 2))`, `CREATE TYPE "out side" AS (i inside, more inside[])`,
		"CREATE TYPE span AS RANGE (SUBTYPE = float8, SUBTYPE_DIFF = float8mi)",
		`CREATE TABLE made (id int PRIMARY KEY, o "out side", f span, fm span_multirange, es email[])`,
		`INSERT INTO made VALUES (1, ROW(ROW('ok', 'a@B', 'x,"y(', 1.5)::inside, ARRAY[ROW('sad', 'c@d', NULL, 2)::inside]), '[1,2)', '{[1,2),[3,4)}', '{a@b,"C@d"}'), (2, NULL, 'empty', '{}', '{}')`,
		"CREATE TABLE by_operator (id int PRIMARY KEY, t text, during tstzrange, EXCLUDE USING gist (id WITH =, during WITH &&))", "CREATE INDEX ON by_operator USING gin (t gin_trgm_ops)",
		"CREATE TABLE by_default (id uuid PRIMARY KEY DEFAULT uuid_generate_v4())", "INSERT INTO by_default DEFAULT VALUES")
	dir := copyConfig(t, s, source, s, target)
	applied(t, dir)
	const rows = "SELECT m::text FROM made m ORDER BY id"
	if want, got := lines(providertest.Query(t, source, rows)), lines(providertest.Query(t, target, rows)); !slices.Equal(got, want) {
		t.Errorf("rows %q, want %q", got, want)
	}
	got := lines(providertest.Query(t, target, "SELECT extname, extnamespace::regnamespace FROM pg_extension WHERE extname <> 'plpgsql' ORDER BY 1"))
	if want := []string{"btree_gist\tpublic", "citext\t\"Ext\"", "pg_trgm\tpublic", "uuid-ossp\tpublic"}; !slices.Equal(got, want) {
		t.Errorf("extensions %q, want %q", got, want)
	}

	other := s.fresh(t)
	providertest.Exec(t, other, "CREATE TYPE mood AS ENUM ('sad', 'ok')", "CREATE TYPE inside AS (m mood, e text)", `CREATE TYPE "out side" AS (i inside, more inside[])`)
	providertest.Exec(t, source, "CREATE TABLE uses (id int PRIMARY KEY, i inside)")
	contains(t, failing(t, copyConfig(t, s, source, s, other), "plan"), "Unsuitable type", `column "i"`, "which is AS (m public.mood, e public.email", "and AS (m public.mood, e text) in target.postgresql.to", "on main.sf.hcl line")
}

// TestFunctionsThatTablesCall: a function of the source's is not made in the target, and a
// plan that can't do without says so, once and at the mapping.
func TestFunctionsThatTablesCall(t *testing.T) {
	t.Parallel()
	s := systems()[0]
	source, target := s.fresh(t), s.fresh(t)
	const made = "CREATE FUNCTION twice(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1 * 2'"
	providertest.Exec(t, source, made, "CREATE FUNCTION unused() RETURNS int LANGUAGE sql AS 'SELECT 1'",
		"CREATE TABLE plain (id int PRIMARY KEY)", "CREATE TABLE calls (id int PRIMARY KEY, n int CHECK (twice(n) < 100))", "CREATE INDEX ON calls (twice(id))", "INSERT INTO calls VALUES (1, 2)")
	dir := copyConfig(t, s, source, s, target)
	contains(t, failing(t, dir, "plan"), "Unsuitable type", `check "calls_n_check" of table public.calls calls function public.twice`, "which target.postgresql.to does not have", "on main.sf.hcl line")
	providertest.Exec(t, target, made)
	applied(t, dir)
	providertest.Exec(t, source, "CREATE FUNCTION thrice(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1 * 3'", "ALTER TABLE calls ADD COLUMN m int GENERATED ALWAYS AS (thrice(id)) STORED")
	contains(t, failing(t, dir, "plan"), `computed column "m" of table public.calls calls function public.thrice`)
}
