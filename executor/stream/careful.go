package stream

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
)

// careful writes a batch change by change in the source's order, which can't fail for
// order's sake. It is the way out where the net effect of a batch was refused.
func (r *run) careful(ctx context.Context, tx providers.ApplyTx, b *row.Changes) error {
	if err := r.noteKeys(ctx, tx, b); err != nil {
		return err
	}
	for i := range b.List {
		c := &b.List[i]
		for _, bind := range r.bindings(c.Relation) {
			if bind.table.next.State == providers.TableHeld || bind.table.loading() {
				continue
			}
			if err := r.one(ctx, tx, b, c, bind); err != nil {
				return err
			}
		}
	}
	return nil
}

// one writes one change. While its table catches up, a row that holds a unique value of
// it goes (makesWay): the stream brings it back, if it is still there.
func (r *run) one(ctx context.Context, tx providers.ApplyTx, b *row.Changes, c *row.Change, bind *binding) error {
	t := bind.table
	letters := r.spec.OnBadRow == "dead_letter"
	if letters && t.isLost(b, c, bind) {
		return r.letter(ctx, tx, b, c, bind, errors.New("an earlier change of this row is among the dead letters"))
	}
	if err := tx.Savepoint(ctx); err != nil {
		return err
	}
	before := t.next
	err := r.write(ctx, tx, b, c, bind, true)
	if !t.live() && c.New != row.None && rowsFault(err) && !inTheWay(err) {
		// A row of before the load need not be one that the table of today takes.
		if err := tx.RollbackTo(ctx); err != nil {
			return err
		}
		t.next = before
		asking := *bind
		asking.asks = true
		bind = &asking
		err = r.write(ctx, tx, b, c, bind, false)
	}
	// What is read again in between may be newer, and collide with other rows.
	const most = 10
	for tries := 0; tries < most && inTheWay(err) && (!t.live() || r.unordered()); tries++ {
		if yields, err2 := r.makesWay(ctx, t, err); err2 != nil {
			return err2
		} else if !yields {
			break
		}
		if err := tx.RollbackTo(ctx); err != nil {
			return err
		}
		if err = r.evict(ctx, tx, b, c, bind); err == nil {
			if err = tx.Savepoint(ctx); err == nil {
				err = r.write(ctx, tx, b, c, bind, false)
			}
		}
	}
	if r.o.Beside && rowsFault(err) {
		// What it lacks may be in a table that is loading.
		return &RestsError{fmt.Sprintf("a change of table %s can't be written before the load is done: %v", t.apply.Name, err)}
	}
	if r.maybeTight(t, err) {
		return &tightError{t, err}
	}
	if letters && rowsFault(err) {
		if err := tx.RollbackTo(ctx); err != nil {
			return err
		}
		t.next = before
		return r.letter(ctx, tx, b, c, bind, err)
	}
	return err
}

// inTheWay reports whether an error says that another row holds a unique value.
func inTheWay(err error) bool {
	var conflict *providers.ConflictError
	return errors.As(err, &conflict) && conflict.Unique
}

// rowsFault reports whether an error is about the row and not about the server.
func rowsFault(err error) bool {
	return errors.As(err, new(*providers.BadRowError)) || errors.As(err, new(*providers.ConflictError))
}

// write does one change by itself. rekey lets a row keep its place where its key changed;
// where a load has brought the new key's row already, the old one goes instead.
func (r *run) write(ctx context.Context, tx providers.ApplyTx, b *row.Changes, c *row.Change, bind *binding, rekey bool) error {
	t := bind.table
	if err := r.cascade(ctx, tx, b, c, bind); err != nil {
		return err
	}
	for _, other := range r.tables {
		other.work.reset()
	}
	p := &t.work
	if !p.add(b, c, bind) {
		return fmt.Errorf("table %s: %s", t.read.Name, noKey)
	}
	if !rekey || len(p.entries) != 2 || c.Op != row.Update || t.stage != nil || bind.asks || !(t.live() || !bind.partial(b, c.New)) {
		return r.flush(ctx, tx, false)
	}
	// The key changed: the first entry is the old one's.
	old, rows := row.NewBatch(len(t.apply.Key)), row.NewBatch(len(t.apply.Columns))
	appendKeyRow(old, p.keys.get(0))
	e := entry{fate: kept, ch: b, first: c.New, bind: bind}
	e.appendRow(rows, len(t.apply.Columns))
	r.batches.upserts.Reset()
	missing, err := tx.Rekey(ctx, &t.apply, old, rows)
	if err != nil || len(missing) == 0 {
		return err
	}
	return r.flush(ctx, tx, false)
}

