package planner

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/hashicorp/hcl/v2"

	"github.com/syncform/syncform/lang/expr"
	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
)

// firstRows is how many rows of a table a plan tries filters on.
const firstRows = 1000

// tryExpressions tries the filters of tables that will be loaded on their first rows,
// and with Options.Sample shows what expressions make of some of them.
func (b *builder) tryExpressions(ctx context.Context) {
	snaps := map[*endpoint]providers.Snapshot{}
	defer func() {
		for _, s := range snaps {
			_ = s.Close() // it has only read
		}
	}()
	for _, w := range b.wants {
		m := &w.work.mapping
		filters := w.work.load && len(w.filters) > 0
		if !m.Computes() || !filters && b.in.Sample == 0 {
			continue
		}
		if snaps[w.source] == nil {
			reader, err := providers.As[providers.SnapshotReader](w.source.conn)
			if errors.Is(err, errors.ErrUnsupported) {
				continue
			}
			if err == nil {
				snaps[w.source], err = reader.OpenSnapshot(ctx, providers.SnapshotOptions{Readers: 1})
			}
			if err != nil {
				b.errorAt(w.cfg.DeclRange, sumUnreadable, "%s: the first rows of %s can't be read: %s.", w.addr, w.from.Name, err)
				return
			}
		}
		t := newTrial(w, b.in.Sample)
		if err := t.read(ctx, snaps[w.source]); err != nil {
			b.errorAt(w.cfg.DeclRange, sumUnreadable, "%s: the first rows of %s can't be read: %s.", w.addr, w.from.Name, err)
			return
		}
		b.tell(w, t, filters)
	}
}

// tell keeps what a trial has come to.
func (b *builder) tell(w *want, t *trial, filters bool) {
	for i := range t.exprs { // column by column
		for j := i; j < len(t.samples); j += len(t.exprs) {
			b.plan.Samples = append(b.plan.Samples, t.samples[j])
		}
	}
	if !filters {
		return
	}
	w.work.filtered = &plan.Filtered{Rows: t.rows, Kept: t.kept}
	for i, f := range w.filters {
		w.work.filtered.Filters = append(w.work.filtered.Filters, plan.FilterCount{Filter: f.text, Kept: t.each[i]})
		if t.bad[i] != nil {
			b.diags = append(b.diags, &hcl.Diagnostic{Severity: hcl.DiagWarning, Summary: sumFilter, Subject: &w.filters[i].rng,
				Detail: fmt.Sprintf("%s: the filter %s can't decide some of the first %d rows of %s, which would stop their copy: %s.", w.addr, f.text, t.rows, w.from.Name, t.bad[i])})
		}
		if constant, _ := f.checked.Constant(); t.rows > 0 && t.each[i] == 0 && t.bad[i] == nil && !constant {
			b.diags = append(b.diags, &hcl.Diagnostic{Severity: hcl.DiagWarning, Summary: sumFilter, Subject: &w.filters[i].rng,
				Detail: fmt.Sprintf("%s: the filter %s keeps none of the first %d rows of %s. Is it what you mean?", w.addr, f.text, t.rows, w.from.Name)})
		}
	}
}

// trial evaluates a want's expressions over the first rows of its table.
type trial struct {
	table   providers.ReadTable
	w       *want
	filters []*expr.Program
	exprs   []*expr.Program
	columns []plan.Column
	wanted  int // samples of each column

	rows, kept int64
	each       []int64 // rows that each filter keeps
	bad        []error
	samples    []plan.Sample
}

func newTrial(w *want, samples int) *trial {
	m := &w.work.mapping
	t := &trial{w: w, table: m.ReadSource(), wanted: samples, each: make([]int64, len(w.filters)), bad: make([]error, len(w.filters))}
	t.table.Key = nil // one chunk, which nobody has to cut
	at := make([]int, len(w.from.Columns))
	for i, c := range w.from.Columns {
		for j, r := range m.Reads {
			if r.Name == c.Name {
				at[i] = j
			}
		}
	}
	for _, f := range w.filters {
		t.filters = append(t.filters, f.checked.Compile(at))
	}
	for _, c := range w.columns {
		if c.expr != nil {
			t.exprs = append(t.exprs, c.expr.checked.Compile(at))
			t.columns = append(t.columns, plan.Column{Target: c.name, Expr: c.expr.text})
		}
	}
	return t
}

func (t *trial) read(ctx context.Context, snap providers.Snapshot) error {
	chunks, err := snap.Chunks(ctx, t.table, firstRows)
	if err != nil {
		return err
	}
	for _, c := range chunks {
		r, err := snap.Read(ctx, t.table, c, []row.Form{row.FormFields})
		if err != nil {
			return err
		}
		err = t.chunk(ctx, r)
		if cerr := r.Close(); err == nil && t.rows < firstRows {
			err = cerr
		}
		if err != nil || t.rows >= firstRows {
			return err
		}
	}
	return nil
}

func (t *trial) chunk(ctx context.Context, r row.Reader) error {
	for t.rows < firstRows {
		b, err := r.Next(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		for i := 0; i < b.Rows && t.rows < firstRows; i++ {
			t.row(b, i)
		}
		b.Release()
	}
	return nil
}

func (t *trial) row(b *row.Batch, r int) {
	t.rows++
	all := true
	for i, f := range t.filters {
		holds, _, err := f.Holds(b, r)
		if err != nil && t.bad[i] == nil {
			t.bad[i] = err
		}
		if holds {
			t.each[i]++
		}
		all = all && holds
	}
	if !all {
		return
	}
	if t.kept++; t.kept > int64(t.wanted) {
		return
	}
	for i, p := range t.exprs {
		s := plan.Sample{Addr: t.w.addr, Column: t.columns[i].Target, Expr: t.columns[i].Expr}
		v, state, err := p.Append(nil, b, r, time.Now())
		switch {
		case err != nil:
			s.Bad = err.Error()
		case state == row.Value:
			text := string(v)
			s.Value = &text
		}
		t.samples = append(t.samples, s)
	}
}
