package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
)

// streamed is the table whose changes are followed.
const streamed = "CREATE TABLE events (id bigint PRIMARY KEY, kind integer, body text, amount numeric(10,2), made timestamptz DEFAULT now())"

const (
	streamSlot        = "syncform_bench"
	streamPublication = "syncform_bench"
)

// postgresStream measures how fast a backlog of changes is caught up with, against a
// native subscription between the same databases.
func (b *bench) postgresStream(admin string, perTransaction int) contest {
	changes := min(b.rows/10, 300_000) / 1000 * 1000
	c := contest{
		name: fmt.Sprintf("stream-pg-pg-%d", perTransaction), what: fmt.Sprintf("catching up with %d changes in transactions of %d", changes, perTransaction),
		limit: "a native subscription", target: 1.0, rows: changes,
	}
	var source, target string
	c.prepare = func(context.Context) error { return nil }
	c.reset = func(ctx context.Context) (err error) {
		if source != "" {
			if err := dropSlots(ctx, admin); err != nil {
				return err
			}
		}
		if source, err = pgFresh(ctx, admin, sourceDB); err != nil {
			return err
		}
		if target, err = pgFresh(ctx, admin, targetDB); err != nil {
			return err
		}
		return pgDo(ctx, source, streamed)
	}
	c.cleanup = func(ctx context.Context) error {
		return errors.Join(dropSlots(ctx, admin), pgDrop(ctx, admin, sourceDB, targetDB))
	}
	c.runLimit = func(ctx context.Context) (cost, error) {
		if err := pgDo(ctx, source, "CREATE PUBLICATION "+streamPublication+" FOR TABLE events", "SELECT pg_create_logical_replication_slot('"+streamSlot+"', 'pgoutput')"); err != nil {
			return cost{}, err
		}
		if err := pgDo(ctx, source, "SET synchronous_commit = off", produce(changes, perTransaction)); err != nil {
			return cost{}, err
		}
		if err := pgDo(ctx, target, streamed); err != nil {
			return cost{}, err
		}
		counted := watchServers(ctx, admin).begin()
		got, err := timed(func() (time.Duration, error) {
			if err := pgDo(ctx, target, "CREATE SUBSCRIPTION bench CONNECTION '"+source+"' PUBLICATION "+streamPublication+" WITH (create_slot = false, slot_name = '"+streamSlot+"', copy_data = false)"); err != nil {
				return 0, err
			}
			return 0, arrived(ctx, target, changes)
		})
		got.servers, got.parts = counted()
		return got, errors.Join(err, pgDo(context.WithoutCancel(ctx), target, "ALTER SUBSCRIPTION bench DISABLE", "ALTER SUBSCRIPTION bench SET (slot_name = NONE)", "DROP SUBSCRIPTION bench"))
	}
	c.runOurs = func(ctx context.Context) (cost, error) {
		dir, err := b.following(c.name)
		if err != nil {
			return cost{}, err
		}
		if _, err := b.ours(ctx, dir, source, target, "apply", "-auto-approve"); err != nil {
			return cost{}, err
		}
		if err := pgDo(ctx, source, "SET synchronous_commit = off", produce(changes, perTransaction)); err != nil {
			return cost{}, err
		}
		counted := watchServers(ctx, admin).begin()
		got, err := b.ours(ctx, dir, source, target, "sync", "-once")
		got.servers, got.parts = counted()
		if err != nil {
			return got, err
		}
		return got, arrived(ctx, target, changes)
	}
	return c
}

// following is a configuration that follows its source.
func (b *bench) following(name string) (string, error) {
	return b.followingBetween(name, "postgresql", "postgresql")
}

// produce makes changes, so many to a transaction.
func produce(changes, perTransaction int) string {
	return fmt.Sprintf("DO $$ BEGIN FOR i IN 0..%d LOOP INSERT INTO events SELECT i * %d + j, j %% 100, md5(j::text), j * 0.5 FROM generate_series(1, %d) j; COMMIT; END LOOP; END $$",
		changes/perTransaction-1, perTransaction, perTransaction)
}

// arrived waits until the target holds so many rows, of which the last has the greatest
// id: counting them again and again would take a processor from whoever writes them.
func arrived(ctx context.Context, u string, rows int) error {
	conn, err := pgx.Connect(ctx, u)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	return awaitRows(ctx, rows, func(query string, n *int) error { return conn.QueryRow(ctx, query).Scan(n) })
}