// evict takes the rows away that hold a unique value of the row that could not be
// written: the change's own, or what was read in its place.
func (r *run) evict(ctx context.Context, tx providers.ApplyTx, b *row.Changes, c *row.Change, bind *binding) error {
	if c.New == row.None {
		return nil
	}
	t := bind.table
	rows := &r.batches.upserts
	if rows.Rows == 0 {
		if t.stage != nil {
			return nil
		}
		rows = row.NewBatch(len(t.apply.Columns))
		e := entry{fate: kept, ch: b, first: c.New, bind: bind}
		e.appendRow(rows, len(t.apply.Columns))
	}
	evicted, err := tx.Evict(ctx, &t.apply, rows)
	if err != nil {
		return err
	}
	evicted.Release()
	return nil
}

const noKey = "a change does not carry the whole key of its row: set the table's replica identity (or binlog_row_image) as the plan says, and load it anew with apply -replace"

// isLost reports whether the change belongs to a row whose earlier change is among the
// dead letters.
func (t *table) isLost(b *row.Changes, c *row.Change, bind *binding) bool {
	if len(t.lost) == 0 || c.Op == row.Truncate {
		return false
	}
	for _, first := range []int{c.New, c.Old} {
		if first == row.None {
			continue
		}
		k, _ := bind.key(nil, b, first, row.None)
		if t.lost[string(k)] {
			return true
		}
	}
	return false
}

// letter puts a change among the dead letters, and what follows of its row.
func (r *run) letter(ctx context.Context, tx providers.ApplyTx, b *row.Changes, c *row.Change, bind *binding, cause error) error {
	t := bind.table
	first, otherwise := c.New, c.Old
	if first == row.None {
		first, otherwise = c.Old, row.None
	}
	d := providers.DeadLetter{Mapping: t.mapping.Addr, Table: t.apply.Name, Op: opName(c.Op), Error: r.said(cause), Position: r.position}
	var bad *providers.BadRowError
	if errors.As(cause, &bad) {
		d.Column = bad.Column
	}
	if first != row.None {
		key, _ := bind.key(nil, b, first, otherwise)
		if t.lost == nil {
			t.lost = map[string]bool{}
		}
		t.lost[string(key)] = true
		d.Key = t.keyText(key)
		d.Row = rowText(b, first, bind)
	}
	r.o.Log.Warn("a change went to the dead letters", "table", t.apply.Name.String(), "key", d.Key, "column", d.Column, "error", d.Error)
	return tx.DeadLetter(ctx, r.spec.Sync, []providers.DeadLetter{d})
}

func opName(op row.Op) string {
	switch op {
	case row.Insert:
		return "insert"
	case row.Update:
		return "update"
	case row.Delete:
		return "delete"
	}
	return "truncate"
}

// keyText writes an encoded key for people: id=17, region=eu, hash=\x00ff. It is text that
// every target can store.
func (t *table) keyText(key []byte) string {
	b := row.NewBatch(len(t.key))
	appendKeyRow(b, key)
	parts := make([]string, len(t.key))
	for i, col := range t.apply.Key {
		v, s := b.Field(0, i)
		text := string(v)
		switch {
		case s != row.Value:
			text = "NULL"
		case t.apply.Columns[col].Type.IsBinary() || !utf8.Valid(v) || bytes.IndexByte(v, 0) >= 0:
			text = fmt.Sprintf(`\x%x`, v)
		}
		parts[i] = t.apply.Columns[col].Name + "=" + text
	}
	return strings.Join(parts, ", ")
}

// name is what a field is called in dead letters: the source's column.
func (t *table) name(field int) string { return t.read.Columns[field].Name }

// rowText writes a row as JSON by source column: text, null, or {"hex": ...} for bytes.
// Fields that the change did not carry are left out.
func rowText(b *row.Changes, first int, bind *binding) string {
	fields := map[string]any{}
	for i, c := range bind.table.read.Columns {
		if v, s := bind.field(b, first, i); s != row.Unchanged {
			fields[c.Name] = fieldText(v, s, c.Type)
		}
	}
	text, err := json.Marshal(fields)
	if err != nil {
		return "{}" // strings always marshal
	}
	return string(text)
}

func fieldText(v []byte, s row.State, t schema.Type) any {
	switch {
	case s == row.Null:
		return nil
	case t.IsBinary() || !utf8.Valid(v):
		return map[string]string{"hex": fmt.Sprintf("%x", v)}
	}
	return string(v)
}
