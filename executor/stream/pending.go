package stream

import (
	"github.com/syncform/syncform/providers/row"
)

// What a batch makes of a key.
type fate uint8

const (
	gone fate = iota // no row of that key
	kept             // the row of entry
)

// entry is what becomes of one key: the number of the entry is that of its key.
type entry struct {
	fate fate
	// The row's fields: of ch from first on, by bind.
	ch    *row.Changes
	first int
	bind  *binding
	// base is the key (its number) whose row in the target, as it was before the batch,
	// lends the fields that are Unchanged; -1: nothing does, so that the source must be
	// asked for the row.
	base int32
	part bool // some field is Unchanged
	// fresh says that the batch itself inserted the row: before it there was none.
	fresh bool
}

// pending is what a batch makes of one table: the net effect per key.
type pending struct {
	table   *table
	keys    keys
	entries []entry
	emptied bool        // everything that is not in entries goes
	merged  row.Changes // rows put together of several changes, in the table's fields
	key     []byte      // scratch
	old     []byte
}

func (p *pending) reset() {
	p.keys.reset()
	clear(p.entries)
	p.entries, p.emptied = p.entries[:0], false
	p.merged.Reset()
}

// at gives the entry of an encoded key; a new one stands for the target's own row.
func (p *pending) at(key []byte) (n int32, e *entry, found bool) {
	n, found = p.keys.number(key)
	if !found {
		p.entries = append(p.entries, entry{})
	}
	return n, &p.entries[n], found
}

// add takes one change in. ok is false where the change does not carry its key.
func (p *pending) add(ch *row.Changes, c *row.Change, b *binding) (ok bool) {
	switch c.Op {
	case row.Truncate:
		p.reset()
		p.emptied = true
		return true
	case row.Delete:
		if p.key, ok = b.key(p.key[:0], ch, c.Old, row.None); !ok {
			return false
		}
		_, e, _ := p.at(p.key)
		*e = entry{base: -1}
		return true
	}
	if p.key, ok = b.key(p.key[:0], ch, c.New, c.Old); !ok {
		return false
	}
	old := p.key
	if c.Op == row.Update && c.Old != row.None {
		if p.old, ok = b.key(p.old[:0], ch, c.Old, c.New); !ok {
			return false
		}
		old = p.old
	}
	inserts := c.Op == row.Insert
	row := entry{fate: kept, ch: ch, first: c.New, bind: b, base: -1, part: b.asks || b.partial(ch, c.New)}
	from, was, found := p.at(old)
	row.fresh = !found && inserts || found && was.fresh
	if row.part {
		p.lend(&row, from, was, found, c, b)
		if b.asks {
			row.base, row.part = -1, true // what the target or an earlier change holds is of the row's former fields
		}
	}
	n, e, _ := p.at(p.key)
	if n != from {
		p.entries[from] = entry{base: -1}
		row.fresh = false
	}
	*e = row
	return true
}

// lend settles where the unchanged fields of a row come from that stood under the key
// number from.
func (p *pending) lend(r *entry, from int32, was *entry, found bool, c *row.Change, b *binding) {
	if c.Old != row.None {
		// What the row was may stand in the event itself.
		p.merge(r, &entry{ch: r.ch, first: c.Old, bind: b})
		if !r.part {
			return
		}
	}
	switch {
	case found && was.fate == kept:
		before := *was
		p.merge(r, &before)
		r.base = before.base
	case !found && !p.emptied:
		r.base = from
	}
}

// merge puts the fields of r over those of before.
func (p *pending) merge(r, before *entry) {
	first := p.merged.Begin()
	r.part = false
	for i := range p.table.read.Columns {
		v, s := r.bind.field(r.ch, r.first, i)
		if s == row.Unchanged {
			v, s = before.bind.field(before.ch, before.first, i)
		}
		r.part = r.part || s == row.Unchanged
		p.merged.Data = append(p.merged.Data, v...)
		p.merged.EndField(s)
	}
	r.ch, r.first, r.bind = &p.merged, first, nil
}

// partial reports whether any field of the row is Unchanged.
func (b *binding) partial(ch *row.Changes, first int) bool {
	for _, at := range b.cols {
		if at < 0 || ch.States[first+at] == row.Unchanged {
			return true
		}
	}
	return false
}

// appendRow adds the entry's row to a batch, in the table's fields.
func (e *entry) appendRow(b *row.Batch, fields int) {
	for i := range fields {
		v, s := e.bind.field(e.ch, e.first, i)
		b.Data = append(b.Data, v...)
		b.EndField(s)
	}
	b.EndRow()
}
