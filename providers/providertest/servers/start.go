package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/syncform/syncform/providers/providertest/internal/dbserver"
)

// started is one server, or why there is none.
type started struct {
	env, value string
	server     *dbserver.Server // nil where the machine can't have it
	failed     error            // it should have started and did not
}

// startAll starts every server that the environment does not name yet.
func startAll(ctx context.Context) []started {
	type job struct {
		name, env string
		start     func() (*dbserver.Server, error)
	}
	jobs := []job{
		{"MySQL", "SF_TEST_MYSQL_URL", func() (*dbserver.Server, error) { return dbserver.StartMySQL(ctx, dbserver.Options{}) }},
		{"MariaDB", "SF_TEST_MARIADB_URL", func() (*dbserver.Server, error) { return dbserver.StartMariaDB(ctx, dbserver.Options{}) }},
	}
	if os.Getenv("SF_TEST_REPLICAS") != "" { // a benchmark wants others to copy those by their own replication
		second := dbserver.Options{Settings: []string{"server-id=2"}}
		jobs = append(jobs,
			job{"a second MySQL", "SF_TEST_MYSQL_REPLICA_URL", func() (*dbserver.Server, error) { return dbserver.StartMySQL(ctx, second) }},
			job{"a second MariaDB", "SF_TEST_MARIADB_REPLICA_URL", func() (*dbserver.Server, error) { return dbserver.StartMariaDB(ctx, second) }})
	}
	for _, v := range dbserver.PostgresVersions() {
		jobs = append(jobs, job{"PostgreSQL", "SF_TEST_POSTGRES_URL_" + v, func() (*dbserver.Server, error) {
			return dbserver.StartPostgres(ctx, v, dbserver.Options{})
		}})
	}
	begin := time.Now()
	all := make([]started, len(jobs))
	var group errgroup.Group
	group.SetLimit(3) // more at a time only wait for each other's disk
	for i, j := range jobs {
		if os.Getenv(j.env) != "" {
			all[i] = started{env: j.env, value: os.Getenv(j.env)}
			continue
		}
		group.Go(func() error {
			s, err := j.start()
			all[i] = started{env: j.env, server: s}
			switch {
			case errors.Is(err, dbserver.ErrUnavailable):
				reason, _, _ := strings.Cut(err.Error(), "\n")
				all[i].value = dbserver.Unavailable + reason
				fmt.Fprintf(os.Stderr, "\n*** NO %s: its tests are skipped, or fail in CI ***\n%v\n\n", j.name, err)
			case err != nil:
				all[i].failed = err
			default:
				all[i].value = s.URL
				dbserver.Log("%s %s is up after %.1f s", j.name, s.Version, time.Since(begin).Seconds())
			}
			return nil // each keeps its own
		})
	}
	if err := group.Wait(); err != nil {
		panic("bug in syncform: a job returned an error: " + err.Error())
	}
	return all
}

// stopAll stops what startAll started, all at a time.
func stopAll(all []started) error {
	var group errgroup.Group
	for _, s := range all {
		if s.server != nil {
			group.Go(s.server.Stop)
		}
	}
	return group.Wait()
}
