package main

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/jackc/pgx/v5"
)

// servers are the administrators' URLs of what is at hand; "" where there is none.
type servers struct {
	postgres string
	// dumpable is a PostgreSQL no newer than the pg_dump of this machine.
	dumpable string
	mysql    []mysqlServer
}

// mysqlServer is a server and another of its kind that may become its replica; "" where
// there is none.
type mysqlServer struct{ name, url, replica string }

// findServers reads the environment, and says what is not there.
func findServers(ctx context.Context) (s servers, missing []string) {
	dump := dumpVersion(ctx)
	for _, env := range []string{"SF_TEST_POSTGRES_URL", "SF_TEST_POSTGRES_URL_18", "SF_TEST_POSTGRES_URL_17", "SF_TEST_POSTGRES_URL_16", "SF_TEST_POSTGRES_URL_15", "SF_TEST_POSTGRES_URL_14"} {
		u := usable(env)
		if u == "" {
			continue
		}
		if s.postgres == "" {
			s.postgres = u
		}
		if s.dumpable == "" && dump > 0 && postgresMajor(ctx, u) <= dump {
			s.dumpable = u
		}
	}
	if s.postgres == "" {
		missing = append(missing, "everything with PostgreSQL: no SF_TEST_POSTGRES_URL")
	}
	for _, m := range []struct{ name, env, replica string }{{"mariadb", "SF_TEST_MARIADB_URL", "SF_TEST_MARIADB_REPLICA_URL"}, {"mysql", "SF_TEST_MYSQL_URL", "SF_TEST_MYSQL_REPLICA_URL"}} {
		u := usable(m.env)
		if u == "" {
			missing = append(missing, fmt.Sprintf("everything with %s: no %s", m.name, m.env))
			continue
		}
		replica := usable(m.replica)
		if replica == "" {
			missing = append(missing, fmt.Sprintf("the streams from and to %s: no %s", m.name, m.replica))
		}
		s.mysql = append(s.mysql, mysqlServer{m.name, u, replica})
	}
	return s, missing
}

// usable is the variable's URL; the test harness also says there why it has none.
func usable(env string) string {
	if u := os.Getenv(env); !strings.HasPrefix(u, "unavailable: ") {
		return u
	}
	return ""
}

func postgresMajor(ctx context.Context, u string) int {
	conn, err := pgx.Connect(ctx, u)
	if err != nil {
		return 0
	}
	defer conn.Close(ctx)
	var major int
	if _, err := fmt.Sscanf(conn.PgConn().ParameterStatus("server_version"), "%d", &major); err != nil {
		return 0
	}
	return major
}

// withDatabase is the URL with another database in it.
func withDatabase(admin, name string) (string, error) {
	u, err := url.Parse(admin)
	if err != nil {
		return "", fmt.Errorf("a server's URL is malformed") // the error would hold its password
	}
	u.Path = "/" + name
	return u.String(), nil
}

// contests lists what can be compared with these servers.
func (b *bench) contests(s servers) []contest {
	var all []contest
	if s.postgres == "" {
		return nil
	}
	all = append(all, b.postgresToPostgres(s.postgres, false), b.postgresToPostgres(s.postgres, true))
	for _, m := range s.mysql {
		all = append(all, b.postgresToMySQL(s.postgres, m), b.mysqlToPostgres(m, s.postgres))
	}
	all = append(all, b.transforms(s)...)
	for _, m := range s.mysql {
		if m.replica != "" {
			all = append(all, b.streamsWithMySQL(s.postgres, m)...)
		}
	}
	return append(all, b.sqliteToPostgres(s.postgres), b.planThousand(s), b.postgresStream(s.postgres, 1), b.postgresStream(s.postgres, 1000), b.latency(s.postgres), b.backfillBeside(s.postgres))
}
