package stream

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
)

// bindings gives the tables that a relation's rows go to. prepare has made them.
func (r *run) bindings(rel *row.Relation) []*binding { return r.bound[rel] }

// prepare binds the relations that a batch brings in for the first time. A relation that
// is no longer as the spec knows it is dealt with here, at its place in the stream. Where
// the spec has grown by that, the stream begins again at its checkpoint (errAgain).
func (r *run) prepare(ctx context.Context, b *row.Changes, abandon func()) error {
	var last *row.Relation
	for i := range b.List {
		rel := b.List[i].Relation
		if rel == last {
			continue
		}
		last = rel
		if _, ok := r.bound[rel]; ok {
			continue
		}
		if op := b.List[i].Op; op == row.Alter || op == row.Lost {
			tell := r.altered
			if op == row.Lost {
				tell = r.lost
			}
			if err := tell(ctx, rel); err != nil {
				return err
			}
			r.bound[rel] = nil
			continue
		}
		var all []*binding
		for _, t := range r.bySource[rel.Name.String()] {
			if t.bound {
				r.looked, r.keyed = time.Time{}, false // the table is another than a moment ago
			}
			t.bound, t.eased = true, time.Time{}
			ch, err := r.changed(ctx, t, rel)
			if r.o.Beside && (errors.As(err, new(*DDLError)) || ch.any()) {
				if err != nil || !t.loading() || r.asPlanned(ctx, t) {
					return &RestsError{fmt.Sprintf("the source's table %s was altered", rel.Name)}
				}
				t.changedInLoad("altered")
				ch = changes{}
			}
			if err != nil {
				return err
			}
			if ch.any() {
				abandon() // its locks would keep the target's table from being changed
				if err := r.follow(ctx, t, rel, ch); err != nil {
					return err
				}
			}
			all = append(all, t.bind(rel))
		}
		r.bound[rel] = all
	}
	return nil
}

// bind finds the table's columns in a relation.
func (t *table) bind(rel *row.Relation) *binding {
	b := &binding{table: t, cols: make([]int, len(t.read.Columns)), asks: t.past}
	for i, c := range t.read.Columns {
		b.cols[i] = slices.IndexFunc(rel.Columns, func(x row.RelationColumn) bool { return x.Name == c.Name })
		b.asks = b.asks || b.cols[i] < 0 && slices.Contains(t.unsent, c.Name)
	}
	return b
}

// changes are what of a relation is followed, one kind at a time.
type changes struct {
	added       []row.RelationColumn // which the policy takes up
	gone, wider []string
}

func (c changes) any() bool { return len(c.added)+len(c.gone)+len(c.wider) > 0 }

// follow makes changes at their place in the stream, and returns errAgain; or the table is
// to be held, or the stream stops.
func (r *run) follow(ctx context.Context, t *table, rel *row.Relation, ch changes) error {
	switch {
	case len(ch.wider) > 0:
		return r.widenColumns(ctx, t, rel, ch.wider)
	case len(ch.gone) > 0:
		return r.dropColumns(ctx, t, rel, ch.gone)
	}
	return r.addColumns(ctx, t, rel, ch.added)
}

// changed compares a relation with what the spec knows of the table. What is followed is
// returned; whatever else changed holds the table. The spec may be ahead of the stream: where the source's table
// of today is as the spec has it, the relation is of the past, and its rows are read again.
func (r *run) changed(ctx context.Context, t *table, rel *row.Relation) (ch changes, err error) {
	if t.record.State == providers.TableHeld || t.awaits != "" {
		return ch, nil
	}
	t.unsent, t.past = nil, false
	today := sync.OnceValues(func() (*schema.Table, error) { return r.today(ctx, t) })
	var lacking, gone []string
	for _, c := range t.read.Columns {
		i := slices.IndexFunc(rel.Columns, func(x row.RelationColumn) bool { return x.Name == c.Name })
		switch {
		case i < 0:
			lacking = append(lacking, c.Name)
		case !rel.Columns[i].Type.Equal(c.Type) && !rel.Columns[i].Type.Equal(c.As):
			now, err := today()
			if err != nil {
				return ch, err
			}
			if t.ahead(now, c, rel.Columns[i].Type) {
				t.past = true
				continue
			}
			if r.o.WidenColumns == nil || now == nil || now.Column(c.Name) == nil {
				t.awaits = retyped(rel, c.Name, rel.Columns[i].Type, c.Type)
				return ch, nil
			}
			ch.wider = append(ch.wider, c.Name)
		}
	}
	if len(ch.wider) > 0 {
		return ch, nil
	}
	unknown := func(c row.RelationColumn) bool { return !slices.Contains(t.mapping.SourceColumns, c.Name) }
	var later bool
	if len(lacking) > 0 {
		// What the table did not have yet at this place it has today; what it has no more
		// was dropped.
		now, err := today()
		if err != nil {
			return ch, err
		}
		for _, name := range lacking {
			if now == nil {
				t.awaits = fmt.Sprintf("the source's table %s is gone: run syncform plan", rel.Name)
				return ch, nil
			}
			switch c := now.Column(name); {
			case c == nil:
				gone = append(gone, name)
			case c.Generated != nil:
				t.unsent = append(t.unsent, name)
			default:
				later = true
			}
		}
		if len(gone) > 0 {
			if come := t.come(rel, now); come != "" {
				t.awaits = fmt.Sprintf("the source's table %s has lost column %q and got %q: where that is the same column under a new name, rows that did not change hold values that the stream does not bring. Write renamed_from = %q for it, or leave it as it is, and run syncform apply, which loads the table anew", rel.Name, gone[0], come, gone[0])
				return ch, nil
			}
			return changes{gone: gone}, nil
		}
	}
	if len(t.mapping.SourceColumns) == 0 || !t.mapping.AllColumns {
		return ch, nil
	}
	for _, c := range rel.Columns {
		if !unknown(c) {
			continue
		}
		// One that was dropped behind this place is not missed, unless it may have become
		// another that the spec knows: a load that is newer than this place has read that.
		now, err := today()
		if err != nil {
			return ch, err
		}
		if now != nil && now.Column(c.Name) == nil && (!later || t.record.State != providers.TableLive) {
			continue
		}
		takes, err := r.takesUp(t, rel, c)
		if err != nil || t.awaits != "" {
			return ch, err
		}
		if takes {
			ch.added = append(ch.added, c)
		}
	}
	return ch, nil
}

