package providertest

import (
	"context"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/syncform/syncform/providers/providertest/internal/dbserver"
)

// PostgresVersions lists the major versions to test, oldest first: all, or those that
// SF_TEST_POSTGRES_VERSIONS names ("14 18").
func PostgresVersions() []string { return dbserver.PostgresVersions() }

// EdgePostgresVersions is PostgresVersions for tests that take long: the oldest and the
// newest, or all of them where SF_TEST_PAIRS=all.
func EdgePostgresVersions() []string {
	versions := PostgresVersions()
	if n := len(versions); n > 2 && os.Getenv("SF_TEST_PAIRS") != "all" {
		return []string{versions[0], versions[n-1]}
	}
	return versions
}

// Postgres returns the URL of a new empty database (UTF8, made from template0) on a
// server of that major version ("14" to "18"), "" for the newest. The user is a
// superuser with a password; the server takes no TLS; wal_level is logical. The
// database is dropped when the test ends.
func Postgres(t testing.TB, version string) string {
	t.Helper()
	return newPostgres(t, postgresAdministrator(t, version))
}

func postgresAdministrator(t testing.TB, version string) string {
	t.Helper()
	versions := PostgresVersions()
	newest := versions[len(versions)-1]
	env := "SF_TEST_POSTGRES_URL_" + version
	if u := os.Getenv("SF_TEST_POSTGRES_URL"); u != "" && os.Getenv(env) == "" && (version == "" || postgresMajor(u) == version) {
		return u
	}
	if version == "" {
		version, env = newest, "SF_TEST_POSTGRES_URL_"+newest
	}
	return administrator(t, "postgres-"+version, env, func() (*dbserver.Server, error) {
		return dbserver.StartPostgres(context.Background(), version, dbserver.Options{})
	})
}

// postgresMajor asks a server for its major version; "" where it does not answer,
// which whoever needs that server will find out.
func postgresMajor(u string) string {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, u)
	if err != nil {
		return ""
	}
	defer conn.Close(ctx)
	major, _, _ := strings.Cut(conn.PgConn().ParameterStatus("server_version"), ".")
	return major
}

func newPostgres(t testing.TB, admin string) string {
	t.Helper()
	name := newName()
	Exec(t, admin, "CREATE DATABASE "+name+" TEMPLATE template0 ENCODING 'UTF8'")
	t.Cleanup(func() { dropPostgres(t, admin, name) })
	return withDatabase(t, admin, name)
}

// dropPostgres drops a database, and tries that for a minute: while a test of full disks
// runs on the same server, that can't write the checkpoint which it needs.
func dropPostgres(t testing.TB, admin, name string) {
	t.Helper()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	deadline := time.After(time.Minute)
	for {
		err := Try(admin,
			// A slot keeps its database from being dropped, and its reader keeps the slot.
			"SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE database = '"+name+"' AND active_pid IS NOT NULL",
			"SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = '"+name+"' AND NOT active",
			"DROP DATABASE "+name+" WITH (FORCE)")
		if err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal(err)
		}
	}
}

// withDatabase is a URL with another database in it.
func withDatabase(t testing.TB, admin, name string) string {
	t.Helper()
	u, err := url.Parse(admin)
	if err != nil {
		t.Fatal("a test server's URL is malformed") // the error would hold its password
	}
	u.Path = "/" + name
	return u.String()
}
