package sqlite

import (
	"context"
	"fmt"
	"strconv"

	"zombiezen.com/go/sqlite"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
)

// StartCapture puts a mark into the log. Marks and entries that a killed run left are
// behind it, and go when the log is pruned.
func (c *Conn) StartCapture(ctx context.Context, capture providers.Capture) (start providers.CaptureStart, err error) {
	if capture.Method == providers.Polling {
		start.Position, err = c.Current(ctx, capture)
		return start, err
	}
	err = c.transact(ctx, func(db *sqlite.Conn) error {
		broken, err := missed(db, capture)
		if err != nil {
			return err
		}
		if len(broken) > 0 {
			return gap("%s", broken[0].Why)
		}
		if _, err := all(db, "INSERT INTO _change_log (nonce, sync, table_name, operation, changed_at) VALUES (random(), ?, '', ?, strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))", capture.Sync, logStart); err != nil {
			return err
		}
		at, err := lastEntry(db, capture.Sync)
		start.Position = at.String()
		return err
	})
	return start, err
}

// lastEntry is the end of a sync's log.
func lastEntry(db *sqlite.Conn, sync string) (p position, err error) {
	r, err := one(db, "SELECT id, nonce FROM _change_log WHERE sync = ? ORDER BY id DESC LIMIT 1", sync)
	if err != nil {
		return p, fmt.Errorf("the end of the log of changes: %w", err)
	}
	if p.ID, err = strconv.ParseInt(r[0], 10, 64); err != nil {
		return p, err
	}
	p.Nonce, err = strconv.ParseInt(r[1], 10, 64)
	return p, err
}

// Floor is "": whoever reads now sees every transaction that has ended, and the triggers
// see every other.
func (c *Conn) Floor(context.Context, providers.Capture) (string, error) { return "", nil }

// AwaitVisible has nothing to wait for: what can be read is what has ended.
func (c *Conn) AwaitVisible(context.Context, providers.Capture, row.Position) error { return nil }

// AwaitSent has nothing to wait for either.
func (c *Conn) AwaitSent(context.Context, providers.Capture, row.Position) error { return nil }

// Current is the log's end, or each table's mark.
func (c *Conn) Current(ctx context.Context, capture providers.Capture) (row.Position, error) {
	var at position
	err := c.reading(ctx, func(db *sqlite.Conn) (err error) {
		if capture.Method == providers.Polling {
			at, err = pollMarks(db, capture)
			return err
		}
		if err := checkLog(db); err != nil {
			return err
		}
		at, err = lastEntry(db, capture.Sync)
		return err
	})
	return at.String(), err
}

// entryBytes is about what an entry takes in the file.
const entryBytes = 80

// Retained counts the entries behind the position.
func (c *Conn) Retained(ctx context.Context, capture providers.Capture, at row.Position) (kept providers.Retained, err error) {
	p, err := readPosition(at)
	if err != nil || capture.Method == providers.Polling {
		return kept, err
	}
	err = c.reading(ctx, func(db *sqlite.Conn) error {
		if gap := checkContinuity(db, capture, p); gap != nil {
			if g, ok := asGap(gap); ok {
				kept = providers.Retained{Bytes: -1, Lost: true, Why: g.Reason}
				return nil
			}
			return gap
		}
		r, err := one(db, "SELECT count(*) FROM _change_log WHERE sync = ? AND id > ?", capture.Sync, p.ID)
		if err != nil {
			return err
		}
		n, err := strconv.ParseInt(r[0], 10, 64)
		kept.Bytes = n * entryBytes
		return err
	})
	return kept, err
}

// ReadKeys reads rows as they are now.
func (c *Conn) ReadKeys(ctx context.Context, t providers.ReadTable, keys *row.Batch) (out *row.Batch, err error) {
	err = c.reading(ctx, func(db *sqlite.Conn) error {
		facts, table, err := factsOf(db, t.Name)
		if err != nil {
			return err
		}
		a := &providers.ApplyTable{Name: t.Name}
		for _, name := range t.Key {
			col := table.Column(name)
			if col == nil {
				return fmt.Errorf("table %s has no column %q", t.Name, name)
			}
			a.Key = append(a.Key, len(a.Columns))
			a.Columns = append(a.Columns, providers.WriteColumn{Name: name, Type: col.Type, Source: col.Type})
		}
		k := &applyTable{t: a}
		for _, col := range a.Columns {
			k.keys = append(k.keys, newWriteColumn(col))
		}
		r, err := newKeyReader(db, t, facts)
		if err != nil {
			return err
		}
		defer r.close(&err)
		out = row.NewBatch(len(t.Columns))
		for i := range keys.Rows {
			if !k.key(r.stmt, keys, i, nil) {
				continue
			}
			if err := r.rest(out); err != nil {
				return err
			}
		}
		return nil
	})
	return out, err
}