// ahead reports whether the spec has a column as the source's table is now, so that a
// relation in which it is of another type is of the past. A key must still be read as it
// was written.
func (t *table) ahead(now *schema.Table, c providers.ReadColumn, was schema.Type) bool {
	if now == nil {
		return false
	}
	is := now.Column(c.Name)
	return is != nil && is.Type.Equal(c.Type) && (was.Kind == c.Type.Kind || was.IsText() && c.Type.IsText() || !t.identifies(c.Name))
}

// identifies reports whether rows are told apart by a column of the source.
func (t *table) identifies(name string) bool {
	return slices.Contains(t.mapping.SourceKey, name) || slices.ContainsFunc(t.key, func(i int) bool { return t.name(i) == name })
}

// come names a column of the relation that the mapping does not know and takes up, and
// that the source's table still has; "": there is none.
func (t *table) come(rel *row.Relation, now *schema.Table) string {
	if len(t.mapping.SourceColumns) == 0 || !t.mapping.AllColumns {
		return ""
	}
	for _, c := range rel.Columns {
		if !slices.Contains(t.mapping.SourceColumns, c.Name) && now.Column(c.Name) != nil && t.mapping.Policy.Decide(schema.AddColumn{In: t.apply.Name, Column: schema.Column{Name: c.Name}}).Verdict == plan.Apply {
			return c.Name
		}
	}
	return ""
}

// addColumns takes columns up that a source table has gained, and returns errAgain; or
// the table is to be held.
func (r *run) addColumns(ctx context.Context, t *table, rel *row.Relation, added []row.RelationColumn) error {
	if r.o.AddColumns == nil {
		t.awaits = fmt.Sprintf("column %q was added to the source's table %s: run syncform plan", added[0].Name, rel.Name)
		return nil
	}
	m, err := r.o.AddColumns(ctx, t.mapping, added, func(ctx context.Context, m *plan.Mapping, columns []FilledColumn) error {
		return r.fill(ctx, t, m, columns)
	})
	if err != nil {
		if providers.IsRetryable(err) || errors.Is(err, providers.ErrFenced) || errors.Is(err, errPaused) || ctx.Err() != nil || r.o.Soft.Err() != nil {
			return err
		}
		t.awaits = fmt.Sprintf("column %q was added to the source's table %s, and can't be added to the target: %v", added[0].Name, rel.Name, err)
		return nil
	}
	for _, c := range added {
		r.o.Log.Info("a column was added, as in the source", "sync", r.spec.Sync, "table", t.apply.Name.String(), "column", c.Name)
	}
	return r.takeMapping(t, m)
}

// openLetters reads which rows have changes among the dead letters, so that later ones
// follow them.
func (r *run) openLetters(ctx context.Context) error {
	const most = 100_000
	letters, err := r.store.DeadLetters(ctx, r.spec.Sync, most)
	if err != nil {
		return err
	}
	for _, d := range letters {
		for _, t := range r.tables {
			if t.mapping.Addr == d.Mapping {
				t.remember(d)
			}
		}
	}
	return nil
}

// remember marks the key of a dead letter as lost.
func (t *table) remember(d providers.DeadLetter) {
	key, ok := t.letterKey(d)
	if !ok {
		return
	}
	if t.lost == nil {
		t.lost = map[string]bool{}
	}
	t.lost[string(key)] = true
}

// letterKey is the encoded key of a dead letter's row; ok is false where the letter does
// not hold it.
func (t *table) letterKey(d providers.DeadLetter) (key []byte, ok bool) {
	fields := map[string]any{}
	if json.Unmarshal([]byte(d.Row), &fields) != nil {
		return nil, false
	}
	for _, i := range t.key {
		switch v := fields[t.name(i)].(type) {
		case string:
			key = appendKey(key, []byte(v), row.Value)
		case map[string]any:
			text, _ := v["hex"].(string)
			raw, err := hex.DecodeString(text)
			if err != nil {
				return nil, false
			}
			key = appendKey(key, raw, row.Value)
		default:
			return nil, false
		}
	}
	return key, true
}