func awaitRows(ctx context.Context, rows int, ask func(query string, n *int) error) error {
	for {
		var n int
		if err := ask("SELECT coalesce(max(id), 0) FROM events", &n); err != nil {
			return err
		}
		if n >= rows {
			err := ask("SELECT count(*) FROM events", &n)
			if err == nil && n != rows {
				err = fmt.Errorf("the target holds %d rows, not %d", n, rows)
			}
			return err
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// dropSlots drops the slots of this program's source.
func dropSlots(ctx context.Context, admin string) error {
	return pgDo(ctx, admin,
		"SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE database = '"+sourceDB+"' AND active_pid IS NOT NULL",
		"SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = '"+sourceDB+"' AND NOT active")
}

// latency measures, at 200 transactions a second, from a commit's return at the source
// until the row is seen at the target.
func (b *bench) latency(admin string) contest {
	const transactions = 2000
	c := contest{name: "stream-latency", what: fmt.Sprintf("%d transactions at 200 a second, one row each", transactions), limit: "p50 under 5 ms, p99 under 25 ms"}
	var source, target string
	c.prepare = func(context.Context) error { return nil }
	c.reset = func(ctx context.Context) (err error) {
		if source != "" {
			if err := dropSlots(ctx, admin); err != nil {
				return err
			}
		}
		if source, err = pgFresh(ctx, admin, sourceDB); err != nil {
			return err
		}
		if target, err = pgFresh(ctx, admin, targetDB); err != nil {
			return err
		}
		return pgDo(ctx, source, streamed)
	}
	c.cleanup = func(ctx context.Context) error {
		return errors.Join(dropSlots(ctx, admin), pgDrop(ctx, admin, sourceDB, targetDB))
	}
	c.runOurs = func(ctx context.Context) (cost, error) {
		dir, err := b.following(c.name)
		if err != nil {
			return cost{}, err
		}
		if _, err := b.ours(ctx, dir, source, target, "apply", "-auto-approve"); err != nil {
			return cost{}, err
		}
		run, stop := context.WithCancel(ctx)
		ended := make(chan error, 1)
		go func() {
			_, err := b.ours(run, dir, source, target, "sync")
			ended <- err
		}()
		waits, err := commitToVisible(ctx, source, target, transactions)
		stop()
		<-ended // killed
		if err != nil {
			return cost{}, err
		}
		slices.Sort(waits)
		fmt.Printf("  from commit to visible: p50 %.1f ms, p99 %.1f ms, most %.1f ms\n", ms(waits[len(waits)/2]), ms(waits[len(waits)*99/100]), ms(waits[len(waits)-1]))
		return cost{wall: waits[len(waits)/2]}, nil
	}
	return c
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// commitToVisible inserts rows at 200 a second and notes how long each takes to be seen.
func commitToVisible(ctx context.Context, source, target string, n int) ([]time.Duration, error) {
	from, err := pgx.Connect(ctx, source)
	if err != nil {
		return nil, err
	}
	defer from.Close(context.WithoutCancel(ctx))
	to, err := pgx.Connect(ctx, target)
	if err != nil {
		return nil, err
	}
	defer to.Close(context.WithoutCancel(ctx))
	// A server that flushes its log late sends it late, to a native subscription too.
	if _, err := from.Exec(ctx, "SET synchronous_commit = local"); err != nil {
		return nil, err
	}
	const warm = 200
	committed := make([]time.Time, n+warm)
	var done atomic.Int64
	failed := make(chan error, 1)
	go func() {
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for i := range committed {
			<-tick.C
			if _, err := from.Exec(ctx, "INSERT INTO events VALUES ($1, 1, 'x', 1)", i); err != nil {
				failed <- err
				return
			}
			committed[i] = time.Now()
			done.Store(int64(i) + 1)
		}
	}()
	var waits []time.Duration
	last := time.Now()
	for seen := 0; seen < len(committed); {
		var now int
		if err := to.QueryRow(ctx, "SELECT coalesce(max(id) + 1, 0) FROM events").Scan(&now); err != nil {
			return nil, err
		}
		at := time.Now()
		if now > seen {
			last = at
		} else if at.Sub(last) > time.Minute {
			return nil, errors.New("a change did not arrive within a minute")
		}
		for done.Load() < int64(now) { // seen before the commit's answer
			time.Sleep(50 * time.Microsecond)
		}
		for ; seen < now; seen++ {
			if seen >= warm {
				waits = append(waits, max(0, at.Sub(committed[seen])))
			}
		}
		select {
		case err := <-failed:
			return nil, err
		case <-time.After(500 * time.Microsecond): // a reader in a loop would take a processor for itself
		}
	}
	return waits, nil
}
