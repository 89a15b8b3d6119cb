package stream

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
)

// A column that was dropped and made again, or that has taken another's name, looks in
// the stream as it did, and no change tells of the rows that hold other values since. Its
// identity tells. The catalogue is of today and the stream of the past, so an identity
// that is another says only that the place where it changed is not behind the source's
// position of now: once the stream has come there, no older value can come any more, and
// the column is filled from the source. What is still to be filled stands in the spec, so
// that no end of the process can lose it.

// lookEvery is how often the source's columns are looked at where nothing in the stream
// says that they have changed.
const lookEvery = 10 * time.Second

// refills reports whether columns of the table are still to be filled.
func (r *run) refills(t *table) bool {
	return r.o.KeepMapping != nil && len(t.mapping.Refill) > 0 && t.record.State != providers.TableHeld
}

// renew looks for columns that have become others, and fills those that the stream has
// brought far enough. It runs between transactions.
func (w *writer) renew(ctx context.Context) error {
	if err := w.lookAtKeys(ctx); err != nil {
		return err
	}
	if w.o.KeepMapping == nil || w.o.Beside {
		return nil
	}
	if err := w.look(ctx); err != nil {
		return err
	}
	for _, t := range w.tables {
		switch {
		case len(t.mapping.Refill) == 0:
		case t.record.State == providers.TableHeld:
			// The load that it waits for brings them.
			if err := w.keep(ctx, t, func(m *plan.Mapping) { m.Refill = nil }); err != nil {
				return err
			}
		case t.refill == "":
			goal, err := w.capturer.Current(ctx, w.spec.Capture)
			if err != nil {
				return fmt.Errorf("read the source's position: %w", err)
			}
			if err := w.note(ctx, t, func() { t.catchUp(goal) }); err != nil {
				return err
			}
			t.refill = goal
		default:
			ok, err := w.capturer.Reached(w.position, t.refill)
			if err != nil {
				return fmt.Errorf("compare positions of %s: %w", t.mapping.Addr, err)
			}
			if !ok {
				continue
			}
			if err := w.fillAgain(ctx, t); err != nil {
				return err
			}
		}
	}
	return nil
}

// look compares the identities of the source's columns with those that are known.
func (w *writer) look(ctx context.Context) error {
	if !w.looked.IsZero() && time.Since(w.looked) < lookEvery {
		return nil
	}
	source, err := providers.As[providers.ColumnIdentifier](w.source)
	if errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	var names []schema.Name
	for _, t := range w.tables {
		if t.record.State != providers.TableHeld {
			names = append(names, t.mapping.SourceTable)
		}
	}
	slices.SortFunc(names, schema.Name.Compare)
	w.looked = time.Now()
	ids, err := source.ColumnIDs(ctx, slices.Compact(names))
	if err != nil {
		return err
	}
	for _, t := range w.tables {
		if t.record.State == providers.TableHeld {
			continue
		}
		if len(ids[t.mapping.SourceTable]) == 0 {
			why := fmt.Sprintf("the source's table %s is gone: it was dropped or renamed. Run syncform plan", t.read.Name)
			w.o.Log.Warn("a table is held", "sync", w.spec.Sync, "table", t.apply.Name.String(), "reason", why)
			if err := w.note(ctx, t, func() { t.hold(why) }); err != nil {
				return err
			}
			continue
		}
		if err := w.identify(ctx, t, ids[t.mapping.SourceTable], false); err != nil {
			return err
		}
	}
	return nil
}

// identify takes in what the columns of a table's source are by ids. Names that ids does
// not have are passed over; those that had no identity so far are others where anew.
func (r *run) identify(ctx context.Context, t *table, ids map[string]string, anew bool) error {
	known, refill := maps.Clone(t.mapping.ColumnIDs), slices.Clone(t.mapping.Refill)
	if known == nil {
		known = map[string]string{}
	}
	others := false
	for _, c := range t.read.Columns {
		id, was := ids[c.Name], known[c.Name]
		if id == "" || id == was {
			continue
		}
		known[c.Name] = id
		if was == "" && !anew {
			continue
		}
		others = true
		if !slices.Contains(refill, c.Name) {
			refill = append(refill, c.Name)
		}
	}
	if maps.Equal(known, t.mapping.ColumnIDs) {
		return nil
	}
	if others {
		t.refill = ""
		r.o.Log.Info("columns of the source are others than they were under their names; once the stream has come to where they changed, their values are brought", "sync", r.spec.Sync, "table", t.read.Name.String(), "columns", refill)
	}
	return r.keep(ctx, t, func(m *plan.Mapping) { m.ColumnIDs, m.Refill = known, refill })
}

