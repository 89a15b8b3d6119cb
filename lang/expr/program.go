package expr

import (
	"time"

	"github.com/syncform/syncform/providers/row"
)

// Program evaluates one expression. It keeps memory from row to row, so each goroutine
// compiles its own.
type Program struct {
	checked *Checked
	eval    eval
	m       machine
	v       value
}

// Compile makes a Program. at gives for each column that was given to Check the field
// of the batches that holds it; columns that the expression does not need may have any.
func (c *Checked) Compile(at []int) *Program {
	return &Program{checked: c, eval: c.root.make(), m: machine{at: at}}
}

// run evaluates row r.
func (p *Program) run(b *row.Batch, r int, now time.Time) {
	p.m.batch, p.m.row, p.m.now = b, r, now
	p.m.arena, p.m.err, p.m.missing = p.m.arena[:0], nil, -1
	p.eval(&p.m, &p.v)
}

// Append evaluates row r of the batch and appends the result's canonical text. The
// state is row.Unchanged where the result needs a field that is unchanged: Missing
// then says which. now is what NOW() gives. The error is a *ValueError.
func (p *Program) Append(dst []byte, b *row.Batch, r int, now time.Time) ([]byte, row.State, error) {
	p.run(b, r, now)
	switch {
	case p.m.missing >= 0:
		return dst, row.Unchanged, nil
	case p.m.err != nil:
		return dst, row.Null, p.m.err
	case p.v.null:
		return dst, row.Null, nil
	}
	root := p.checked.root
	dst, reason := appendValue(dst, &p.v, root.class, &root.typ)
	if reason != "" {
		return dst, row.Null, &ValueError{Part: p.checked.expr.part(root.node), Reason: reason}
	}
	return dst, row.Value, nil
}

// Holds evaluates a condition: it holds only where it is true, not where it is NULL.
// Missing is the column, as an index of those given to Check, that it needs and that is
// unchanged; -1 where there is none. The error is a *ValueError.
func (p *Program) Holds(b *row.Batch, r int) (holds bool, missing int, err error) {
	p.run(b, r, time.Time{})
	switch {
	case p.m.missing >= 0:
		return false, p.m.missing, nil
	case p.m.err != nil:
		return false, -1, p.m.err
	}
	return !p.v.null && p.v.i != 0, -1, nil
}

// Missing is the column that the last Append needed and that was unchanged; -1 where
// there was none.
func (p *Program) Missing() int { return p.m.missing }
