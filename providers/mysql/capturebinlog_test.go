package mysql

import (
	"errors"
	"strings"
	"testing"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/providertest"
	"github.com/syncform/syncform/providers/row"
)

func TestBinlogSimple(t *testing.T) {
	providertest.EachMySQL(t, func(t *testing.T, url string) {
		from, to := pairOf(t, url, "CREATE TABLE a (id int primary key, v varchar(20), n decimal(10,2))")
		exec(t, from, "INSERT INTO a VALUES (1, 'one', 1.5), (2, NULL, -0.05)")
		f := follow(t, from, to, "", "a")
		if f.capture.Method != providers.Binlog {
			t.Error("the method is ", f.capture.Method)
		}
		exec(t, from, "INSERT INTO a VALUES (3, 'drei', 99999999.99), (4, 'ü', 0)")
		exec(t, from, "UPDATE a SET v = 'eins' WHERE id = 1")
		exec(t, from, "DELETE FROM a WHERE id = 2")
		exec(t, from, "UPDATE a SET id = id + 1 ORDER BY id DESC")
		f.catchUp()
		f.same()
		if f.counts[row.Insert] != 2 || f.counts[row.Update] != 4 || f.counts[row.Delete] != 1 {
			t.Error(f.counts)
		}
		exec(t, from, "TRUNCATE TABLE a")
		exec(t, from, "INSERT INTO a VALUES (7, 'sieben', NULL)")
		f.catchUp()
		f.same()
	})
}

// What a foreign key does at the source is done at the target, through three levels,
// whether the log has it or not.
func TestBinlogCascades(t *testing.T) {
	providertest.EachMySQL(t, func(t *testing.T, url string) {
		from, to := pairOf(t, url,
			"CREATE TABLE p (id int PRIMARY KEY, code varchar(10) UNIQUE)",
			"CREATE TABLE c (id int PRIMARY KEY, p int, UNIQUE (p, id), FOREIGN KEY (p) REFERENCES p (id) ON DELETE CASCADE ON UPDATE CASCADE)",
			"CREATE TABLE g (id int PRIMARY KEY, c int, code varchar(10), FOREIGN KEY (c) REFERENCES c (id) ON DELETE CASCADE ON UPDATE CASCADE, FOREIGN KEY (code) REFERENCES p (code) ON DELETE SET NULL ON UPDATE CASCADE)",
			"CREATE TABLE k (g int, n int, PRIMARY KEY (g, n), FOREIGN KEY (g) REFERENCES g (id) ON DELETE CASCADE ON UPDATE CASCADE)")
		f := follow(t, from, to, providers.Binlog, "p", "c", "g", "k")
		exec(t, from, "INSERT INTO p VALUES (1, 'a'), (2, 'b'), (3, 'c'); INSERT INTO c VALUES (10, 1), (11, 1), (12, 2), (13, 3)")
		exec(t, from, "INSERT INTO g VALUES (100, 10, 'b'), (101, 11, 'c'), (102, 12, 'a'), (103, 13, NULL); INSERT INTO k VALUES (100, 1), (101, 1), (102, 1), (103, 1), (103, 2)")
		f.catchUp()
		f.same()
		exec(t, from, "DELETE FROM p WHERE id = 1")
		exec(t, from, "UPDATE p SET id = 20, code = 'bb' WHERE id = 2")
		exec(t, from, "UPDATE g SET id = 1030 WHERE id = 103")
		f.catchUp()
		f.same()
		exec(t, from, "DELETE FROM c WHERE id = 13; UPDATE c SET id = 120 WHERE id = 12")
		f.catchUp()
		f.same()
	})
}

// A table changes while the stream lags: each change is read by the table as it was.
func TestBinlogDDLUnderLag(t *testing.T) {
	providertest.EachMySQL(t, func(t *testing.T, url string) {
		from, to := pairOf(t, url, "CREATE TABLE a (id int PRIMARY KEY, gone int, e enum('x','y','z'), v varchar(20))")
		f := follow(t, from, to, providers.Binlog, "a")
		exec(t, from, "INSERT INTO a VALUES (1, 7, 'x', 'one')")
		exec(t, from, "ALTER TABLE a MODIFY e enum('z','y','x')")
		exec(t, from, "INSERT INTO a VALUES (2, 8, 'x', 'two')")
		exec(t, from, "ALTER TABLE a DROP COLUMN gone, ADD COLUMN extra int FIRST")
		exec(t, from, "UPDATE a SET e = 'z' WHERE id = 1")
		exec(t, from, "ALTER TABLE a DROP COLUMN extra, ADD COLUMN gone int AFTER id, MODIFY e enum('x','y','z')")
		exec(t, from, "UPDATE a SET gone = id + 6")
		f.catchUp()
		f.same()
		if len(f.seen) != 3 { // the last is the first again
			t.Error("relations that were seen: ", len(f.seen))
		}
		if n := f.counts[row.Alter]; n != 1 {
			t.Error("columns that are others were told of ", n, " times")
		}
	})
}

// What can't be followed is told with its reason: of a table at its place in the stream, of
// the whole log by an end.
func TestBinlogGaps(t *testing.T) {
	providertest.EachMySQL(t, func(t *testing.T, url string) {
		from, to := pairOf(t, url, "CREATE TABLE a (id int PRIMARY KEY)")
		lost := func(name, statement, want string) {
			exec(t, from, "CREATE TABLE IF NOT EXISTS a (id int PRIMARY KEY)")
			f := follow(t, from, to, providers.Binlog, "a")
			exec(t, from, statement)
			f.catchUp()
			if len(f.lost) != 1 || !strings.Contains(f.lost[0], want) {
				t.Errorf("%s: %q", name, f.lost)
			}
			f.session.Close()
		}
		lost("drop", "DROP TABLE /* x */ IF EXISTS other, `a`", "dropped")
		lost("rename", "RENAME TABLE a TO b; RENAME TABLE b TO a", "renamed")
		lost("alter rename", "ALTER TABLE a RENAME TO b; RENAME TABLE b TO a", "renamed")
		// A tool that changes tables online swaps them in one statement.
		f := follow(t, from, to, providers.Binlog, "a")
		exec(t, from, "CREATE TABLE _a_new LIKE a; RENAME TABLE a TO _a_old, _a_new TO a; INSERT INTO a VALUES (1)")
		f.catchUp()
		f.same()
		// A server that lacks what was applied.
		at, done, err := from.readBinlogPosition(f.at)
		if err != nil {
			t.Fatal(err)
		}
		if from.server.mariadb() {
			for domain, one := range done.(mariaGTIDs) {
				done.(mariaGTIDs)[domain] = mariaGTID{one.server, one.sequence + 1_000_000_000}
			}
			at.GTID = done.String()
		} else {
			at.GTID += ",00000000-0000-0000-0000-000000000001:1-5"
		}
		f.at = encodeBinlogPosition(at)
		var gap *providers.GapError
		if err := f.tryCatchUp(); !errors.As(err, &gap) {
			t.Error(err)
		}
	})
}