// altered takes in that the log says of columns that they are others from here on.
func (r *run) altered(ctx context.Context, rel *row.Relation) error {
	if r.o.Beside {
		for _, t := range r.bySource[rel.Name.String()] {
			if !t.loading() || r.asPlanned(ctx, t) {
				return &RestsError{fmt.Sprintf("the source's table %s was altered", rel.Name)}
			}
			t.changedInLoad("altered")
		}
		return nil
	}
	ids := map[string]string{}
	for _, c := range rel.Columns {
		ids[c.Name] = c.ID
	}
	for _, t := range r.bySource[rel.Name.String()] {
		switch {
		case t.record.State == providers.TableHeld || t.awaits != "":
		case r.o.KeepMapping == nil:
			t.awaits = fmt.Sprintf("column %q of the source's table %s was dropped or renamed: run syncform plan", rel.Columns[0].Name, rel.Name)
		default:
			if err := r.identify(ctx, t, ids, true); err != nil {
				return err
			}
		}
	}
	return nil
}

// lost has a table held that the log does not lead on for.
func (r *run) lost(_ context.Context, rel *row.Relation) error {
	for _, t := range r.bySource[rel.Name.String()] {
		switch {
		case t.record.State == providers.TableHeld || t.awaits != "":
		case r.o.Beside:
			return &RestsError{rel.Reason}
		default:
			t.awaits = rel.Reason + ": run syncform apply, which loads the table anew where it is still there"
		}
	}
	return nil
}

// today is the source's table as it is now, nil where it is gone.
func (r *run) today(ctx context.Context, t *table) (*schema.Table, error) {
	db, err := r.source.Inspect(ctx, providers.InspectOptions{Tables: []schema.Name{t.mapping.SourceTable}, NoEstimates: true})
	if err != nil {
		return nil, err
	}
	return db.Table(t.mapping.SourceTable), nil
}

// asPlanned reports whether the source's table still is what the plan has read: what the log
// tells of its columns is of before that.
func (r *run) asPlanned(ctx context.Context, t *table) bool {
	now, err := r.today(ctx, t)
	if err != nil || now == nil {
		return false
	}
	for _, c := range t.read.Columns {
		if is := now.Column(c.Name); is == nil || !is.Type.Equal(c.Type) {
			return false
		}
	}
	return !slices.ContainsFunc(now.Columns, func(c schema.Column) bool { return !slices.Contains(t.mapping.SourceColumns, c.Name) })
}

// unread has a table held whose rows can't be read again since it is not what it was, which
// the log may not have come to yet; another failure it returns.
func (r *run) unread(ctx context.Context, t *table, failed error) error {
	if r.o.Beside || providers.IsRetryable(failed) || ctx.Err() != nil {
		return failed
	}
	now, err := r.today(ctx, t)
	if err != nil {
		return failed
	}
	if now == nil {
		t.awaits = fmt.Sprintf("the source's table %s is gone, or has another name: run syncform plan", t.read.Name)
		return errAgain
	}
	for _, c := range t.read.Columns {
		if now.Column(c.Name) == nil {
			t.awaits = fmt.Sprintf("the source's table %s has no column %q any more: run syncform plan", t.read.Name, c.Name)
			return errAgain
		}
	}
	return failed
}

// keep changes the table's mapping, in the spec too.
func (r *run) keep(ctx context.Context, t *table, change func(*plan.Mapping)) error {
	m := *t.mapping
	change(&m)
	if err := r.o.KeepMapping(ctx, &m); err != nil {
		return err
	}
	t.mapping = &m
	return nil
}

// note writes the table's record as change makes it.
func (w *writer) note(ctx context.Context, t *table, change func()) error {
	err := w.atPosition(ctx, w.sess, func(tx providers.ApplyTx) error {
		t.next = t.record
		change()
		return tx.Tables(ctx, w.spec.Sync, []providers.TableRecord{t.next})
	})
	if err == nil {
		t.record = t.next
	}
	return err
}

