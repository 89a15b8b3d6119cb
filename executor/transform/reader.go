package transform

import (
	"context"
	"fmt"
	"time"

	"github.com/syncform/syncform/providers/row"
)

// reader yields what the mapping makes of another reader's rows.
type reader struct {
	row.Reader
	form  row.Form
	stage *Stage
	in    *row.Batch
	next  int // the first row of in that is not done
	end   error
}

// Reader yields what the mapping makes of the rows of r, without those that a filter
// drops. The time at which a batch is made is the moment of its metadata columns. An
// expression that can't take a row ends it with a *providers.BadRowError. It is r itself
// where the mapping only projects. Closing it closes r.
func (s *Stage) Reader(r row.Reader) row.Reader {
	if s.Identity() {
		return r
	}
	form := r.Form()
	return &reader{Reader: r, form: form, stage: s.forForm(form)}
}

// Form is row.FormFields, or a form of parts.
func (r *reader) Form() row.Form { return r.form }

// Next fills a batch, from as many of the source's as it takes.
func (r *reader) Next(ctx context.Context) (*row.Batch, error) {
	if r.end != nil {
		return nil, r.end
	}
	out := r.stage.pool.Get(r.form, r.stage.width)
	now := time.Now()
	for !out.Full() {
		if r.in == nil {
			if r.in, r.end = r.Reader.Next(ctx); r.end != nil {
				break
			}
			r.next = 0
			if r.in.Form != r.form || r.in.Width != r.stage.reads {
				r.end = fmt.Errorf("%s: bug in syncform: a batch of form %q and width %d, for %d columns", r.stage.mapping.Addr, r.in.Form, r.in.Width, r.stage.reads)
				break
			}
		}
		if r.end = r.fill(out, now); r.end != nil {
			break
		}
	}
	if out.Rows == 0 {
		out.Release()
		return nil, r.end
	}
	return out, nil
}

// fill takes rows of the current batch until there are none left or out is full.
func (r *reader) fill(out *row.Batch, now time.Time) error {
	for ; r.next < r.in.Rows && !out.Full(); r.next++ {
		v, err := r.stage.Row(out, r.in, r.next, now)
		if err != nil {
			return err
		}
		if v.Needs >= 0 {
			return fmt.Errorf("%s: bug in syncform: a field of a row that was read whole is unchanged", r.stage.mapping.Addr)
		}
	}
	if r.next == r.in.Rows {
		r.in.Release()
		r.in = nil
	}
	return nil
}
