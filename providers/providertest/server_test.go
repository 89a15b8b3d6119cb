package providertest

import (
	"testing"
)

func TestPostgres(t *testing.T) {
	EachPostgres(t, func(t *testing.T, url string) {
		Exec(t, url, `CREATE TABLE t (a int, b text)`, `INSERT INTO t VALUES (1, NULL), (2, 'x')`)
		checkRows(t, url)
		if got := Query(t, url, "SHOW wal_level")[0][0]; got != "logical" {
			t.Errorf("wal_level %s", got)
		}
		t.Log(Query(t, url, "SELECT version()")[0][0])
	})
}

func TestMySQLs(t *testing.T) {
	EachMySQL(t, func(t *testing.T, url string) {
		Exec(t, url, "CREATE TABLE t (a int, b text)", "INSERT INTO t VALUES (1, NULL), (2, 'x')")
		checkRows(t, url)
		for name, want := range map[string]string{"local_infile": "1", "log_bin": "1", "binlog_row_metadata": "FULL", "character_set_database": "utf8mb4"} {
			if got := Query(t, url, "SELECT @@"+name)[0][0]; got != want {
				t.Errorf("%s is %s, want %s", name, got, want)
			}
		}
		t.Log(Query(t, url, "SELECT version()")[0][0])
	})
}

func TestSQLite(t *testing.T) {
	path := SQLite(t)
	Exec(t, path, "CREATE TABLE t (a int, b text)", "INSERT INTO t VALUES (1, NULL), (2, 'x')")
	checkRows(t, path)
}

func checkRows(t *testing.T, url string) {
	t.Helper()
	got := Query(t, url, "SELECT a, b FROM t ORDER BY a")
	if len(got) != 2 || got[0][0] != "1" || got[0][1] != Null || got[1][1] != "x" {
		t.Errorf("got %q", got)
	}
}

func TestSampleData(t *testing.T) {
	for _, c := range []struct {
		file, url, count string
		want             string
	}{
		{"chinook.postgresql.sql.gz", Postgres(t, ""), "SELECT count(*) FROM track", "3503"},
		{"sakila.postgresql.sql.gz", Postgres(t, ""), "SELECT count(*) FROM payment", "16049"},
		{"chinook.mysql.sql.gz", MySQL(t), "SELECT count(*) FROM Track", "3503"},
		{"sakila.mysql.sql.gz", MariaDB(t), "SELECT count(*) FROM payment", "16049"},
		{"chinook.sqlite.sql.gz", SQLite(t), "SELECT count(*) FROM Track", "3503"},
	} {
		LoadSQL(t, c.url, c.file)
		if got := Query(t, c.url, c.count)[0][0]; got != c.want {
			t.Errorf("%s: %s is %s, want %s", c.file, c.count, got, c.want)
		}
	}
}