// atPosition commits what do writes, with the stream's position as it is: only as long as
// the stream is this instance's.
func (r *run) atPosition(ctx context.Context, sess providers.ApplySession, do func(providers.ApplyTx) error) (err error) {
	tx, err := sess.Begin(ctx)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			end, cancel := context.WithTimeout(context.Background(), lastWord)
			defer cancel()
			err = errors.Join(err, tx.Rollback(end))
		}
	}()
	if err := tx.Checkpoint(ctx, providers.Checkpoint{Sync: r.spec.Sync, Epoch: r.lease.epoch}); err != nil {
		return err
	}
	if err := do(tx); err != nil {
		return err
	}
	return tx.Commit(ctx)
}

// fillAgain brings the values of the table's columns that are others, or holds the table
// where that is not allowed or not possible.
func (w *writer) fillAgain(ctx context.Context, t *table) error {
	today, err := w.source.Inspect(ctx, providers.InspectOptions{Tables: []schema.Name{t.mapping.SourceTable}, NoEstimates: true})
	if err != nil {
		return err
	}
	now := today.Table(t.mapping.SourceTable)
	if now == nil {
		return w.note(ctx, t, func() { t.hold(fmt.Sprintf("the source's table %s is gone: run syncform plan", t.read.Name)) })
	}
	var columns []FilledColumn
	why := ""
	for _, name := range t.mapping.Refill {
		c := now.Column(name)
		if c == nil {
			continue // the stream tells it
		}
		no, err := w.unfillable(t, c)
		if err != nil {
			return err
		}
		if no != "" {
			why = fmt.Sprintf("column %q of the source's table %s is another than it was (dropped and made again, or renamed), so rows that nobody changed hold other values, and %s: run syncform apply, which loads the table anew", name, t.read.Name, no)
			break
		}
		columns = append(columns, FilledColumn{Source: c})
	}
	if why == "" {
		err := w.fill(ctx, t, t.mapping, columns)
		if err != nil && (providers.IsRetryable(err) || errors.Is(err, providers.ErrFenced) || errors.Is(err, errPaused) || ctx.Err() != nil || w.o.Soft.Err() != nil) {
			return err
		}
		if err != nil {
			why = fmt.Sprintf("a column of the source's table %s is another than it was, and its values can't be brought: %v: run syncform apply, which loads the table anew", t.read.Name, err)
		}
		// What was filled has made the table catch up again.
		if _, err := w.reread(ctx); err != nil {
			return err
		}
	}
	if why != "" {
		w.o.Log.Warn("a table is held", "sync", w.spec.Sync, "table", t.apply.Name.String(), "reason", why)
		if err := w.note(ctx, t, func() { t.hold(why) }); err != nil {
			return err
		}
	}
	t.refill = ""
	return w.keep(ctx, t, func(m *plan.Mapping) { m.Refill = nil })
}

// unfillable says why a column that is another may not be, or can't be, filled by itself.
func (r *run) unfillable(t *table, c *schema.Column) (string, error) {
	at := t.field(c.Name)
	switch {
	case slices.Contains(t.mapping.SourceKey, c.Name):
		return "rows are known by it", nil
	case at >= 0 && !t.read.Columns[at].Type.Equal(c.Type):
		return fmt.Sprintf("it is %s now, and was %s", c.Type, t.read.Columns[at].Type), nil
	}
	if text := t.mapping.Reader(c.Name); text != "" {
		return "it is read by " + text, nil
	}
	p := t.mapping.Policy
	column := schema.Column{Name: c.Name}
	for _, change := range []schema.Change{schema.DropColumn{In: t.apply.Name, Column: column}, schema.AddColumn{In: t.apply.Name, Column: column}} {
		d := p.Decide(change)
		if d.Verdict == plan.Deny {
			return "", &DDLError{t.mapping.Addr, fmt.Sprintf("column %q of the source's table %s was dropped and made again, or renamed, which %s denies (%s). Let the policy say something else and run syncform apply", c.Name, t.read.Name, p.Addr, d.Rule)}
		}
		if d.Rule == plan.AddColumnRule && d.Verdict != plan.Apply {
			return fmt.Sprintf("%s has %s = %s", p.Addr, d.Rule, d.Verdict), nil
		}
	}
	return "", nil
}
