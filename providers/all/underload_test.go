package all_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/mysql"
	"github.com/syncform/syncform/providers/postgres"
	"github.com/syncform/syncform/providers/providertest"
	"github.com/syncform/syncform/providers/schema"
)

// lockTimeout is the providers' own, which no statement of others may wait longer for.
const lockTimeout = time.Second

// client is one connection of the workload.
type client func(ctx context.Context, statement string) error

// dial opens a client; it is closed with the test.
type dial func(t *testing.T) client

func dialPostgres(u string) dial {
	return func(t *testing.T) client {
		c, err := pgx.Connect(t.Context(), u)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close(context.Background()) }) // the server has ended it with its database, perhaps
		return func(ctx context.Context, q string) error { _, err := c.Exec(ctx, q); return err }
	}
}

func dialMySQL(db *sql.DB) dial {
	return func(t *testing.T) client {
		c, err := db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() }) // as above
		return func(ctx context.Context, q string) error { _, err := c.ExecContext(ctx, q); return err }
	}
}

// load runs about 1,000 statements a second against table t and remembers the longest.
type load struct {
	longest atomic.Int64
	count   atomic.Int64
	stop    context.CancelFunc
	wg      sync.WaitGroup
}

func begin(t *testing.T, open dial) *load {
	l := &load{}
	ctx, stop := context.WithCancel(t.Context())
	l.stop = stop
	const workers = 16
	for range workers {
		run := open(t)
		l.wg.Go(func() {
			tick := time.NewTicker(workers * time.Millisecond)
			defer tick.Stop()
			for {
				select {
				case <-ctx.Done():
					return
				case <-tick.C:
				}
				id, began := 1+rand.IntN(rows), time.Now()
				text := fmt.Sprintf("UPDATE t SET n = n WHERE id = %d", id)
				if id%4 == 0 {
					text = fmt.Sprintf("SELECT n FROM t WHERE id = %d", id)
				}
				// A statement that has begun is finished, so that its time is known.
				if err := run(context.WithoutCancel(ctx), text); err != nil && !strings.Contains(err.Error(), "Deadlock") {
					t.Errorf("the workload: %v", err)
					return
				}
				l.count.Add(1)
				took := int64(time.Since(began))
				for old := l.longest.Load(); took > old && !l.longest.CompareAndSwap(old, took); {
					old = l.longest.Load()
				}
			}
		})
	}
	return l
}

func (l *load) end() {
	l.stop()
	l.wg.Wait()
}

const rows = 200_000

// TestUnderLoad: while each safe form is applied to a busy table, also against a
// transaction that holds the table for longer than a step may wait, no statement of
// others stalls for longer than the lock timeout and 100 ms, beyond what the machine's own
// noise was before. make underload runs it.
func TestUnderLoad(t *testing.T) {
	if os.Getenv("SF_TEST_UNDERLOAD") == "" {
		t.Skip("it takes a minute per server and wants a quiet machine: make underload")
	}
	for _, v := range providertest.PostgresVersions() {
		t.Run("postgres "+v, func(t *testing.T) {
			u := providertest.Postgres(t, v)
			providertest.Exec(t, u, "CREATE TABLE p (id int PRIMARY KEY)", "INSERT INTO p SELECT generate_series(1, 10)",
				"CREATE TABLE t (id int NOT NULL, n int, email text, gone text, PRIMARY KEY (id))",
				fmt.Sprintf("INSERT INTO t SELECT i, 1 + i %% 10, 'e' || i, 'x' FROM generate_series(1, %d) i", rows), "ANALYZE t")
			underLoad(t, postgres.Provider{}, u, dialPostgres(u), true)
		})
	}
	for name, open := range map[string]func(testing.TB) string{"mysql": providertest.MySQL, "mariadb": providertest.MariaDB} {
		t.Run(name, func(t *testing.T) {
			u := open(t)
			providertest.Exec(t, u, "CREATE TABLE t (id int NOT NULL PRIMARY KEY, n int, email varchar(40), gone varchar(10))")
			parsed, err := url.Parse(u)
			if err != nil {
				t.Fatal(err)
			}
			password, _ := parsed.User.Password()
			db, err := sql.Open("mysql", fmt.Sprintf("%s:%s@tcp(%s)%s", parsed.User.Username(), password, parsed.Host, parsed.Path))
			if err != nil {
				t.Fatal(err)
			}
			for from := 1; from <= rows; from += 10_000 {
				var b strings.Builder
				b.WriteString("INSERT INTO t VALUES ")
				for i := from; i < from+10_000; i++ {
					if i > from {
						b.WriteString(",")
					}
					fmt.Fprintf(&b, "(%d,%d,'e%d','x')", i, 1+i%10, i)
				}
				if _, err := db.Exec(b.String()); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := db.Exec("ANALYZE TABLE t"); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = db.Close() })
			underLoad(t, mysql.Provider{RetypeFrom: 1000}, u, dialMySQL(db), false)
		})
	}
}

