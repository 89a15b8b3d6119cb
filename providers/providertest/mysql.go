package providertest

import (
	"context"
	"testing"

	"github.com/syncform/syncform/providers/providertest/internal/dbserver"
)

// MySQL returns the URL (mysql://user:password@127.0.0.1:port/db) of a new empty
// utf8mb4 database on a MySQL server, version 9 unless the machine has its own. The
// user may do everything; local_infile, the binlog with full row metadata and GTIDs are
// on; the server takes no TLS. The database is dropped when the test ends.
func MySQL(t testing.TB) string {
	t.Helper()
	return newMySQL(t, administrator(t, "mysql", "SF_TEST_MYSQL_URL", func() (*dbserver.Server, error) {
		return dbserver.StartMySQL(context.Background(), dbserver.Options{})
	}))
}

// MariaDB is as MySQL, on a MariaDB server.
func MariaDB(t testing.TB) string {
	t.Helper()
	return newMySQL(t, administrator(t, "mariadb", "SF_TEST_MARIADB_URL", func() (*dbserver.Server, error) {
		return dbserver.StartMariaDB(context.Background(), dbserver.Options{})
	}))
}

// EachMySQL runs a test on both, as subtests mysql and mariadb, each with a database
// of its own.
func EachMySQL(t *testing.T, test func(t *testing.T, url string)) {
	t.Run("mysql", func(t *testing.T) {
		t.Parallel()
		test(t, MySQL(t))
	})
	t.Run("mariadb", func(t *testing.T) {
		t.Parallel()
		test(t, MariaDB(t))
	})
}

// EachPostgres runs a test on every version, as subtests postgres14 and so on, each
// with a database of its own.
func EachPostgres(t *testing.T, test func(t *testing.T, url string)) {
	for _, v := range PostgresVersions() {
		t.Run("postgres"+v, func(t *testing.T) {
			t.Parallel()
			test(t, Postgres(t, v))
		})
	}
}

func newMySQL(t testing.TB, admin string) string {
	t.Helper()
	name := newName()
	Exec(t, admin, "CREATE DATABASE "+name+" CHARACTER SET utf8mb4")
	t.Cleanup(func() {
		// A connection that a test left open inside a transaction makes this fail
		// instead of waiting for ever.
		Exec(t, admin, "SET lock_wait_timeout = 30", "DROP DATABASE "+name)
	})
	return withDatabase(t, admin, name)
}
