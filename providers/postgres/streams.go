package postgres

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/ledger"
)

// OpenStreams makes the tables of streams where they are missing.
func (c *Conn) OpenStreams(ctx context.Context) (providers.StreamStore, error) {
	s, err := c.acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer c.release(s)
	if err := c.ensureLedger(ctx, s); err != nil {
		return nil, err
	}
	err = inTransaction(ctx, s, func() error {
		if err := s.exec(ctx, "SELECT pg_catalog.pg_advisory_xact_lock(7310868735421)"); err != nil {
			return classify(err)
		}
		all := []string{ledger.StreamTable, "_sync_lease", "_sync_table", "_sync_dead_letter", ledger.KeyTable}
		there, err := c.countTables(ctx, s, all...)
		if err != nil || there == len(all) {
			return err
		}
		return c.ledger().EnsureStreams(ctx, ledgerDB{s})
	})
	if err != nil {
		return nil, err
	}
	return c.streams(), nil
}

// FindStreams looks for the tables of streams; nil where there are none.
func (c *Conn) FindStreams(ctx context.Context) (providers.StreamStore, error) {
	s, err := c.acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer c.release(s)
	there, err := c.countTables(ctx, s, ledger.StreamTable)
	if err != nil || there == 0 {
		return nil, err
	}
	return c.streams(), nil
}

// countTables counts those of the ledger's tables that are there.
func (c *Conn) countTables(ctx context.Context, s *session, names ...string) (int, error) {
	got, err := s.queryRow(ctx, "SELECT count(*) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = ANY (pg_catalog.string_to_array($2, ','))", c.schema, strings.Join(names, ","))
	if err != nil {
		return 0, classify(err)
	}
	return strconv.Atoi(got[0])
}

// storeTries is how often a record is written where it fails for a passing reason.
const storeTries = 3

func (c *Conn) streams() *ledger.Streams {
	again := func(run func(context.Context, func(ledger.TxDB) error) (bool, error)) func(context.Context, func(ledger.TxDB) error) error {
		return func(ctx context.Context, f func(ledger.TxDB) error) error {
			for try := 1; ; try++ {
				again, err := run(ctx, f)
				if !again || try == storeTries || ctx.Err() != nil {
					return err
				}
			}
		}
	}
	return &ledger.Streams{Ledger: c.ledger(), Tx: again(c.inSession), Alone: again(c.alone), End: c.endWriter}
}

// alone runs f in a session whose statements each commit by themselves, and says whether it
// may be run again.
func (c *Conn) alone(ctx context.Context, f func(ledger.TxDB) error) (again bool, err error) {
	s, err := c.acquire(ctx)
	if err != nil {
		return providers.IsRetryable(err), err
	}
	defer c.release(s)
	err = f(ledgerDB{s})
	return providers.IsRetryable(err), err
}

// beginRecord begins a transaction that the server ends where this process is frozen or cut
// off inside it: others wait for its locks.
const beginRecord = "BEGIN; SET LOCAL idle_in_transaction_session_timeout = '30s'"

// inSession runs f in one transaction, and says whether it may be run again: not where the
// outcome of its COMMIT is not known.
func (c *Conn) inSession(ctx context.Context, f func(ledger.TxDB) error) (again bool, err error) {
	s, err := c.acquire(ctx)
	if err != nil {
		return providers.IsRetryable(err), err
	}
	defer c.release(s)
	if err := classify(s.exec(ctx, beginRecord)); err != nil {
		return providers.IsRetryable(err), err
	}
	if err := f(ledgerDB{s}); err != nil {
		s.rollback()
		return providers.IsRetryable(err), err
	}
	err = classify(s.exec(ctx, "COMMIT"))
	return providers.IsRetryable(err) && !s.pg.IsClosed(), err
}

// endPatience is how long a session that is told to end may take.
const endPatience = 10 * time.Second

// endWriter ends the sessions of ours that have a stream's checkpoint or lease locked: it
// waits for the rows' locks and ends what it waits for.
func (c *Conn) endWriter(ctx context.Context, sync string) error {
	waiting, err := c.acquire(ctx)
	if err != nil {
		return err
	}
	defer waiting.close()
	looking, err := c.acquire(ctx)
	if err != nil {
		return err
	}
	defer c.release(looking)
	pid := strconv.FormatUint(uint64(waiting.pg.PID()), 10)
	ctx, cancel := context.WithTimeout(ctx, endPatience)
	defer cancel()
	done := make(chan error, 1)
	go func() {
		_, err := waiting.query(ctx, "SELECT 1 FROM "+c.ledger().Prefix+"_sync_lease l JOIN "+c.ledger().Prefix+ledger.StreamTable+" c ON c.sync = l.sync WHERE l.sync = $1 FOR UPDATE", sync)
		done <- classify(err)
	}()
	for {
		select {
		case err := <-done:
			return err
		case <-time.After(100 * time.Millisecond):
		}
		_, err := looking.query(ctx, "SELECT pg_catalog.pg_terminate_backend(a.pid) FROM pg_catalog.unnest(pg_catalog.pg_blocking_pids($1::int)) b(pid) JOIN pg_catalog.pg_stat_activity a ON a.pid = b.pid WHERE a.application_name = 'syncform'", pid)
		if err != nil {
			cancel()
			<-done
			return classify(err)
		}
	}
}
