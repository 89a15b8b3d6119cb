package mysql

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/ledger"
	"github.com/syncform/syncform/providers/providertest"
	"github.com/syncform/syncform/providers/schema"
)

// aside opens an endpoint that changes types on new columns whatever the table's size.
func aside(t *testing.T, url string) *Conn {
	t.Helper()
	c, err := Provider{RetypeFrom: 1}.Open(t.Context(), providers.Config{Addr: "test", Attrs: map[string]any{"connection": url}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() }) // always nil
	return c.(*Conn)
}

var retypedT = schema.Name{Name: "t"}

// retypeTable is a table with all that can hang on a column, and rows of a composite key.
func retypeTable() []string {
	fill := "INSERT INTO t (a, b, n, `odd ``name`, said, e, m, note) WITH RECURSIVE r AS (SELECT %[1]d AS i UNION ALL SELECT i + 1 FROM r WHERE i < %[1]d + 700)" +
		" SELECT i DIV 7, CONCAT(CHAR(97 + i %% 7 USING utf8mb4), 'ä'), i, i, IF(i %% 10 = 0, NULL, CONCAT('é', i)), 1 + i %% 3, IF(i %% 11 = 0, NULL, i + 0.5), i FROM r"
	return []string{
		"CREATE TABLE t (a INT NOT NULL, b VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci NOT NULL, n INT NOT NULL DEFAULT 3 COMMENT 'so many', `odd ``name` TEXT NOT NULL, said VARCHAR(20) CHARACTER SET latin1 DEFAULT 'x'," +
			" e ENUM('one','two','three') NOT NULL, m DECIMAL(10,3), at DATETIME(3) DEFAULT CURRENT_TIMESTAMP(3), touched TIMESTAMP(6) NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6), note VARCHAR(40) NOT NULL DEFAULT ''," +
			" PRIMARY KEY (a, b), KEY by_n (n DESC, said), UNIQUE KEY un (n, a, b), KEY s (said(5)), KEY o (`odd ``name`(10), e), KEY e (e)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4",
		fmt.Sprintf(fill, 1), fmt.Sprintf(fill, 1000),
		"CREATE TRIGGER seen BEFORE INSERT ON t FOR EACH ROW SET NEW.n = NEW.n + 0",
		"ANALYZE TABLE t",
	}
}

