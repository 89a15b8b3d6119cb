package postgres

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/providertest"
	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
)

// applied is a target with one table, to which the tests write.
type applied struct {
	t       *testing.T
	url     string
	conn    *Conn
	session providers.ApplySession
	table   *providers.ApplyTable
	epoch   int64
}

func openApplied(t *testing.T, version, ddl string) *applied {
	t.Helper()
	a := &applied{t: t, url: providertest.Postgres(t, version)}
	providertest.Exec(t, a.url, ddl)
	a.conn = open(t, a.url)
	store, err := a.conn.OpenStreams(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Begin(t.Context(), providers.StreamRecord{Sync: testSync, Position: "p0"}); err != nil {
		t.Fatal(err)
	}
	if err := store.SetTables(t.Context(), testSync, []providers.TableRecord{{Mapping: "m", Table: schema.Name{Schema: "public", Name: "w"}, State: providers.TableLive}}, nil); err != nil {
		t.Fatal(err)
	}
	a.table = a.tableOf("w")
	if a.session, err = a.conn.OpenApply(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.session.Close(); err != nil {
			t.Error(err)
		}
	})
	return a
}

func (a *applied) tableOf(name string) *providers.ApplyTable {
	a.t.Helper()
	table := inspect(a.t, a.conn).Table(schema.Name{Schema: "public", Name: name})
	l := load(*table, "m")
	out := &providers.ApplyTable{Mapping: "m", Name: table.Name, Columns: l.Columns}
	for _, k := range l.Key {
		out.Key = append(out.Key, slices.IndexFunc(l.Columns, func(c providers.WriteColumn) bool { return c.Name == k }))
	}
	return out
}

// in runs f in a transaction with a checkpoint, and commits it.
func (a *applied) in(f func(tx providers.ApplyTx) error) error {
	a.t.Helper()
	tx, err := a.session.Begin(a.t.Context())
	if err != nil {
		return err
	}
	if err = tx.Checkpoint(a.t.Context(), providers.Checkpoint{Sync: testSync, Epoch: a.epoch, Position: "p1"}); err == nil {
		err = f(tx)
	}
	if err == nil {
		err = tx.Commit(a.t.Context())
	}
	if err != nil {
		if rollback := tx.Rollback(a.t.Context()); rollback != nil {
			a.t.Errorf("rollback: %v", rollback)
		}
	}
	return err
}

func (a *applied) must(f func(tx providers.ApplyTx) error) {
	a.t.Helper()
	if err := a.in(f); err != nil {
		a.t.Fatal(err)
	}
}

// rows makes a batch of lines of fields parted by '|'; "~" is NULL and "=" Unchanged.
func rows(lines ...string) *row.Batch {
	b := row.NewBatch(strings.Count(lines[0], "|") + 1)
	for _, l := range lines {
		for f := range strings.SplitSeq(l, "|") {
			switch f {
			case "~":
				b.AppendNull()
			case "=":
				b.EndField(row.Unchanged)
			default:
				b.Append([]byte(f))
			}
		}
		b.EndRow()
	}
	return b
}

// holds compares what the table holds.
func (a *applied) holds(want ...string) {
	a.t.Helper()
	var got []string
	for _, r := range providertest.Query(a.t, a.url, "SELECT w::text FROM w ORDER BY 1") {
		got = append(got, r[0])
	}
	if !slices.Equal(got, want) {
		a.t.Errorf("the table holds %q, not %q", got, want)
	}
}

// many are lines for a batch that goes by COPY.
func many(n int, format string) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = strings.ReplaceAll(format, "#", fmt.Sprint(i))
	}
	return out
}

