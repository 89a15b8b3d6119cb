package postgres

import (
	"context"
	"errors"
	"strconv"

	"github.com/syncform/syncform/providers"
)

var errLost = errors.New("the connection to the server was lost")

// applyTx is one transaction. Errors come when the server's answers are read, at the
// latest from Commit; after the first Savepoint each call waits for its own.
type applyTx struct {
	*applySession
	savepoint bool
	made      []*tempTable // temporary tables that a rollback takes away
	kept      int          // of made: from before the savepoint
	used      []*tempTable // that hold rows of this transaction
}

// settle ends a call: under a savepoint the caller must learn now what failed.
func (tx *applyTx) settle(ctx context.Context) error {
	if tx.savepoint {
		return tx.pipe.sync(ctx)
	}
	return tx.pipe.room(ctx)
}

// queue is the ledger's way to the server that does not wait. A statement that must hit
// a row gives none where it does not.
type queue struct {
	a    *applySession
	none error
}

func (q queue) Exec(ctx context.Context, sql string, args ...any) error {
	return q.send(sql, nil, args)
}

func (q queue) ExecCount(ctx context.Context, sql string, args ...any) (int64, error) {
	return 1, q.send(mustHit(sql), q.none, args)
}

func (q queue) Query(context.Context, string, ...any) ([][]string, error) {
	return nil, errors.New("bug in syncform: a query where nothing is waited for")
}

func (q queue) send(sql string, none error, args []any) error {
	p := &q.a.pipe
	if p.failed != nil {
		return p.failed
	}
	st := q.a.statements[sql]
	if st == nil {
		st = &statement{sql: numbered(sql)}
		q.a.statements[sql] = st
	}
	parsed := p.prepare(st)
	start, _ := p.bind(st.name, len(args))
	for _, arg := range args {
		switch arg := arg.(type) {
		case string:
			p.param(arg)
		case int64:
			p.param(strconv.FormatInt(arg, 10))
		default:
			return errors.New("bug in syncform: an argument that is neither text nor number")
		}
	}
	p.run(start, call{parsed: parsed, none: none})
	return nil
}

// waiting is the ledger's way that waits for each answer.
type waiting struct{ a *applySession }

func (w waiting) Exec(ctx context.Context, sql string, args ...any) error {
	_, err := w.a.query(ctx, numbered(sql), args...)
	return err
}

func (w waiting) Query(ctx context.Context, sql string, args ...any) ([][]string, error) {
	return w.a.query(ctx, numbered(sql), args...)
}

func (w waiting) ExecCount(ctx context.Context, sql string, args ...any) (int64, error) {
	rows, err := w.a.query(ctx, numbered(sql)+" RETURNING 1", args...)
	return int64(len(rows)), err
}

// Checkpoint writes the stream's record; ErrFenced may come as late as from Commit, and
// then nothing was committed.
func (tx *applyTx) Checkpoint(ctx context.Context, at providers.Checkpoint) error {
	if err := tx.conn.ledger().Checkpoint(ctx, queue{tx.applySession, providers.ErrFenced}, at); err != nil {
		return err
	}
	return tx.settle(ctx)
}

var errNoRecord = &providers.RetryableError{Err: errors.New("a row of _sync_table or _sync_metadata is gone from the target")}

// Tables writes the records of tables. The first time it waits, so that the ledger can
// make what is missing.
func (tx *applyTx) Tables(ctx context.Context, sync string, tables []providers.TableRecord) error {
	for i := range tables {
		one := tables[i : i+1]
		if tx.noted[one[0].Mapping] {
			if err := tx.conn.ledger().Tables(ctx, queue{tx.applySession, errNoRecord}, one); err != nil {
				return err
			}
			continue
		}
		if err := tx.conn.ledger().Tables(ctx, waiting{tx.applySession}, one); err != nil {
			return err
		}
		tx.noted[one[0].Mapping] = true
	}
	return tx.settle(ctx)
}

