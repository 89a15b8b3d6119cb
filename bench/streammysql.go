package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// streamEnd is one system at either end of a stream.
type streamEnd struct {
	provider, name string
	fresh          func(ctx context.Context, role string) (string, error) // an empty database's URL
	create         string                                                 // streamed
	do             func(ctx context.Context, u string, statements ...string) error
	produce        []string // statements that make the changes, each in a transaction of its own
	arrived        func(ctx context.Context, u string, rows int) error
	drop           func(ctx context.Context) error
}

// streamsWithMySQL measures how fast backlogs of transactions of one row are caught up
// with where a server of MySQL's family is at either end: against its own replication
// with one applier, or the faster of that and a native subscription of PostgreSQL.
func (b *bench) streamsWithMySQL(admin string, m mysqlServer) []contest {
	changes := min(b.rows/10, 300_000)
	pg := streamEnd{
		provider: "postgresql", name: "pg", create: streamed, do: pgDo,
		fresh:   func(ctx context.Context, role string) (string, error) { return pgFresh(ctx, admin, database(role)) },
		produce: []string{"SET synchronous_commit = off", produce(changes, 1)},
		arrived: arrived,
		drop: func(ctx context.Context) error {
			return errors.Join(dropSlots(ctx, admin), pgDrop(ctx, admin, sourceDB, targetDB))
		},
	}
	// The target is the replica's server, so that both sides write to the same.
	my := streamEnd{
		provider: "mysql", name: m.name, create: streamedMySQL, do: myDo,
		fresh: func(ctx context.Context, role string) (string, error) {
			server := m.url
			if role == "target" {
				server = m.replica
			}
			return myFresh(ctx, server, database(role))
		},
		produce: []string{
			"CREATE PROCEDURE produce() BEGIN DECLARE i INT DEFAULT 1; WHILE i <= " + fmt.Sprint(changes) + " DO INSERT INTO events (id, kind, body, amount) VALUES (i, i % 100, left(sha2(i, 256), 32), i * 0.5); SET i = i + 1; END WHILE; END",
			"CALL produce()",
		},
		arrived: myArrived,
		drop: func(ctx context.Context) error {
			return errors.Join(myDo(ctx, m.url, "DROP DATABASE IF EXISTS "+sourceDB), myDo(ctx, m.replica, "DROP DATABASE IF EXISTS "+targetDB, "DROP DATABASE IF EXISTS "+sourceDB))
		},
	}
	subscription := b.postgresStream(admin, 1)
	faster := func(ctx context.Context) (cost, error) {
		if err := subscription.reset(ctx); err != nil {
			return cost{}, err
		}
		one, err := subscription.runLimit(ctx)
		if err = errors.Join(err, subscription.cleanup(ctx)); err != nil {
			return one, err
		}
		other, err := b.replicate(ctx, admin, m, my, changes)
		if err != nil || other.wall < one.wall {
			return other, err
		}
		return one, nil
	}
	replica := func(ctx context.Context) (cost, error) { return b.replicate(ctx, admin, m, my, changes) }
	one := m.name + "'s own replication with one applier"
	return []contest{
		b.streamBetween(admin, m, my, my, changes, replica, one, 1),
		b.streamBetween(admin, m, pg, my, changes, faster, "the faster of a native subscription and "+one, 1/0.7),
		b.streamBetween(admin, m, my, pg, changes, faster, "the faster of a native subscription and "+one, 1/0.7),
	}
}

const streamedMySQL = "CREATE TABLE events (id bigint PRIMARY KEY, kind int, body text, amount decimal(10,2), made timestamp(6) NULL DEFAULT CURRENT_TIMESTAMP(6))"

func (b *bench) streamBetween(admin string, m mysqlServer, from, to streamEnd, changes int, limit func(context.Context) (cost, error), what string, target float64) contest {
	c := contest{
		name: "stream-" + from.name + "-" + to.name + "-1", what: fmt.Sprintf("catching up with %d changes in transactions of 1", changes),
		limit: what, target: target, rows: changes, runLimit: limit,
	}
	nothing := func(context.Context) error { return nil }
	c.prepare, c.reset = nothing, nothing
	c.cleanup = func(ctx context.Context) error { return errors.Join(from.drop(ctx), to.drop(ctx)) }
	c.runOurs = func(ctx context.Context) (cost, error) {
		if err := c.cleanup(ctx); err != nil { // of the last run
			return cost{}, err
		}
		source, err := from.fresh(ctx, "source")
		if err != nil {
			return cost{}, err
		}
		target, err := to.fresh(ctx, "target")
		if err != nil {
			return cost{}, err
		}
		if err := from.do(ctx, source, from.create); err != nil {
			return cost{}, err
		}
		dir, err := b.followingBetween(c.name, from.provider, to.provider)
		if err != nil {
			return cost{}, err
		}
		if _, err := b.ours(ctx, dir, source, target, "apply", "-auto-approve"); err != nil {
			return cost{}, err
		}
		if err := from.do(ctx, source, from.produce...); err != nil {
			return cost{}, err
		}
		counted := watchServers(ctx, admin, m, mysqlServer{url: m.replica}).begin()
		got, err := b.ours(ctx, dir, source, target, "sync", "-once")
		got.servers, got.parts = counted()
		if err != nil {
			return got, err
		}
		return got, to.arrived(ctx, target, changes)
	}
	return c
}