func TestApplyTx(t *testing.T) {
	edgeServers(t, func(t *testing.T, version string) {
		a := openApplied(t, version, "CREATE TABLE w (id integer PRIMARY KEY, u varchar(8) UNIQUE, n smallint CHECK (n > 0))")
		ctx := t.Context()
		for _, size := range []int{3, 200} { // statements, COPY
			providertest.Exec(t, a.url, "TRUNCATE w")
			a.must(func(tx providers.ApplyTx) error { return tx.Upsert(ctx, a.table, rows(many(size, "#|u#|1")...)) })
			a.must(func(tx providers.ApplyTx) error { return tx.Upsert(ctx, a.table, rows(many(size, "#|v#|2")...)) })
			a.must(func(tx providers.ApplyTx) error {
				missing, err := tx.Patch(ctx, a.table, rows(append(many(size, "#|=|3"), "5000|=|3", "1|=|~")[1:]...))
				if !slices.Equal(missing, []int{size - 1}) {
					t.Errorf("missing %v", missing)
				}
				return err
			})
			a.must(func(tx providers.ApplyTx) error {
				got, err := tx.ReadRows(ctx, a.table, rows(append(many(size, "#"), "7777")...))
				if err == nil && got.Rows != size {
					t.Errorf("%d rows read", got.Rows)
				}
				n, err2 := tx.Delete(ctx, a.table, rows(append(many(size, "#"), "7777")[1:]...))
				if n != int64(size)-1 {
					t.Errorf("%d rows deleted", n)
				}
				return errors.Join(err, err2, tx.Tables(ctx, testSync, []providers.TableRecord{{Mapping: "m", State: providers.TableLive, Deletes: n}}))
			})
			a.holds("(0,v0,2)")

			var conflict *providers.ConflictError
			var bad *providers.BadRowError
			err := a.in(func(tx providers.ApplyTx) error { return tx.Upsert(ctx, a.table, rows(many(size, "1#|v0|1")...)) })
			if !errors.As(err, &conflict) || !conflict.Unique || conflict.Constraint != "w_u_key" {
				t.Errorf("a unique value that is there: %v", err)
			}
			err = a.in(func(tx providers.ApplyTx) error { return tx.Upsert(ctx, a.table, rows(many(size, "1#|x#|-1")...)) })
			if !errors.As(err, &conflict) || conflict.Unique || conflict.Constraint != "w_n_check" {
				t.Errorf("a check: %v", err)
			}
			err = a.in(func(tx providers.ApplyTx) error {
				return tx.Upsert(ctx, a.table, rows(append(many(size, "1#|x#|1")[1:], "99|x|70000")...))
			})
			if !errors.As(err, &bad) || size < bulkRows && bad.Key != "id=99" || size >= bulkRows && bad.Column != "n" {
				t.Errorf("a value too large: %v", err)
			}
			err = a.in(func(tx providers.ApplyTx) error {
				return tx.Upsert(ctx, a.table, rows(append(many(size, "1#|x#|1")[1:], "99|a\x00b|1")...))
			})
			if !errors.As(err, &bad) || bad.Column != "u" || bad.Key != "id=99" {
				t.Errorf("a NUL: %v", err)
			}
			a.holds("(0,v0,2)")
		}
		a.epoch = 5
		if err := a.in(func(tx providers.ApplyTx) error { return tx.Upsert(ctx, a.table, rows("1|fenced|1")) }); !errors.Is(err, providers.ErrFenced) {
			t.Errorf("another epoch: %v", err)
		}
		a.epoch = 0
		a.holds("(0,v0,2)")
		if got := providertest.Query(t, a.url, "SELECT position, (SELECT deletes FROM _sync_table) FROM _sync_checkpoint")[0]; got[0] != "p1" || got[1] != "199" {
			t.Error(got)
		}
	})
}

// TestApplySavepoint: under a savepoint an error comes with the call that it is of, and
// the transaction goes on behind it, also where a temporary table was made meanwhile.
func TestApplySavepoint(t *testing.T) {
	a := openApplied(t, "", "CREATE TABLE w (id integer PRIMARY KEY, u text UNIQUE)")
	ctx := t.Context()
	a.must(func(tx providers.ApplyTx) error {
		if err := tx.Upsert(ctx, a.table, rows("1|a")); err != nil {
			return err
		}
		for _, b := range []*row.Batch{rows("2|a"), rows(many(100, "3#|a")...)} {
			if err := tx.Savepoint(ctx); err != nil {
				return err
			}
			var conflict *providers.ConflictError
			if err := tx.Upsert(ctx, a.table, b); !errors.As(err, &conflict) {
				t.Errorf("no conflict: %v", err)
			}
			if err := tx.RollbackTo(ctx); err != nil {
				return err
			}
		}
		if err := tx.DeadLetter(ctx, testSync, []providers.DeadLetter{{Mapping: "m", Key: "id=2", Row: "{}", Error: "taken"}, {Mapping: "m", Key: "id=3", Row: "{}", Error: "taken"}}); err != nil {
			return err
		}
		return tx.Upsert(ctx, a.table, rows(many(50, "10#|x#")...))
	})
	if got := providertest.Query(t, a.url, "SELECT count(*), (SELECT count(*) FROM _sync_dead_letter) FROM w")[0]; got[0] != "51" || got[1] != "2" {
		t.Error(got)
	}
}