func underLoad(t *testing.T, p providers.Provider, u string, open dial, pg bool) {
	conn, err := p.Open(t.Context(), providers.Config{Addr: "test", Attrs: map[string]any{"connection": u}})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	planner, _ := providers.As[providers.StepPlanner](conn)
	runner, _ := providers.As[providers.StepRunner](conn)
	l := begin(t, open)
	holder := open(t)
	defer l.end()
	await(t, func() bool { return l.count.Load() > 2000 })
	noise := time.Duration(l.longest.Load())
	for i, c := range changes(t, conn, pg) {
		live, err := conn.Inspect(t.Context(), providers.InspectOptions{})
		if err != nil {
			t.Fatal(err)
		}
		steps, err := planner.PlanSteps(live, c)
		if err != nil {
			t.Fatal(err)
		}
		l.longest.Store(0)
		before, began, locked := l.count.Load(), time.Now(), 0
		release := hold(t, holder)
		for j, s := range steps {
			for {
				_, err := runner.RunStep(t.Context(), providers.StepKey{Plan: "p", Action: fmt.Sprint("a", i), Step: j}, s)
				if err == nil {
					break
				}
				if !errors.Is(err, providers.ErrLocked) {
					t.Fatalf("%s: %v\n%s", schema.ChangeKind(c), err, s.Text)
				}
				if locked++; locked == 2 {
					release()
				}
			}
			if j == 0 {
				release()
			}
		}
		took := time.Since(began)
		longest := time.Duration(l.longest.Load())
		t.Logf("%-14s %d steps in %v, locked out %d times, %d statements beside it, the longest %v (%v before)", schema.ChangeKind(c), len(steps), took.Round(time.Millisecond), locked, l.count.Load()-before, longest.Round(time.Millisecond), noise.Round(time.Millisecond))
		if longest > lockTimeout+100*time.Millisecond+noise {
			t.Errorf("%s: a statement waited for %v", schema.ChangeKind(c), longest)
		}
	}
}

// hold begins a transaction that has read the table, and ends it when told, or after
// some seconds, for a step that may wait as long as it likes.
func hold(t *testing.T, run client) func() {
	if err := run(t.Context(), "BEGIN"); err != nil {
		t.Fatal(err)
	}
	if err := run(t.Context(), "SELECT 1 FROM t WHERE id = 1"); err != nil {
		t.Fatal(err)
	}
	var once sync.Once
	end := func() {
		once.Do(func() {
			if err := run(context.Background(), "ROLLBACK"); err != nil {
				t.Error(err)
			}
		})
	}
	timer := time.AfterFunc(2500*time.Millisecond, end)
	return func() { timer.Stop(); end() }
}

func await(t *testing.T, done func() bool) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-t.Context().Done():
			t.Fatal("the test is over")
		}
	}
}

// retyped is a change of type that would rewrite the table.
func retyped(t *testing.T, conn providers.Conn, in schema.Name, c schema.Column) schema.Change {
	words, err := providers.As[providers.Translator](conn)
	if err != nil {
		t.Fatal(err)
	}
	to := c
	if to.Type, err = words.ParseType("bigint"); err != nil {
		t.Fatal(err)
	}
	return schema.ModifyColumn{In: in, From: c, To: to, Type: schema.Widens}
}

func changes(t *testing.T, conn providers.Conn, pg bool) []schema.Change {
	live, err := conn.Inspect(t.Context(), providers.InspectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var table *schema.Table
	for i := range live.Tables {
		if live.Tables[i].Name.Name == "t" {
			table = &live.Tables[i]
		}
	}
	in := table.Name
	parts := func(cols ...string) (out []schema.KeyPart) {
		for _, c := range cols {
			out = append(out, schema.KeyPart{Column: c})
		}
		return out
	}
	email := *table.Column("email")
	sure := email
	sure.Nullable = false
	extra := *table.Column("n")
	extra.Name = "extra"
	changed := *table.Column("n")
	changed.Default = &schema.Default{Literal: true, Text: "5"}
	out := []schema.Change{
		schema.AddColumn{In: in, Column: extra},
		schema.AddIndex{In: in, Index: schema.Index{Name: "by_n", Parts: parts("n")}},
		schema.DropIndex{In: in, Index: schema.Index{Name: "by_n", Parts: parts("n")}},
		schema.AddUnique{In: in, Key: schema.Key{Name: "t_email", Parts: parts("email")}},
		schema.ModifyColumn{In: in, From: email, To: sure},
		schema.ModifyColumn{In: in, From: *table.Column("n"), To: changed},
		schema.RenameColumn{In: in, From: "extra", To: "more"},
		schema.DropColumn{In: in, Column: *table.Column("gone")},
	}
	if !pg {
		out = append(out, retyped(t, conn, in, changed))
	} else {
		out = append(out,
			schema.AddCheck{In: in, Check: schema.Check{Name: "positive", Expr: "n > 0"}},
			schema.AddForeignKey{In: in, Key: schema.ForeignKey{Name: "t_n", Columns: []string{"n"}, RefTable: schema.Name{Schema: in.Schema, Name: "p"}, RefColumns: []string{"id"}}},
			schema.DropForeignKey{In: in, Key: schema.ForeignKey{Name: "t_n"}},
			retyped(t, conn, in, changed),
		)
	}
	return out
}
