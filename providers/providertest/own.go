package providertest

import (
	"context"
	"fmt"
	"testing"

	"github.com/syncform/syncform/providers/providertest/internal/dbserver"
)

// OwnServer is a server that a test has for itself and may end as it likes. Unlike the
// others it keeps what it has committed.
type OwnServer struct {
	t testing.TB
	s *dbserver.Server
}

// Own starts a server of a system ("postgres", "mysql", "mariadb") that is stopped, and
// its data removed, when the test ends.
func Own(t testing.TB, system string, settings ...string) *OwnServer {
	t.Helper()
	var s *dbserver.Server
	var err error
	ctx := context.Background()
	durable := []string{"innodb-flush-log-at-trx-commit=1", "sync-binlog=1", "innodb-doublewrite=1"}
	switch system {
	case "postgres":
		versions := PostgresVersions()
		durable = []string{"fsync=on", "synchronous_commit=on", "full_page_writes=on"}
		s, err = dbserver.StartPostgres(ctx, versions[len(versions)-1], dbserver.Options{Settings: append(durable, settings...)})
	case "mysql":
		s, err = dbserver.StartMySQL(ctx, dbserver.Options{Settings: append(durable, settings...)})
	case "mariadb":
		s, err = dbserver.StartMariaDB(ctx, dbserver.Options{Settings: append(durable, settings...)})
	default:
		err = fmt.Errorf("no server of system %q", system)
	}
	if err != nil {
		t.Fatal(err)
	}
	o := &OwnServer{t, s}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	return o
}

// Database makes a new empty database and returns its URL. It goes with the server.
func (o *OwnServer) Database() string {
	o.t.Helper()
	name := newName()
	if system(o.s.URL) == "postgres" {
		Exec(o.t, o.s.URL, "CREATE DATABASE "+name+" TEMPLATE template0 ENCODING 'UTF8'")
	} else {
		Exec(o.t, o.s.URL, "CREATE DATABASE "+name+" CHARACTER SET utf8mb4")
	}
	return withDatabase(o.t, o.s.URL, name)
}

// Administrator is the URL of the server without one of the test's databases.
func (o *OwnServer) Administrator() string { return o.s.URL }

// Data is the server's data directory.
func (o *OwnServer) Data() string { return o.s.Data }

// Kill ends the server by SIGKILL.
func (o *OwnServer) Kill() { o.must(o.s.Kill()) }

// Halt ends the server in order.
func (o *OwnServer) Halt() { o.must(o.s.Halt()) }

// Start starts the server again and waits until it answers.
func (o *OwnServer) Start() { o.must(o.s.Start()) }

func (o *OwnServer) must(err error) {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
}