// TestApplyKeys: rows get other keys, by UPDATE where that can be, and rows in the way of a
// unique value are put out of it.
func TestApplyKeys(t *testing.T) {
	for _, ddl := range []string{
		"CREATE TABLE w (id integer PRIMARY KEY, u text UNIQUE, v text)",
		"CREATE TABLE w (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, u text UNIQUE, v text)",
	} {
		a := openApplied(t, "", ddl)
		ctx := t.Context()
		a.must(func(tx providers.ApplyTx) error {
			if err := tx.Upsert(ctx, a.table, rows("1|a|x", "2|b|y")); err != nil {
				return err
			}
			missing, err := tx.Rekey(ctx, a.table, rows("1", "7"), rows("3|=|z", "8|=|z"))
			if !slices.Equal(missing, []int{1}) {
				t.Errorf("missing %v", missing)
			}
			return err
		})
		a.holds("(2,b,y)", "(3,a,z)")
		var conflict *providers.ConflictError
		if err := a.in(func(tx providers.ApplyTx) error {
			_, err := tx.Rekey(ctx, a.table, rows("2"), rows("3|=|="))
			return err
		}); !errors.As(err, &conflict) || conflict.Unique {
			t.Errorf("a key that is there: %v", err)
		}
		a.must(func(tx providers.ApplyTx) error {
			gone, err := tx.Evict(ctx, a.table, rows("2|a|q"))
			if err != nil {
				return err
			}
			if k, _ := gone.Field(0, 0); gone.Rows != 1 || string(k) != "3" {
				t.Errorf("%d rows evicted", gone.Rows)
			}
			return tx.Upsert(ctx, a.table, rows("2|a|q"))
		})
		a.holds("(2,a,q)")
	}
}

// TestApplyTruncate: also where another table refers to it.
func TestApplyTruncate(t *testing.T) {
	a := openApplied(t, "", "CREATE TABLE w (id integer PRIMARY KEY); CREATE TABLE c (id integer PRIMARY KEY, w integer REFERENCES w); INSERT INTO w VALUES (1); INSERT INTO c VALUES (1, 1)")
	a.must(func(tx providers.ApplyTx) error {
		if err := tx.Truncate(t.Context(), []*providers.ApplyTable{a.table}); err != nil {
			return err
		}
		return tx.Upsert(t.Context(), a.table, rows("5"))
	})
	a.holds("(5)")
}

// TestApplyLargeTransaction: many bulk calls for one table in one transaction.
func TestApplyLargeTransaction(t *testing.T) {
	a := openApplied(t, "", "CREATE TABLE w (id integer PRIMARY KEY, v text)")
	ctx := t.Context()
	a.must(func(tx providers.ApplyTx) error {
		for part := range 40 {
			if err := tx.Upsert(ctx, a.table, rows(many(1000, fmt.Sprint(part+1)+"00#|v")...)); err != nil {
				return err
			}
		}
		_, err := tx.Delete(ctx, a.table, rows(many(500, "100#")...))
		return err
	})
	want := providertest.Query(t, a.url, "SELECT count(*) FROM (SELECT DISTINCT (p::text || '00' || g)::integer AS id FROM generate_series(1, 40) p, generate_series(0, 999) g) x WHERE id NOT IN (SELECT ('100' || g)::integer FROM generate_series(0, 499) g)")[0][0]
	if got := providertest.Query(t, a.url, "SELECT count(*) FROM w")[0][0]; got != want {
		t.Errorf("%s rows, not %s", got, want)
	}
}

// TestApplyUnprivileged: a role that may neither turn triggers off nor make temporary tables.
func TestApplyUnprivileged(t *testing.T) {
	a := openApplied(t, "", "CREATE TABLE w (id integer PRIMARY KEY, v text)")
	if on, _ := a.session.Enforced(); on {
		t.Error("a superuser's session has triggers on")
	}
	db := providertest.Query(t, a.url, "SELECT current_database()")[0][0]
	providertest.Exec(t, a.url, "CREATE ROLE "+db+"_r LOGIN PASSWORD 'x'", "REVOKE TEMPORARY ON DATABASE "+db+" FROM PUBLIC", "GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON ALL TABLES IN SCHEMA public TO "+db+"_r")
	t.Cleanup(func() { providertest.Exec(t, a.url, "DROP OWNED BY "+db+"_r", "DROP ROLE "+db+"_r") })
	c, err := Provider{}.Open(t.Context(), providers.Config{Addr: "x", Username: db + "_r", Password: "x", Attrs: map[string]any{"connection": a.url}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if a.session, err = c.(*Conn).OpenApply(t.Context()); err != nil {
		t.Fatal(err)
	}
	if on, why := a.session.Enforced(); !on || !strings.Contains(why, "session_replication_role") {
		t.Error(on, why)
	}
	a.must(func(tx providers.ApplyTx) error { return tx.Upsert(t.Context(), a.table, rows(many(300, "#|v")...)) })
	if got := providertest.Query(t, a.url, "SELECT count(*) FROM w")[0][0]; got != "300" {
		t.Error(got)
	}
}
