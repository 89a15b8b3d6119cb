package mysql

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/providertest"
	"github.com/syncform/syncform/providers/row"
)

// pruned follows until the log of changes has been emptied behind the target.
func (f *follower) pruned() {
	f.t.Helper()
	f.begin()
	for len(dump(f.t, f.from, changeLog)) > 1 { // what is left says which log it is
		b, err := f.out.Take(f.t.Context(), drainLatest)
		if err == nil {
			err = f.apply(b)
		}
		if err != nil {
			f.t.Fatal(err)
		}
	}
	f.end()
}

// A transaction whose notes have low numbers and that commits after later ones is not
// passed over.
func TestTriggerLateCommit(t *testing.T) {
	providertest.EachMySQL(t, func(t *testing.T, url string) {
		from, to := pairOf(t, url, "CREATE TABLE a (id int primary key, v int)")
		f := follow(t, from, to, providers.Trigger, "a")
		late, err := from.connect(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer late.close()
		if _, err := late.exec(t.Context(), "START TRANSACTION; INSERT INTO a VALUES (1, 1)"); err != nil {
			t.Fatal(err)
		}
		exec(t, from, "INSERT INTO a VALUES (2, 2)")
		f.catchUp()
		f.same()
		if _, err := late.exec(t.Context(), "COMMIT"); err != nil {
			t.Fatal(err)
		}
		f.catchUp()
		f.same()
		if n := len(dump(t, to, "a")); n != 2 {
			t.Error(n)
		}
		f.pruned()
	})
}

// What each pass takes from the log is gone when it ends.
func TestTriggerPassesLeaveNothing(t *testing.T) {
	providertest.EachMySQL(t, func(t *testing.T, url string) {
		from, to := pairOf(t, url, "CREATE TABLE a (id int primary key, v int)")
		f := follow(t, from, to, providers.Trigger, "a")
		for i := range 3 {
			exec(t, from, fmt.Sprintf("INSERT INTO a VALUES (%d, 1)", i))
			f.catchUp()
			if n := len(dump(t, from, changeLog)); n != 1 {
				t.Errorf("after pass %d the log has %d rows, not only its own", i, n)
			}
		}
		f.same()
	})
}

// A row whose key changed and that goes within one drain goes from under its new key,
// where before-values are noted too; and a new row under the old key stays.
func TestTriggerKeyChangesWithBefore(t *testing.T) {
	providertest.EachMySQL(t, func(t *testing.T, url string) {
		from, to := pairOf(t, url, "CREATE TABLE a (id int primary key, v int)")
		exec(t, from, "INSERT INTO a VALUES (1, 1), (2, 2), (13, 3)")
		f := followAs(t, from, to, providers.Capture{Method: providers.Trigger, Before: true}, "a")
		exec(t, from, "UPDATE a SET id = 14 WHERE id = 13; UPDATE a SET id = 13 WHERE id = 1; INSERT INTO a VALUES (1, 10); UPDATE a SET v = 9 WHERE id = 2")
		f.catchUp()
		f.same()
		exec(t, from, "UPDATE a SET id = 5 WHERE id = 2; DELETE FROM a WHERE id = 13; INSERT INTO a VALUES (13, 1); UPDATE a SET id = 15 WHERE id = 13; DELETE FROM a WHERE id = 15; DELETE FROM a WHERE id = 5")
		f.catchUp()
		f.same()
		exec(t, from, "UPDATE a SET id = 20 WHERE id = 14")
		exec(t, from, "INSERT INTO a VALUES (21, 1); UPDATE a SET id = 14 WHERE id = 21; DELETE FROM a WHERE id = 20")
		f.catchUp()
		f.same()
	})
}

// Keys of every type find their way through the log of changes, from sessions with any
// settings.
func TestTriggerKeys(t *testing.T) {
	providertest.EachMySQL(t, func(t *testing.T, url string) {
		kinds := map[string]string{
			"i": "bigint unsigned", "d": "decimal(20,5)", "f": "float", "dd": "double", "dt": "datetime(3)", "ts": "timestamp(6)", "da": "date", "ti": "time(2)", "y": "year",
			"c": "char(10)", "v": "varchar(10) CHARACTER SET latin1", "b": "binary(3)", "vb": "varbinary(5)", "bi": "bit(12)", "e": "enum('x','é')", "s": "set('p','q')", "bo": "tinyint(1)",
		}
		values := map[string][]string{
			"i": {"18446744073709551615", "0"}, "d": {"-123456789012345.00001", "0.5"}, "f": {"0.1", "16777217"}, "dd": {"1e300", "-0.1"}, "dt": {"'2024-02-29 23:59:59.5'", "'2024-01-01'"},
			"ts": {"'2024-07-01 12:00:00.000001'", "'2001-01-01'"}, "da": {"'0001-01-01'", "'9999-12-31'"}, "ti": {"'-838:59:58.99'", "'00:00:00.1'"}, "y": {"0", "2024"}, "c": {"'ü'", "'a  '"}, "v": {"'é€'", "''''"},
			"b": {"x'000000'", "x'01FF5C'"}, "vb": {"x''", "x'00'"}, "bi": {"b'100000000001'", "0"}, "e": {"'é'", "'x'"}, "s": {"'p,q'", "''"}, "bo": {"1", "0"},
		}
		var ddl, names []string
		for k, kind := range kinds {
			ddl = append(ddl, fmt.Sprintf("CREATE TABLE k_%s (k %s, v int, PRIMARY KEY (k))", k, kind))
			names = append(names, "k_"+k)
		}
		from, to := pairOf(t, url, ddl...)
		f := follow(t, from, to, providers.Trigger, names...)
		for k, two := range values {
			exec(t, from, "SET time_zone = '+05:30', sql_mode = 'ANSI'; INSERT INTO k_"+k+" VALUES ("+two[0]+", 1), ("+two[1]+", 2)")
			exec(t, from, "SET time_zone = '+00:00', sql_mode = DEFAULT, NAMES utf8mb4")
		}
		f.catchUp()
		f.same()
		for k := range values {
			exec(t, from, "UPDATE k_"+k+" SET v = v + 10; DELETE FROM k_"+k+" WHERE v = 11")
		}
		f.catchUp()
		f.same()
		if f.counts[row.Delete] < len(values) {
			t.Error(f.counts)
		}
	})
}

// What would let changes go unseen is told: a trigger that was dropped, a log that was
// emptied, or pruned past the target.
func TestTriggerGaps(t *testing.T) {
	providertest.EachMySQL(t, func(t *testing.T, url string) {
		from, to := pairOf(t, url, "CREATE TABLE a (id int primary key, v int)")
		f := follow(t, from, to, providers.Trigger, "a")
		before := f.at
		exec(t, from, "INSERT INTO a VALUES (1, 1)")
		f.pruned()
		isGap := func(want string) {
			t.Helper()
			var gap *providers.GapError
			if err := f.tryCatchUp(); !errors.As(err, &gap) || !strings.Contains(err.Error(), want) {
				t.Fatalf("%v, want a gap: %s", err, want)
			}
		}
		now := f.at
		f.at = before
		isGap("removed")
		f.at = now
		steps, err := from.PlanTeardown(t.Context(), f.capture)
		if err != nil || len(steps) != 4 {
			t.Fatal(steps, err)
		}
		if _, err := from.RunCaptureStep(t.Context(), steps[0]); err != nil {
			t.Fatal(err)
		}
		if m, err := from.Missed(t.Context(), f.capture); err != nil || len(m) != 1 || !strings.Contains(m[0].Why, "trigger") {
			t.Error(m, err)
		}
		for _, s := range steps[1:] {
			if ran, err := from.RunCaptureStep(t.Context(), s); err != nil || !ran {
				t.Fatal(s.Text, ran, err)
			}
		}
		if again, err := from.PlanTeardown(t.Context(), f.capture); err != nil || len(again) > 0 {
			t.Error(again, err)
		}
	})
}

// Polling finds inserts and updates, also of transactions that commit late.
func TestPolling(t *testing.T) {
	providertest.EachMySQL(t, func(t *testing.T, url string) {
		from, to := pairOf(t, url, "CREATE TABLE a (id int primary key, v int, updated_at timestamp(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6), KEY (updated_at))")
		exec(t, from, "INSERT INTO a (id, v) VALUES (1, 1)")
		f := follow(t, from, to, providers.Polling, "a")
		late, err := from.connect(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer late.close()
		if _, err := late.exec(t.Context(), "START TRANSACTION; INSERT INTO a (id, v) VALUES (2, 2)"); err != nil {
			t.Fatal(err)
		}
		exec(t, from, "INSERT INTO a (id, v) VALUES (3, 3); UPDATE a SET v = 10 WHERE id = 1")
		f.catchUp()
		f.same()
		// Many rows with one stamp, at the edge of a page.
		exec(t, from, "INSERT INTO a (id, v, updated_at) SELECT 100 + n, n, '2030-01-01' FROM (SELECT a.n + 10 * b.n + 100 * c.n + 1000 * d.n AS n FROM "+digits("a")+", "+digits("b")+", "+digits("c")+", "+digits("d")+") x")
		f.catchUp()
		f.same()
		if _, err := late.exec(t.Context(), "COMMIT"); err != nil {
			t.Fatal(err)
		}
		exec(t, from, "INSERT INTO a (id, v, updated_at) VALUES (50, 1, '2030-01-01')")
		f.catchUp()
		f.same()
		before := f.counts[row.Update]
		f.begin()
		b, err := f.out.Take(t.Context(), pollSoonest)
		for err == nil && !b.Empty() { // a new run reads from the mark on once more
			if err = f.apply(b); err == nil {
				b, err = f.out.Take(t.Context(), pollSoonest*10)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := f.end(); err == nil {
			t.Error("ended without an error")
		}
		f.same()
		if again := f.counts[row.Update] - before; again > 10_001 {
			t.Errorf("a quiet source was read again and again: %d rows", again)
		}
	})
}

// A row whose moment has not come yet hides none that is written before it comes.
func TestPollingFuture(t *testing.T) {
	providertest.EachMySQL(t, func(t *testing.T, url string) {
		for _, typ := range []string{"timestamp", "datetime(3)", "date"} {
			from, to := pairOf(t, url, "DROP TABLE IF EXISTS a", "CREATE TABLE a (id int primary key, updated_at "+typ+" NOT NULL, KEY (updated_at))")
			exec(t, from, "INSERT INTO a VALUES (1, '2037-01-01'), (2, '2020-01-01')")
			f := follow(t, from, to, providers.Polling, "a")
			exec(t, from, "INSERT INTO a VALUES (3, '2020-01-02'), (4, CURRENT_DATE + INTERVAL 3 DAY)")
			f.catchUp()
			f.same()
			exec(t, from, "INSERT INTO a VALUES (5, CURRENT_DATE - INTERVAL 1 DAY)")
			f.catchUp()
			f.same()
		}
	})
}

// A lookback that can't be taken off the incremental key is refused.
func TestPollingLookback(t *testing.T) {
	providertest.EachMySQL(t, func(t *testing.T, url string) {
		from := connectTo(t, url)
		exec(t, from, "CREATE TABLE a (id int primary key, v int NOT NULL)")
		_, r := wholeTable(t, from, "a")
		want := providers.Capture{Sync: testSync, Method: providers.Polling, Tables: []providers.CaptureTable{{Table: r, IncrementalKey: "v", Lookback: time.Minute}}}
		plan, err := from.PlanCapture(t.Context(), want, nil)
		if err != nil || !slices.ContainsFunc(plan.Findings, func(f providers.Finding) bool { return f.Fatal && strings.Contains(f.Text, "lookback") }) {
			t.Errorf("%+v, %v", plan.Findings, err)
		}
	})
}

func digits(alias string) string {
	parts := make([]string, 10)
	for i := range parts {
		parts[i] = fmt.Sprintf("SELECT %d AS n", i)
	}
	return "(" + strings.Join(parts, " UNION ALL ") + ") " + alias
}
