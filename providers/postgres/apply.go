package postgres

import (
	"context"

	"github.com/syncform/syncform/providers"
)

// OpenApply takes a session of its own for a stream.
func (c *Conn) OpenApply(ctx context.Context) (providers.ApplySession, error) {
	s, err := c.acquire(ctx)
	if err != nil {
		return nil, err
	}
	a := &applySession{conn: c, pipe: pipe{s: s}, statements: map[string]*statement{}, tables: map[*providers.ApplyTable]*applyTable{}, noted: map[string]bool{}}
	// What was committed is told to the source as done, so it must be on the disk whatever
	// the role's settings are.
	if err := s.exec(ctx, "SELECT pg_catalog.set_config('synchronous_commit', 'local', false) WHERE pg_catalog.current_setting('synchronous_commit') = 'off'"); err != nil {
		s.close()
		return nil, classify(err)
	}
	err = s.exec(ctx, "SET session_replication_role = replica")
	switch {
	case isCode(err, "42501"):
		a.enforced = "the role may not set session_replication_role"
		if c.version >= 150000 {
			a.enforced += " (GRANT SET ON PARAMETER session_replication_role TO the role)"
		}
	case err != nil:
		s.close()
		return nil, classify(err)
	}
	return a, nil
}

// applySession writes a stream's changes over one session.
type applySession struct {
	conn     *Conn
	pipe     pipe
	enforced string // why triggers and foreign keys fire; "" where they don't

	statements map[string]*statement // of the ledger, by their text
	tables     map[*providers.ApplyTable]*applyTable
	noted      map[string]bool // mappings whose records are known to be there
	temps      int             // temporary tables made, for their names
}

// Enforced tells whether triggers and foreign keys fire, and why.
func (a *applySession) Enforced() (bool, string) { return a.enforced != "", a.enforced }

// Close ends the session, whose settings others should not find.
func (a *applySession) Close() error {
	a.pipe.s.close()
	return nil
}

// Begin opens a transaction, which the server hears of with its first statement.
func (a *applySession) Begin(ctx context.Context) (providers.ApplyTx, error) {
	p := &a.pipe
	if p.s.pg.IsClosed() {
		return nil, &providers.RetryableError{Err: errLost}
	}
	p.failed, p.begun = nil, false
	tx := &applyTx{applySession: a}
	a.run(a.statement("BEGIN"))
	return tx, nil
}

// statement keeps one prepared statement for each text.
func (a *applySession) statement(sql string) *statement {
	st := a.statements[sql]
	if st == nil {
		st = &statement{sql: sql}
		a.statements[sql] = st
	}
	return st
}

// run queues a prepared statement without parameters.
func (a *applySession) run(st *statement) {
	parsed := a.pipe.prepare(st)
	start, _ := a.pipe.bind(st.name, 0)
	a.pipe.run(start, call{parsed: parsed})
}

// query asks the server something beside the pipe, within the transaction.
func (a *applySession) query(ctx context.Context, sql string, args ...any) ([][]string, error) {
	if err := a.pipe.sync(ctx); err != nil {
		return nil, err
	}
	rows, err := a.pipe.s.query(ctx, sql, args...)
	if err != nil {
		a.pipe.failed = classify(err)
		return nil, a.pipe.failed
	}
	return rows, nil
}

// maxTables bounds what is kept of tables that nobody may write to any more.
const maxTables = 10_000

// table looks up what there is to know about a table, once.
func (a *applySession) table(ctx context.Context, t *providers.ApplyTable) (*applyTable, error) {
	if known := a.tables[t]; known != nil {
		return known, nil
	}
	known, err := a.look(ctx, t)
	if err != nil {
		return nil, err
	}
	if len(a.tables) >= maxTables {
		clear(a.tables)
	}
	a.tables[t] = known
	return known, nil
}
