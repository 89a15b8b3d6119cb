package postgres

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/providertest"
	"github.com/syncform/syncform/providers/schema"
)

var tableT = schema.Name{Schema: "public", Name: "t"}

// safeChanges are changes of a table with rows, each with what the catalogue says
// once it is made.
func safeChanges(t *schema.Table) map[string]struct {
	change schema.Change
	made   string
} {
	email := *t.Column("email")
	sure := email
	sure.Nullable = false
	key := func(name string, cols ...string) schema.Key {
		k := schema.Key{Name: name}
		for _, c := range cols {
			k.Parts = append(k.Parts, schema.KeyPart{Column: c})
		}
		return k
	}
	type expect = struct {
		change schema.Change
		made   string
	}
	constraint := func(name string) string {
		return "SELECT count(*) FROM pg_constraint WHERE conname = '" + name + "' AND convalidated"
	}
	return map[string]expect{
		"unique":      {schema.AddUnique{In: tableT, Key: schema.Key{Name: "t_email", Parts: key("", "email").Parts, Include: []string{"n"}, Deferrable: true}}, constraint("t_email")},
		"primary key": {schema.AddPrimaryKey{In: tableT, Key: key("t_pkey", "id")}, constraint("t_pkey")},
		"index":       {schema.AddIndex{In: tableT, Index: schema.Index{Name: "by_n", Parts: key("", "n").Parts}}, "SELECT count(*) FROM pg_index WHERE indexrelid = 'by_n'::regclass AND indisvalid"},
		"not null":    {schema.ModifyColumn{In: tableT, From: email, To: sure}, "SELECT count(*) FROM pg_attribute WHERE attrelid = 't'::regclass AND attname = 'email' AND attnotnull"},
		"check":       {schema.AddCheck{In: tableT, Check: schema.Check{Name: "positive", Expr: "n > 0"}}, constraint("positive")},
		"foreign key": {schema.AddForeignKey{In: tableT, Key: schema.ForeignKey{Name: "t_n", Columns: []string{"n"}, RefTable: schema.Name{Schema: "public", Name: "p"}, RefColumns: []string{"id"}}}, constraint("t_n")},
	}
}

func fill(t *testing.T, url string) {
	providertest.Exec(t, url, "CREATE TABLE p (id int PRIMARY KEY)", "INSERT INTO p SELECT generate_series(1, 10)",
		"CREATE TABLE t (id int, n int, email text)", "INSERT INTO t SELECT i, 1 + i % 10, 'e' || i FROM generate_series(1, 1000) i", "ANALYZE t")
}

// TestSafeForms: whatever step a run is killed before, one that plans anew from what is
// there ends right.
func TestSafeForms(t *testing.T) {
	edgeServers(t, func(t *testing.T, version string) {
		url := providertest.Postgres(t, version)
		fill(t, url)
		conn := open(t, url)
		for name := range safeChanges(inspect(t, conn).Table(tableT)) {
			for killed := 0; ; killed++ {
				providertest.Exec(t, url, "DROP TABLE t, p")
				fill(t, url)
				x := safeChanges(inspect(t, conn).Table(tableT))[name]
				done := false
				for run := range 2 {
					steps, err := conn.PlanSteps(inspect(t, conn), x.change)
					if err != nil {
						t.Fatalf("%s, killed before step %d, run %d: %v", name, killed, run, err)
					}
					for i, s := range steps {
						if strings.HasPrefix(s.Text, "ALTER TABLE") && s.LockTimeout == 0 && !strings.Contains(s.Text, "VALIDATE") {
							t.Errorf("%s: no lock timeout: %s", name, s.Text)
						}
						if run == 0 && i == killed {
							break
						}
						key := providers.StepKey{Plan: strings.ReplaceAll(name, " ", "-") + string(rune('a'+killed)), Action: string(rune('a' + run)), Step: i}
						if _, err := conn.RunStep(t.Context(), key, s); err != nil {
							t.Fatalf("%s, killed before step %d: %v\n%s", name, killed, err, s.Text)
						}
					}
					if done = run == 0 && killed >= len(steps); done || run == 0 && notValid(inspect(t, conn)) {
						break
					}
				}
				if !done && notValid(inspect(t, conn)) {
					continue // the planner drops it and begins again
				}
				if got := providertest.Query(t, url, x.made); got[0][0] != "1" {
					t.Errorf("%s, killed before step %d: not there", name, killed)
				}
				if got := providertest.Query(t, url, "SELECT conname FROM pg_constraint WHERE conrelid = 't'::regclass AND conname LIKE '\\_sync%'"); len(got) > 0 {
					t.Errorf("%s, killed before step %d: %s is left", name, killed, got[0][0])
				}
				if done {
					break
				}
			}
		}
	})
}

// notValid reports whether a constraint waits to be validated, which a plan sees.
func notValid(db *schema.Database) bool {
	table := db.Table(tableT)
	return slices.ContainsFunc(table.ForeignKeys, func(k schema.ForeignKey) bool { return k.NotValid }) ||
		slices.ContainsFunc(table.Checks, func(k schema.Check) bool { return k.NotValid && !strings.HasPrefix(k.Name, "_sync") })
}

// TestInvalidIndex: what a failed build left is taken away and built again.
func TestInvalidIndex(t *testing.T) {
	edgeServers(t, func(t *testing.T, version string) {
		url := providertest.Postgres(t, version)
		fill(t, url)
		providertest.Exec(t, url, "INSERT INTO t VALUES (1, 1, 'twice')")
		conn := open(t, url)
		change := safeChanges(inspect(t, conn).Table(tableT))["primary key"].change
		run := func(plan string) error {
			steps, err := conn.PlanSteps(inspect(t, conn), change)
			if err != nil {
				t.Fatal(err)
			}
			for i, s := range steps {
				if _, err := conn.RunStep(t.Context(), providers.StepKey{Plan: plan, Action: "a", Step: i}, s); err != nil {
					return err
				}
			}
			return nil
		}
		if err := run("p1"); err == nil || !strings.Contains(err.Error(), "23505") {
			t.Fatalf("two rows of one key: %v", err)
		}
		providertest.Exec(t, url, "DELETE FROM t WHERE email = 'twice'")
		if err := run("p2"); err != nil {
			t.Fatal(err)
		}
		if inspect(t, conn).Table(tableT).PrimaryKey == nil {
			t.Error("no primary key")
		}
	})
}

// TestLockedNames: a step that does not get its lock says who holds it.
func TestLockedNames(t *testing.T) {
	url := providertest.Postgres(t, providertest.PostgresVersions()[0])
	fill(t, url)
	conn := open(t, url)
	other := open(t, url)
	s, err := other.acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer other.release(s)
	if err := s.exec(t.Context(), "BEGIN; SELECT 1 FROM t LIMIT 1"); err != nil {
		t.Fatal(err)
	}
	steps, err := conn.PlanSteps(inspect(t, conn), schema.DropColumn{In: tableT, Column: schema.Column{Name: "email"}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = conn.RunStep(t.Context(), providers.StepKey{Plan: "p", Action: "a"}, steps[0])
	if !errors.Is(err, providers.ErrLocked) || !providers.IsRetryable(err) || !strings.Contains(err.Error(), "in a transaction for") || !strings.Contains(err.Error(), "and idle") {
		t.Fatalf("%v", err)
	}
	if err := s.exec(t.Context(), "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.RunStep(t.Context(), providers.StepKey{Plan: "p", Action: "a"}, steps[0]); err != nil {
		t.Fatal(err)
	}
}
