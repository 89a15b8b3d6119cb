package mysql

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/ledger"
)

// OpenApply takes a session on which nothing cascades. Triggers of the target can't be
// kept from firing; Enforced names them.
func (c *Conn) OpenApply(ctx context.Context) (providers.ApplySession, error) {
	s, err := c.connect(ctx)
	if err != nil {
		return nil, err
	}
	a := &applySession{conn: c, session: s, ledger: c.book(), targets: map[*providers.ApplyTable]*applyTarget{}}
	if err := a.setUp(ctx); err != nil {
		s.close()
		return nil, classify(fmt.Errorf("prepare the session that applies changes: %w", err))
	}
	return a, nil
}

type applySession struct {
	conn     *Conn
	session  *session
	ledger   ledger.Ledger
	packet   int
	triggers string
	named    string // the stream whose lock the session has
	targets  map[*providers.ApplyTable]*applyTarget
}

func (a *applySession) setUp(ctx context.Context) error {
	s := a.session
	settings := "SET foreign_key_checks = 0, " + a.conn.server.isolationVariable() + " = 'READ-COMMITTED'"
	if a.conn.server.mariadb() {
		settings += ", in_predicate_conversion_threshold = 0" // long lists of keys stay ranges
	} else {
		settings += ", range_optimizer_max_mem_size = 0"
	}
	if _, err := s.exec(ctx, settings); err != nil {
		return err
	}
	rows, err := s.query(ctx, "SELECT @@max_allowed_packet")
	if err != nil {
		return err
	}
	if a.packet, err = strconv.Atoi(rows[0][0]); err != nil {
		return err
	}
	rows, err = s.query(ctx, "SELECT TRIGGER_NAME, EVENT_OBJECT_TABLE FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE() ORDER BY 1")
	if err != nil {
		return err
	}
	var names []string
	for _, r := range rows {
		names = append(names, r[0]+" of table "+r[1])
	}
	a.triggers = strings.Join(names, ", ")
	return nil
}

// Enforced names the triggers that run for every row.
func (a *applySession) Enforced() (bool, string) {
	if a.triggers == "" {
		return false, ""
	}
	return true, "the server can't be kept from running triggers: " + a.triggers
}

// Begin begins a transaction with its first statement.
func (a *applySession) Begin(context.Context) (providers.ApplyTx, error) {
	return &applyTx{applySession: a, opening: "START TRANSACTION; "}, nil
}

// Close ends the session; what was not committed is rolled back.
func (a *applySession) Close() error {
	a.session.close()
	return nil
}

// applyTx is one transaction. Its first statement brings the one that opens it along, so
// that it costs no round trip.
type applyTx struct {
	*applySession
	opening string
	out     []byte
}

// Exec, ExecCount and Query make it a ledger.TxDB.
func (x *applyTx) Exec(ctx context.Context, text string, args ...any) error {
	_, err := x.ExecCount(ctx, text, args...)
	return err
}

// ExecCount runs a statement and gives the rows that it changed.
func (x *applyTx) ExecCount(ctx context.Context, text string, args ...any) (int64, error) {
	n, err := x.session.exec(ctx, x.opening+text, args...)
	x.opened(err)
	return n, err
}

// Query gives every field as text, NULL as "".
func (x *applyTx) Query(ctx context.Context, text string, args ...any) ([][]string, error) {
	rows, err := x.session.query(ctx, x.opening+text, args...)
	x.opened(err)
	return rows, err
}

// opened notes that the transaction is open, also where the statement behind failed.
func (x *applyTx) opened(error) { x.opening = "" }

// Checkpoint writes the stream's record. The session's first takes the lock by which
// another instance finds it; that it is refused is no matter.
func (x *applyTx) Checkpoint(ctx context.Context, at providers.Checkpoint) error {
	if x.named != at.Sync {
		if _, err := x.session.query(ctx, "SELECT GET_LOCK("+writerLock(at.Sync)+", 0)"); err != nil {
			return x.failed(err)
		}
		x.named = at.Sync
	}
	return x.failed(x.ledger.Checkpoint(ctx, x, at))
}

// Tables writes tables' records.
func (x *applyTx) Tables(ctx context.Context, _ string, tables []providers.TableRecord) error {
	return x.failed(x.ledger.Tables(ctx, x, tables))
}

// DeadLetter keeps changes that could not be applied.
func (x *applyTx) DeadLetter(ctx context.Context, sync string, letters []providers.DeadLetter) error {
	return x.failed(x.ledger.DeadLetter(ctx, x, sync, letters))
}

// NoteKeys adds keys to a set.
func (x *applyTx) NoteKeys(ctx context.Context, set providers.KeySet, keys []string) error {
	return x.failed(x.ledger.NoteKeys(ctx, x, set, keys))
}

// ForgetKeys takes keys out of a set.
func (x *applyTx) ForgetKeys(ctx context.Context, set providers.KeySet, keys []string) error {
	return x.failed(x.ledger.ForgetKeys(ctx, x, set, keys))
}

func (x *applyTx) failed(err error) error {
	if err == nil || errors.Is(err, providers.ErrFenced) {
		return err
	}
	return classify(fmt.Errorf("write the stream's records: %w", err))
}

// Savepoint marks where RollbackTo goes back to.
func (x *applyTx) Savepoint(ctx context.Context) error {
	return classify(x.Exec(ctx, "SAVEPOINT syncform"))
}

// RollbackTo goes back to the savepoint.
func (x *applyTx) RollbackTo(ctx context.Context) error {
	return classify(x.Exec(ctx, "ROLLBACK TO SAVEPOINT syncform"))
}

// Commit ends the transaction. Where the connection breaks meanwhile, nobody knows
// whether it did: the checkpoint's record says.
func (x *applyTx) Commit(ctx context.Context) error {
	if x.opening != "" {
		return nil
	}
	return classify(x.Exec(ctx, "COMMIT"))
}

// Rollback undoes the transaction.
func (x *applyTx) Rollback(ctx context.Context) error {
	if x.opening != "" || !x.session.alive() {
		return nil
	}
	return classify(x.Exec(ctx, "ROLLBACK"))
}

// Truncate empties tables by DELETE: TRUNCATE TABLE would commit.
func (x *applyTx) Truncate(ctx context.Context, tables []*providers.ApplyTable) error {
	for _, t := range tables {
		if err := x.Exec(ctx, "DELETE FROM "+tableIdent(t.Name)); err != nil {
			return classify(fmt.Errorf("empty table %s: %w", t.Name, err))
		}
	}
	return nil
}