// followingBetween is a configuration that follows its source.
func (b *bench) followingBetween(name, source, target string) (string, error) {
	dir, err := b.configure(name, source, target, 1)
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, "bench.sf.hcl")
	text, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	return dir, os.WriteFile(file, []byte(strings.Replace(string(text), `"full"`, `"incremental"`, 1)), 0o644)
}

// replicate lets the second server copy what was done on the first, from the time on at
// which the table was made, with one applier.
func (b *bench) replicate(ctx context.Context, admin string, m mysqlServer, my streamEnd, changes int) (got cost, err error) {
	if err := my.drop(ctx); err != nil {
		return cost{}, err
	}
	source, err := my.fresh(ctx, "source")
	if err != nil {
		return cost{}, err
	}
	if err := my.do(ctx, source, my.create, my.produce[0]); err != nil {
		return cost{}, err
	}
	// The copy has the name of the source's database.
	copied, err := myFresh(ctx, m.replica, sourceDB)
	if err != nil {
		return cost{}, err
	}
	if err := my.do(ctx, copied, my.create); err != nil {
		return cost{}, err
	}
	start, stop, err := replication(ctx, m)
	if err != nil {
		return cost{}, err
	}
	if err := myDo(ctx, m.replica, stop...); err != nil { // what a run that was killed left
		return cost{}, err
	}
	if err := my.do(ctx, source, my.produce[1:]...); err != nil {
		return cost{}, err
	}
	counted := watchServers(ctx, admin, m, mysqlServer{url: m.replica}).begin()
	got, err = timed(func() (time.Duration, error) {
		if err := myDo(ctx, m.replica, start...); err != nil {
			return 0, err
		}
		return 0, my.arrived(ctx, copied, changes)
	})
	got.servers, got.parts = counted()
	return got, errors.Join(err, myDo(context.WithoutCancel(ctx), m.replica, stop...))
}

// replication tells how the second server is made a replica of the first, from now on.
// What it replicated before it forgets.
func replication(ctx context.Context, m mysqlServer) (start, stop []string, err error) {
	u, err := url.Parse(m.url)
	if err != nil {
		return nil, nil, errors.New("a server's URL is malformed") // the error would hold its password
	}
	password, _ := u.User.Password()
	db, err := myOpen(m.url)
	if err != nil {
		return nil, nil, err
	}
	defer db.Close()
	var at string
	if m.name == "mariadb" {
		if err := db.QueryRowContext(ctx, "SELECT @@gtid_binlog_pos").Scan(&at); err != nil {
			return nil, nil, err
		}
		return []string{
			"RESET MASTER", "SET GLOBAL gtid_slave_pos = '" + at + "'", "SET GLOBAL slave_parallel_threads = 0",
			fmt.Sprintf("CHANGE MASTER TO MASTER_HOST = '%s', MASTER_PORT = %s, MASTER_USER = '%s', MASTER_PASSWORD = '%s', MASTER_USE_GTID = slave_pos", u.Hostname(), u.Port(), u.User.Username(), password),
			"START SLAVE",
		}, []string{"STOP SLAVE", "RESET SLAVE ALL"}, nil
	}
	if err := db.QueryRowContext(ctx, "SELECT REPLACE(@@global.gtid_executed, '\\n', '')").Scan(&at); err != nil {
		return nil, nil, err
	}
	return []string{
		"RESET BINARY LOGS AND GTIDS", "SET GLOBAL gtid_purged = '" + at + "'", "SET GLOBAL replica_parallel_workers = 1",
		fmt.Sprintf("CHANGE REPLICATION SOURCE TO SOURCE_HOST = '%s', SOURCE_PORT = %s, SOURCE_USER = '%s', SOURCE_PASSWORD = '%s', SOURCE_AUTO_POSITION = 1, SOURCE_SSL = 0, GET_SOURCE_PUBLIC_KEY = 1", u.Hostname(), u.Port(), u.User.Username(), password),
		"START REPLICA",
	}, []string{"STOP REPLICA", "RESET REPLICA ALL"}, nil
}

// myArrived is arrived for a server of MySQL's family.
func myArrived(ctx context.Context, u string, rows int) error {
	db, err := myOpen(u)
	if err != nil {
		return err
	}
	defer db.Close()
	return awaitRows(ctx, rows, func(query string, n *int) error { return db.QueryRowContext(ctx, query).Scan(n) })
}