// DeadLetter keeps changes that could not be applied.
func (tx *applyTx) DeadLetter(ctx context.Context, sync string, letters []providers.DeadLetter) error {
	if err := tx.conn.ledger().DeadLetter(ctx, queue{tx.applySession, nil}, sync, letters); err != nil {
		return err
	}
	return tx.settle(ctx)
}

// NoteKeys adds keys to a set.
func (tx *applyTx) NoteKeys(ctx context.Context, set providers.KeySet, keys []string) error {
	if err := tx.conn.ledger().NoteKeys(ctx, queue{tx.applySession, nil}, set, keys); err != nil {
		return err
	}
	return tx.settle(ctx)
}

// ForgetKeys takes keys out of a set.
func (tx *applyTx) ForgetKeys(ctx context.Context, set providers.KeySet, keys []string) error {
	if err := tx.conn.ledger().ForgetKeys(ctx, queue{tx.applySession, nil}, set, keys); err != nil {
		return err
	}
	return tx.settle(ctx)
}

const savepointName = "syncform"

// Savepoint marks where RollbackTo goes back to.
func (tx *applyTx) Savepoint(ctx context.Context) error {
	if err := tx.pipe.sync(ctx); err != nil {
		return err
	}
	if tx.savepoint {
		tx.run(tx.statement("RELEASE SAVEPOINT " + savepointName))
	}
	tx.run(tx.statement("SAVEPOINT " + savepointName))
	tx.savepoint, tx.kept = true, len(tx.made)
	return nil
}

// RollbackTo undoes what came after the savepoint, which stays.
func (tx *applyTx) RollbackTo(ctx context.Context) error {
	if !tx.savepoint {
		return errors.New("bug in syncform: there is no savepoint")
	}
	if tx.pipe.s.pg.IsClosed() {
		return &providers.RetryableError{Err: errLost}
	}
	if tx.pipe.failed == nil {
		if err := tx.pipe.sync(ctx); tx.pipe.s.pg.IsClosed() {
			return err
		}
	}
	tx.pipe.failed = nil
	tx.forget(tx.kept)
	tx.run(tx.statement("ROLLBACK TO SAVEPOINT " + savepointName))
	return tx.pipe.sync(ctx)
}

// Commit reads all answers; where any is an error nothing is committed.
func (tx *applyTx) Commit(ctx context.Context) error {
	p := &tx.pipe
	if p.failed != nil {
		return p.failed
	}
	st := tx.statement("COMMIT")
	parsed := p.prepare(st)
	start, _ := p.bind(st.name, 0)
	p.run(start, call{parsed: parsed, commits: true})
	if err := p.sync(ctx); err != nil {
		tx.clear()
		return err
	}
	tx.emptied()
	return nil
}

// emptied notes that temporary tables hold nothing once the transaction is over.
func (tx *applyTx) emptied() {
	for _, t := range tx.used {
		t.dirty = false
	}
	tx.used = tx.used[:0]
}

// Rollback undoes the transaction; one that the server has not heard of is only forgotten.
func (tx *applyTx) Rollback(ctx context.Context) error {
	tx.clear()
	p := &tx.pipe
	if p.s.pg.IsClosed() {
		return nil // the server rolls back
	}
	if !p.begun {
		p.drop(0)
		p.failed = nil
		return nil
	}
	ctx = context.WithoutCancel(ctx)
	if p.failed == nil {
		if err := p.sync(ctx); p.s.pg.IsClosed() {
			return err
		}
	}
	p.failed = nil
	p.s.rollback()
	return nil
}

// clear forgets what the transaction's end takes away.
func (tx *applyTx) clear() {
	tx.forget(0)
	tx.emptied()
	clear(tx.noted)
}

// forget drops temporary tables that are rolled back.
func (tx *applyTx) forget(from int) {
	for _, t := range tx.made[from:] {
		*t = tempTable{}
	}
	tx.made = tx.made[:from]
}