// retypeCatalogue describes the table, its rows and triggers.
func retypeCatalogue(t *testing.T, url string) string {
	t.Helper()
	var out []string
	for _, q := range []string{
		"SELECT 'column', COLUMN_NAME, COLUMN_TYPE, IS_NULLABLE, COLUMN_DEFAULT, EXTRA, COLLATION_NAME, COLUMN_COMMENT, ORDINAL_POSITION FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 't'",
		"SELECT 'index', INDEX_NAME, NON_UNIQUE, SEQ_IN_INDEX, COLUMN_NAME, SUB_PART, COLLATION FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 't'",
		"SELECT 'trigger', TRIGGER_NAME FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE()",
		"SELECT 'routine', ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE()",
		"SELECT 'row', a, HEX(b), n, HEX(`odd ``name`), HEX(CONVERT(said USING utf8mb4)), e, e + 0, m, at IS NULL, touched, note FROM t",
		"SELECT 'found', COUNT(*) FROM t FORCE INDEX (by_n) WHERE n > 0",
		"CHECK TABLE t EXTENDED",
	} {
		for _, r := range providertest.Query(t, url, q) {
			out = append(out, strings.Join(r, " | "))
		}
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}

// retypes are changes of t's columns.
func retypes(t *testing.T, c *Conn) map[string]schema.ModifyColumn {
	t.Helper()
	table := inspect(t, c).Table(retypedT)
	typed := func(name, typ string) schema.ModifyColumn {
		to, err := c.ParseType(typ)
		if err != nil {
			t.Fatal(err)
		}
		m := schema.ModifyColumn{In: retypedT, From: *table.Column(name), To: *table.Column(name), Type: c.CompareTypes(table.Column(name).Type, to)}
		m.To.Type = to
		switch note := table.Column("note"); {
		case !to.IsText():
			m.To.Charset, m.To.Collation = "", ""
		case m.From.Collation == "":
			m.To.Charset, m.To.Collation = note.Charset, note.Collation
		}
		return m
	}
	wide := typed("n", "bigint")
	wide.To.Comment, wide.To.Default = "more", &schema.Default{Literal: true, Text: "4"}
	loose := typed("n", "decimal(20,2)")
	loose.To.Nullable, loose.To.Default = true, nil
	odd := typed("odd `name", "varchar(30)")
	said := typed("said", "varchar(20)")
	said.To.Charset, said.To.Collation = "utf8mb4", "utf8mb4_bin"
	back := typed("note", "varchar(40)")
	back.To.Charset, back.To.Collation = "latin1", "latin1_swedish_ci"
	at := typed("at", "datetime(6)")
	at.Place, at.To.Default = &schema.Place{}, &schema.Default{Text: "CURRENT_TIMESTAMP(6)"}
	if c.server.mariadb() {
		at.To.Default.Text = "current_timestamp(6)"
	}
	number := typed("note", "int")
	number.To.Default = nil
	return map[string]schema.ModifyColumn{
		"wider": wide, "nullable": loose, "narrower": typed("n", "smallint"), "text": odd, "charset": said, "to latin1": back,
		"labels": typed("e", "enum('three','two','one')"), "decimal": typed("m", "decimal(10,1)"), "moved": at, "number": number, "to text": typed("n", "varchar(10)"),
	}
}

func runRetype(t *testing.T, c *Conn, plan string, change schema.Change, upTo int) (left int, err error) {
	t.Helper()
	steps, err := c.PlanSteps(inspect(t, c), change)
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range steps {
		if i == upTo {
			return len(steps) - i, nil
		}
		for tries := 1; ; tries++ { // as an apply does where others have the table
			_, err := c.RunStep(t.Context(), providers.StepKey{Plan: plan, Action: "a", Step: i}, s)
			if err == nil {
				break
			}
			if !providers.IsRetryable(err) || tries == 20 {
				return len(steps) - i, fmt.Errorf("%w\n%s", err, s.Text)
			}
		}
		if s.Done != "" && queryDone(t, c, s.Done) != "1" {
			t.Fatalf("after the step its condition does not hold: %s\n%s", s.Text, s.Done)
		}
	}
	return 0, nil
}

// TestRetypeAside: a change of type on a new column leaves what the server's own change
// leaves, whatever step a run is killed before, with the next planned from what is there.
// Without SF_TEST_CHAOS it is a few of the changes, and one step in six.
func TestRetypeAside(t *testing.T) {
	providertest.EachMySQL(t, func(t *testing.T, url string) {
		conn, plain := aside(t, url), connectTo(t, url)
		providertest.Exec(t, url, retypeTable()...)
		providertest.Exec(t, url, "RENAME TABLE t TO kept")
		long := os.Getenv("SF_TEST_CHAOS") != ""
		all := func() map[string]schema.ModifyColumn {
			providertest.Exec(t, url, "DROP TABLE IF EXISTS t", "CREATE TABLE t LIKE kept", "CREATE TRIGGER before_t BEFORE INSERT ON t FOR EACH ROW SET NEW.n = NEW.n + 0", "INSERT INTO t SELECT * FROM kept")
			return retypes(t, conn)
		}
		for name := range all() {
			if !long && !slices.Contains([]string{"wider", "text", "moved"}, name) {
				continue
			}
			t.Run(name, func(t *testing.T) {
				change := all()[name]
				if yes, _ := conn.RetypesAside(inspect(t, conn), change); !yes {
					_, why := conn.steps(inspect(t, conn)).retypesAside(change)
					t.Fatalf("not on a new column: %s", why)
				}
				if _, err := runRetype(t, plain, planID(), change, -1); err != nil {
					t.Fatalf("in place: %v", err)
				}
				want := retypeCatalogue(t, url)
				stride := 6
				if long {
					stride = 1
				}
				for killed, left := len(name)%stride, 1; left > 0; killed += stride {
					all()
					if left = killRetype(t, conn, change, killed); t.Failed() {
						return
					}
					if got := retypeCatalogue(t, url); got != want {
						t.Fatalf("killed before step %d:\n%s", killed, linesApart(want, got))
					}
				}
			})
		}
	})
}

// killRetype runs a change's first steps, and then what is planned from what they left.
func killRetype(t *testing.T, conn *Conn, change schema.ModifyColumn, killed int) (left int) {
	t.Helper()
	left, err := runRetype(t, conn, planID(), change, killed)
	if err != nil {
		t.Fatal(err)
	}
	if left == 0 {
		return 0
	}
	seen := inspect(t, conn).Table(retypedT)
	for _, c := range seen.Columns {
		if ledger.IsRetyped(c.Name) {
			t.Fatalf("the inspection shows %s", c.Name)
		}
	}
	now := change
	now.From = *seen.Column(change.To.Name)
	if now.From.Type.Native == change.To.Type.Native && now.From.Collation == change.To.Collation { // what is left is to be taken away
		now.Place = nil
		if u := seen.Unfinished; u != nil {
			if _, err := runRetype(t, conn, planID(), schema.DropColumn{In: retypedT, Column: u.Columns[0]}, -1); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := runRetype(t, conn, planID(), now, -1); err != nil {
		t.Fatalf("killed before step %d: %v", killed, err)
	}
	return left
}

func linesApart(want, got string) string {
	var out []string
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for _, l := range w {
		if !slices.Contains(g, l) {
			out = append(out, "- "+l)
		}
	}
	for _, l := range g {
		if !slices.Contains(w, l) {
			out = append(out, "+ "+l)
		}
	}
	return strings.Join(out[:min(len(out), 20)], "\n")
}

// TestRetypeGivenUp: what a change that is given up has made goes again, and one that a run
// of the same plan was killed in goes on.
func TestRetypeGivenUp(t *testing.T) {
	providertest.EachMySQL(t, func(t *testing.T, url string) {
		providertest.Exec(t, url, retypeTable()...)
		conn := aside(t, url)
		want := retypeCatalogue(t, url)
		for upTo := 2; upTo < 8; upTo++ {
			plan := planID()
			if left, err := runRetype(t, conn, plan, retypes(t, conn)["narrower"], upTo); err != nil || left == 0 {
				t.Fatal(left, err)
			}
			u := inspect(t, conn).Table(retypedT).Unfinished
			if u == nil || len(u.Columns) != 1 {
				t.Fatalf("after %d steps: %+v", upTo, u)
			}
			for _, o := range inspect(t, conn).Others {
				if o.Name.Name != "seen" {
					t.Errorf("seen besides: %s %s", o.Kind, o.Name)
				}
			}
			if _, err := runRetype(t, conn, planID(), schema.DropColumn{In: retypedT, Column: u.Columns[0]}, -1); err != nil {
				t.Fatal(err)
			}
			if got := retypeCatalogue(t, url); got != want {
				t.Fatalf("after %d steps:\n%s", upTo, linesApart(want, got))
			}
		}
	})
}

// TestRetypeTells: what can't be changed is told, by row where it is one, and nothing is lost.
func TestRetypeTells(t *testing.T) {
	providertest.EachMySQL(t, func(t *testing.T, url string) {
		providertest.Exec(t, url, retypeTable()...)
		conn := aside(t, url)
		giveUp := func() {
			if u := inspect(t, conn).Table(retypedT).Unfinished; u != nil {
				if _, err := runRetype(t, conn, planID(), schema.DropColumn{In: retypedT, Column: u.Columns[0]}, -1); err != nil {
					t.Fatal(err)
				}
			}
		}
		for _, c := range []struct{ do, undo, name, says string }{
			{"UPDATE t SET n = 70000 WHERE a = 7 AND b = 'cä'", "UPDATE t SET n = 51 WHERE a = 7 AND b = 'cä'", "narrower", `the row with (a, b) = (7, cä) holds "70000"`},
			{"UPDATE t SET m = 1.25 WHERE a = 7 AND b = 'cä'", "UPDATE t SET m = 1.5 WHERE a = 7 AND b = 'cä'", "decimal", `(7, cä) holds "1.250"`},
			{"UPDATE t SET note = '1x' WHERE a = 7 AND b = 'cä'", "UPDATE t SET note = '1' WHERE a = 7 AND b = 'cä'", "number", `(7, cä) holds "1x"`},
			{"UPDATE t SET note = 'Ω' WHERE a = 7 AND b = 'cä'", "UPDATE t SET note = '1' WHERE a = 7 AND b = 'cä'", "to latin1", `(7, cä) holds "Ω"`},
			{"CREATE TRIGGER later AFTER UPDATE ON t FOR EACH ROW SET @x = 1", "DROP TRIGGER later", "wider", `trigger later would fire for every row`},
		} {
			change := retypes(t, conn)[c.name]
			steps, err := conn.PlanSteps(inspect(t, conn), change)
			if err != nil {
				t.Fatal(err)
			}
			providertest.Exec(t, url, c.do)
			key, plan := 0, planID()
			for key = range steps {
				if _, err = conn.RunStep(t.Context(), providers.StepKey{Plan: plan, Action: "a", Step: key}, steps[key]); err != nil {
					break
				}
			}
			if err == nil || !strings.Contains(err.Error(), c.says) || providers.IsRetryable(err) {
				t.Errorf("%s: %v, want %s", c.do, err, c.says)
			}
			if strings.Contains(c.do, "UPDATE t") && err != nil {
				if _, err := connectTo(t, url).exec1(t, strings.Replace(c.do, "a = 7", "a = 8", 1)); err == nil || !strings.Contains(err.Error(), "does not fit its new type") {
					t.Errorf("%s: another such row is written: %v", c.do, err)
				}
			}
			giveUp()
			providertest.Exec(t, url, c.undo)
		}
	})
}

// TestNarrowerCutsNothing: the server's own change to a narrower type is refused for a row
// whose value would be cut or rounded, and made where none is.
func TestNarrowerCutsNothing(t *testing.T) {
	providertest.EachMySQL(t, func(t *testing.T, url string) {
		conn := connectTo(t, url)
		for _, c := range []struct{ from, to, lost, fits string }{
			{"varchar(20)", "varchar(3)", "'abcd'", "'abc'"},
			{"varchar(20)", "varchar(3)", "'abc '", "'abc'"},
			{"text", "char(3)", "'ab '", "'ab'"},
			{"decimal(10,3)", "decimal(10,1)", "1.25", "1.500"},
			{"decimal(10,3)", "int", "1.25", "1.000"},
			{"datetime(6)", "datetime", "'2026-01-01 00:00:00.5'", "'2026-01-01 00:00:01'"},
			{"timestamp(6)", "timestamp(3)", "'2026-01-01 00:00:00.1234'", "'2026-01-01 00:00:01.123'"},
			{"time(6)", "time", "'-10:00:00.5'", "'838:00:00'"},
		} {
			providertest.Exec(t, url, "DROP TABLE IF EXISTS t", "CREATE TABLE t (id INT PRIMARY KEY, x "+c.from+" NULL)", "INSERT INTO t VALUES (1, NULL), (2, "+c.fits+"), (3, "+c.lost+")", "ANALYZE TABLE t")
			to, err := conn.ParseType(c.to)
			if err != nil {
				t.Fatal(err)
			}
			x := *inspect(t, conn).Table(retypedT).Column("x")
			change := schema.ModifyColumn{In: retypedT, From: x, To: x, Type: conn.CompareTypes(x.Type, to)}
			change.To.Type = to
			if !to.IsText() {
				change.To.Charset, change.To.Collation = "", ""
			}
			if _, err := runRetype(t, conn, planID(), change, -1); err == nil || !strings.Contains(err.Error(), "the row with (id) = (3)") {
				t.Errorf("%s -> %s: %v", c.from, c.to, err)
			}
			providertest.Exec(t, url, "DELETE FROM t WHERE id = 3")
			if _, err := runRetype(t, conn, planID(), change, -1); err != nil {
				t.Errorf("%s -> %s: %v", c.from, c.to, err)
			}
			if got := providertest.Query(t, url, "SELECT COUNT(*) FROM t WHERE x <=> "+c.fits); got[0][0] != "1" {
				t.Errorf("%s -> %s: another value", c.from, c.to)
			}
		}
	})
}

func (c *Conn) exec1(t *testing.T, text string) (n int64, err error) {
	err = c.with(t.Context(), func(s *session) error { n, err = s.exec(t.Context(), text); return err })
	return n, err
}

// TestRetypeHindered: what can't be made on a new column keeps the hazard, with the reason.
func TestRetypeHindered(t *testing.T) {
	providertest.EachMySQL(t, func(t *testing.T, url string) {
		conn := aside(t, url)
		for _, c := range []struct{ ddl, column, says string }{
			{"id INT PRIMARY KEY, x INT", "id", "part of the primary key"},
			{"id INT, x INT", "x", "no primary key"},
			{"id FLOAT PRIMARY KEY, x INT", "x", "by which rows can't be gone through"},
			{"id INT PRIMARY KEY, x INT, y INT AS (x + 1)", "x", `column "y" is computed from it`},
			{"id INT PRIMARY KEY, x INT, CONSTRAINT pos CHECK (x > 0)", "x", `check "pos" is on it`},
			{"id INT PRIMARY KEY, x INT, KEY (x), p INT, FOREIGN KEY fk (x) REFERENCES t (id)", "x", "ties it"},
			{"id INT PRIMARY KEY, x INT, y TEXT, FULLTEXT KEY ft (y)", "x", `fulltext index, "ft"`},
			{"id INT PRIMARY KEY, x INT AUTO_INCREMENT UNIQUE", "x", "numbers the rows"},
			{"id INT PRIMARY KEY, x INT) ENGINE=MyISAM COMMENT=('')", "x", "engine is MyISAM"},
		} {
			ddl := strings.Replace("CREATE TABLE t ("+c.ddl+")", " COMMENT=(''))", "", 1)
			providertest.Exec(t, url, "DROP TABLE IF EXISTS t", ddl)
			db := inspect(t, conn)
			db.Tables[0].Rows = providers.ManyRows
			x := *db.Table(retypedT).Column(c.column)
			to := x
			var err error
			if to.Type, err = conn.ParseType("bigint"); err != nil {
				t.Fatal(err)
			}
			steps, err := conn.PlanSteps(db, schema.ModifyColumn{In: retypedT, From: x, To: to, Type: schema.Widens})
			if err != nil || len(steps) != 1 || len(steps[0].Hazards) != 1 || !strings.Contains(steps[0].Hazards[0].Text, c.says) {
				t.Errorf("%s: %+v %v, want %s", c.ddl, steps, err, c.says)
			}
		}
	})
}

// TestRetypeBesideWriters: rows that are written all the while have their values in the
// end, and no statement waits longer than a step may.
func TestRetypeBesideWriters(t *testing.T) {
	providertest.EachMySQL(t, func(t *testing.T, url string) {
		providertest.Exec(t, url, "CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, n INT NOT NULL, said VARCHAR(20) NOT NULL, KEY by_n (n), KEY s (said, n))",
			"INSERT INTO t (n, said) WITH RECURSIVE r AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM r WHERE i < 900) SELECT a.i * 1000 + b.i, a.i * 1000 + b.i FROM r AS a JOIN r AS b WHERE a.i <= 7", "ANALYZE TABLE t")
		conn := aside(t, url)
		ctx, stop := context.WithCancel(t.Context())
		var count, longest atomic.Int64
		done := make(chan error)
		const writers = 3
		for w := range writers {
			go func() { done <- writeBeside(ctx, conn, w, writers, &count, &longest) }()
		}
		for _, c := range []struct{ column, typ string }{{"n", "bigint"}, {"said", "bigint"}, {"n", "int"}} {
			before := count.Load()
			table := inspect(t, conn).Table(retypedT)
			m := schema.ModifyColumn{In: retypedT, From: *table.Column(c.column), To: *table.Column(c.column)}
			var err error
			if m.To.Type, err = conn.ParseType(c.typ); err != nil {
				t.Fatal(err)
			}
			m.Type, m.To.Charset, m.To.Collation = conn.CompareTypes(m.From.Type, m.To.Type), "", ""
			longest.Store(0)
			if _, err := runRetype(t, conn, planID(), m, -1); err != nil {
				t.Error(err)
				break
			}
			t.Logf("%s %s: %d statements beside it, the longest %v", c.column, c.typ, count.Load()-before, time.Duration(longest.Load()).Round(time.Millisecond))
			if count.Load() == before {
				t.Error("nobody wrote beside it")
			}
		}
		stop()
		for range writers {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		if got := providertest.Query(t, url, "SELECT COUNT(*) > 6000, SUM(n <> said), MAX(n) > 1000000 FROM t"); got[0][0] != "1" || got[0][1] != "0" || got[0][2] != "1" {
			t.Errorf("rows, those with another value, and whether any were written: %v", got)
		}
		if got := providertest.Query(t, url, "SHOW CREATE TABLE t"); strings.Contains(got[0][1], "_sync_") || !strings.Contains(got[0][1], "`said` bigint") {
			t.Error(got[0][1])
		}
	})
}

// writeBeside inserts, updates and deletes rows until ctx ends.
func writeBeside(ctx context.Context, conn *Conn, w, writers int, count, longest *atomic.Int64) error {
	db := sql.OpenDB(conn.connector)
	defer db.Close() //nolint:errcheck // the test's own
	for i := w; ctx.Err() == nil; i += writers {
		for _, q := range []string{
			fmt.Sprintf("INSERT INTO t (n, said) VALUES (%[1]d, '%[1]d')", 1_000_000+i),
			fmt.Sprintf("UPDATE t SET n = %[1]d, said = '%[1]d' WHERE id = %[2]d", 2_000_000+i, 1+(i*7919)%6_000),
			fmt.Sprintf("DELETE FROM t WHERE n = %d", 1_000_000+i-7*writers),
		} {
			began := time.Now()
			if _, err := db.ExecContext(context.Background(), q); err != nil && !strings.Contains(err.Error(), "Deadlock") {
				return fmt.Errorf("%s: %w", q, err)
			}
			count.Add(1)
			took := int64(time.Since(began))
			for old := longest.Load(); took > old && !longest.CompareAndSwap(old, took); {
				old = longest.Load()
			}
		}
	}
	return nil
}
