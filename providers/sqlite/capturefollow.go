package sqlite

import (
	"context"
	"sync"
	"time"

	"zombiezen.com/go/sqlite"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
)

// How long a quiet file is left alone before it is asked whether something was committed:
// that costs a look at a page that is in memory.
const (
	watchLeast = time.Millisecond
	watchMost  = 10 * time.Millisecond
)

const (
	drainEntries = 10_000  // of the log in one read transaction
	drainBytes   = 4 << 20 // of rows, likewise
	// drainRounds is after how many of them a transaction ends although the log has more:
	// who writes is faster than who reads.
	drainRounds = 100
)

const (
	pruneEvery = time.Second
	pruneRows  = 5000 // in one write transaction
)

// Follow drains the log whenever something was committed. What stands in the log is read
// in one transaction with the rows as they are now, and given on as one transaction: in
// the end the target is as the source was at that moment.
func (c *Conn) Follow(ctx context.Context, capture providers.Capture, from row.Position, newCollector func(func() row.Position) *row.Collector) (err error) {
	if capture.Method == providers.Polling {
		return c.followPolling(ctx, capture, from, newCollector)
	}
	at, err := readPosition(from)
	if err != nil {
		return err
	}
	db, err := c.get(ctx)
	if err != nil {
		return err
	}
	defer c.put(db)
	d := &drain{db: db, capture: capture, at: at}
	defer d.close(&err)
	if err := d.begin(); err != nil {
		return because(ctx, err)
	}
	acknowledged := from
	position := from
	collector := newCollector(func() row.Position { return position })

	// The log is pruned beside, for it may have to wait for the file's lock.
	pruning, stop := context.WithCancel(ctx)
	var pruner sync.WaitGroup
	defer func() { stop(); pruner.Wait() }()
	pruner.Go(func() { c.prune(pruning, capture.Sync, acknowledged, collector) })

	for {
		version, err := pragma(db, "data_version")
		if err != nil {
			return because(ctx, err)
		}
		for round, more := 1, true; more; round++ {
			if more, err = d.read(); err != nil {
				return because(ctx, err)
			}
			if err := d.give(ctx, collector); err != nil {
				return err
			}
			if more && round%drainRounds != 0 || d.last.ID == d.at.ID {
				continue
			}
			if err := collector.Commit(ctx, d.time(), func() { d.at = d.last; position = d.at.String() }, row.Wait{}); err != nil {
				return err
			}
		}
		if err := c.watch(ctx, db, version, func(int64) {}); err != nil {
			return err
		}
	}
}

// watch waits until another connection has committed something, and tells quiet until
// when, in nanoseconds, nobody has.
func (c *Conn) watch(ctx context.Context, db *sqlite.Conn, version string, quiet func(int64)) error {
	wait := watchLeast
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
		case <-ctx.Done():
			return ctx.Err()
		}
		at := time.Now().UnixNano()
		now, err := pragma(db, "data_version")
		if err != nil || now != version {
			return because(ctx, err)
		}
		quiet(at)
		wait = min(2*wait, watchMost)
		timer.Reset(wait)
	}
}

// prune takes entries out of the log that are behind what was acknowledged, which itself
// stays to prove the position. Where the file is locked it tries again.
func (c *Conn) prune(ctx context.Context, sync string, done row.Position, collector *row.Collector) {
	ticker := time.NewTicker(pruneEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
		acked := collector.Acked()
		at, err := readPosition(acked)
		if acked == done || err != nil {
			continue
		}
		for n := pruneRows; n == pruneRows && err == nil; {
			err = c.transact(ctx, func(db *sqlite.Conn) error {
				_, err := all(db, "DELETE FROM _change_log WHERE id IN (SELECT id FROM _change_log WHERE sync = ? AND id < ? ORDER BY id LIMIT ?)", sync, at.ID, pruneRows)
				n = db.Changes()
				return err
			})
		}
		if err == nil {
			done = acked
		}
	}
}
