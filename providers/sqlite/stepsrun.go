package sqlite

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/ledger"
	"github.com/syncform/syncform/providers/schema"
)

// RunStep runs a step and its journal entry in one transaction.
func (c *Conn) RunStep(ctx context.Context, key providers.StepKey, s providers.Step) (ran bool, err error) {
	if !s.Transactional {
		return c.runAlone(ctx, key, s)
	}
	err = c.withLedger(ctx, func(db *sqlite.Conn, l ledgerDB) error {
		state, err := book.Step(ctx, l, key)
		if err != nil || state == ledger.Done {
			return err
		}
		if err := c.script(db, s.Text); err != nil {
			return err
		}
		ran = true
		return book.NoteStep(ctx, l, key, ledger.Done, s.Text)
	})
	return ran && err == nil, err
}

// runAlone runs a statement that must not be in a transaction (VACUUM).
func (c *Conn) runAlone(ctx context.Context, key providers.StepKey, s providers.Step) (bool, error) {
	db, done, err := c.take(ctx)
	if err != nil {
		return false, err
	}
	defer done()
	l := ledgerDB{db}
	if err := book.Ensure(ctx, l); err != nil {
		return false, err
	}
	return book.RunStep(ctx, l, key, s, func(ctx context.Context) error { return because(ctx, execute(db, s.Text)) })
}

// script runs the statements of one step.
func (c *Conn) script(db *sqlite.Conn, text string) error {
	if strings.HasPrefix(text, "--") && !strings.Contains(text, "\n") {
		return nil // a remark, for another step makes the change
	}
	if rest, ok := strings.CutPrefix(text, rebuildMark); ok {
		planned, _, _ := strings.Cut(rest, "\n")
		if err := sameShape(db, planned); err != nil {
			return err
		}
	}
	return sqlitex.ExecuteScript(db, text, nil)
}

// sameShape refuses to make a table anew that is not the one that was planned for.
func sameShape(db *sqlite.Conn, planned string) error {
	_, quoted, ok := strings.Cut(planned, " of ")
	text, err := strconv.Unquote(quoted)
	if !ok || err != nil {
		return fmt.Errorf("bug in syncform: a rebuild without its table's name")
	}
	name := schema.Name{Name: text}
	d, err := inspectTable(db, name)
	if err != nil {
		return err
	}
	t := d.Table(name)
	if t == nil {
		return fmt.Errorf("table %s is not there any more: plan again", name)
	}
	if shape(t) != planned {
		return fmt.Errorf("table %s has other columns, indexes or constraints than when this was planned, which making it anew would lose: plan again", name)
	}
	return nil
}
