package verify

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/syncform/syncform/executor/transform"
	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
)

// difference is one of a row whose values are known.
func (c *comparison) difference(kind string, s []value) Difference {
	d := Difference{Kind: kind, Key: c.key(s)}
	if s == nil {
		return d
	}
	for _, k := range c.mapping.TargetKey {
		i := slices.IndexFunc(c.compared, func(x plan.Column) bool { return x.Target == k })
		if i < 0 || s[i].state != row.Value {
			return d
		}
		d.row = append(d.row, s[i].raw)
	}
	return d
}

// Keys gives the keys of the differing rows that are known, in the order of the
// mapping's TargetKey, at most n in a batch.
func (r *Report) Keys(n int) []*row.Batch {
	var out []*row.Batch
	seen := map[string]bool{}
	for _, d := range r.Differences {
		id := fmt.Sprintf("%q", d.row)
		if d.row == nil || seen[id] {
			continue
		}
		seen[id] = true
		if len(out) == 0 || out[len(out)-1].Rows == n {
			out = append(out, row.NewBatch(len(d.row)))
		}
		appendRow(out[len(out)-1], d.row)
	}
	return out
}

func appendRow(b *row.Batch, values [][]byte) {
	for _, v := range values {
		b.Append(v)
	}
	b.EndRow()
}

// How often a row that differs is looked at again: until it is equal, or has differed
// so often in a row while the source did not change it, or at most so often.
const (
	lookStable = 2
	lookMost   = 8
	lookBatch  = 500
)

// Again looks at the rows that differ once more, by their keys, of a table that a stream
// follows: a comparison of two moments finds what the stream is about to bring. pass
// waits until the stream has passed where the source is when it is called. What is left
// in the report differs although the source stood still; a row that the source changed
// at every look is taken out too, as it can't be told.
func Again(ctx context.Context, m *plan.Mapping, source, target providers.Conn, r *Report, pass func(context.Context) error) error {
	a, err := newAgain(m, source, target)
	if err != nil {
		return err
	}
	var left []Difference
	for i := 0; i < len(r.Differences); i += lookBatch {
		some, err := a.settle(ctx, r.Differences[i:min(i+lookBatch, len(r.Differences))], pass)
		if err != nil {
			return fmt.Errorf("%s: look at rows again: %w", m.Addr, err)
		}
		left = append(left, some...)
	}
	if r.Truncated || r.AtLeast {
		// Those that were not listed were not looked at: they count only where these stay.
		if len(left) == 0 {
			r.Note = "more rows differed than could be looked at again; those that were are equal by now"
		}
	} else {
		r.Missing, r.Extra, r.Different = 0, 0, 0
		for _, d := range left {
			switch d.Kind {
			case KindMissing:
				r.Missing++
			case KindExtra:
				r.Extra++
			default:
				r.Different++
			}
		}
	}
	r.Differences = left
	return nil
}

// again reads single rows of both sides.
type again struct {
	mapping        *plan.Mapping
	compared       []plan.Column
	source, target providers.Capturer
	from, to       providers.ReadTable
	key            []int // of the target's key among compared
	hash           *hasher
	stage          *transform.Stage
}

func newAgain(m *plan.Mapping, source, target providers.Conn) (*again, error) {
	a := &again{mapping: m, compared: m.Compared(), from: m.ReadSource(), to: m.ReadTarget()}
	var err error
	if a.source, err = providers.As[providers.Capturer](source); err != nil {
		return nil, err
	}
	if a.target, err = providers.As[providers.Capturer](target); err != nil {
		return nil, err
	}
	a.hash = newHasher(m, a.compared)
	if m.Computes() {
		if a.stage, err = transform.New(m, transform.Options{Compared: true}); err != nil {
			return nil, err
		}
	}
	a.from.Key = nil
	for _, k := range m.TargetKey {
		i := slices.IndexFunc(a.compared, func(c plan.Column) bool { return c.Target == k })
		if i < 0 || a.compared[i].Source == "" {
			return nil, fmt.Errorf("%s: key column %q is no column of the source", m.Addr, k)
		}
		a.key = append(a.key, i)
		a.from.Key = append(a.from.Key, a.compared[i].Source)
	}
	return a, nil
}

// settle looks at some rows until each is settled.
func (a *again) settle(ctx context.Context, all []Difference, pass func(context.Context) error) ([]Difference, error) {
	var out, open []Difference
	for _, d := range all {
		if d.row == nil {
			out = append(out, d) // it was gone when it was read for its values
		} else {
			open = append(open, d)
		}
	}
	stable := map[string]int{}
	for look := 0; look < lookMost && len(open) > 0; look++ {
		keys := row.NewBatch(len(a.key))
		for _, d := range open {
			appendRow(keys, d.row)
		}
		before, err := a.read(ctx, sourceSide, keys)
		if err != nil {
			return nil, err
		}
		if err := pass(ctx); err != nil {
			return nil, err
		}
		target, err := a.read(ctx, targetSide, keys)
		if err != nil {
			return nil, err
		}
		after, err := a.read(ctx, sourceSide, keys)
		if err != nil {
			return nil, err
		}
		var rest []Difference
		for _, d := range open {
			id := a.id(d.row)
			b, t, n := before[id], target[id], after[id]
			switch {
			case t == b || t == n:
				continue
			case b != n:
				stable[id] = 0
			default:
				stable[id]++
			}
			switch {
			case !n.there:
				d.Kind = KindExtra
			case !t.there:
				d.Kind = KindMissing
			default:
				d.Kind = KindDifferent
			}
			if stable[id] >= lookStable {
				out = append(out, d)
			} else {
				rest = append(rest, d)
			}
		}
		open = rest
	}
	return out, nil
}

// seen is a row at one moment.
type seen struct {
	there bool
	hash  hash128
}

// id tells keys apart in the normal form of their values.
func (a *again) id(key [][]byte) string {
	var b []byte
	for n, i := range a.key {
		v := row.Normal(nil, a.hash.types[i], key[n])
		b = append(fmt.Appendf(b, "%d:", len(v)), v...)
	}
	return string(b)
}

func (a *again) read(ctx context.Context, side int, keys *row.Batch) (map[string]seen, error) {
	from, table := a.source, a.from
	if side == targetSide {
		from, table = a.target, a.to
	}
	b, err := from.ReadKeys(ctx, table, keys)
	if err != nil {
		return nil, err
	}
	defer b.Release()
	at, h := map[string]seen{}, &rowHasher{hasher: a.hash}
	one := row.NewBatch(len(a.compared))
	for i := range b.Rows {
		rows, n := b, i
		if side == sourceSide && a.stage != nil {
			one.Reset()
			one.Form, one.Width = row.FormFields, len(a.compared)
			v, err := a.stage.Row(one, b, i, time.Time{}) // no column of add_metadata is among those
			if err != nil {
				return nil, err
			}
			if !v.Kept {
				continue // it is not to be at the target
			}
			rows, n = one, 0
		}
		h.load(rows, n)
		key := make([][]byte, len(a.key))
		for k, col := range a.key {
			key[k], _ = rows.Field(n, col)
		}
		at[a.id(key)] = seen{true, h.rowHash()}
	}
	return at, nil
}
