package planner

import (
	"context"
	"fmt"
	"slices"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// unread is how much a source may keep for a stream that nobody reads, where the
// configuration sets no limit, before a plan says so.
const unread = 1 << 30

// alarm notes what keeps a stream that was applied from going on, or fills its source's
// disk. What can't be found out is no alarm here: status tells.
func (b *builder) alarm(ctx context.Context, f *following, before *providers.Capture, capturer providers.Capturer, target *endpoint) {
	if f.anew || f.record == nil || before == nil {
		return
	}
	c := f.stays(before)
	kept, err := capturer.Retained(ctx, c, f.record.Position)
	if err == nil && kept.Lost {
		// A sync that runs may have moved on since its record was read.
		rec, again := recordOf(ctx, target, f.sync.Addr)
		if again == nil && rec != nil && rec.Position != f.record.Position {
			kept, err = capturer.Retained(ctx, c, rec.Position)
		}
	}
	if err != nil {
		return
	}
	most := c.MaxRetained
	if most == 0 {
		most = unread
	}
	switch {
	case kept.Lost && len(f.capture.Steps) > 0 && !f.cut:
		// Its steps would mend what captures changes, and what went by meanwhile would be
		// missing in silence.
		b.errorAt(f.at(), sumCapture, "%s: the stream can't go on: %s. Load its tables anew: -replace=%s.", f.sync.Addr, kept.Why, f.sync.Addr)
	case kept.Lost:
		b.note(f.sync.Addr, fmt.Sprintf("the stream can't go on: %s. Load its tables anew: syncform apply -replace=%s", kept.Why, f.sync.Addr))
	case kept.Bytes > most && f.record.Holder == "":
		b.note(f.sync.Addr, fmt.Sprintf("nobody reads the stream, and the source keeps %d bytes of log for it. Run it: syncform sync %s", kept.Bytes, f.sync.Addr))
	case kept.Bytes > most && c.MaxRetained > 0:
		b.note(f.sync.Addr, fmt.Sprintf("the source keeps %d bytes of log for the stream, more than max_retained_wal allows: the sync is slower than the source", kept.Bytes))
	}
}

// stays is the capture that was applied, as far as it goes on: a table that only joins by
// this plan is not missed yet, nor one that leaves.
func (f *following) stays(before *providers.Capture) providers.Capture {
	c := *before
	c.MaxRetained = f.capture.Capture.MaxRetained
	if c.Method != providers.LogicalReplication { // a publication is one thing, with all its tables
		c.Tables = slices.DeleteFunc(slices.Clone(c.Tables), func(t providers.CaptureTable) bool { return !f.follows(t.Table.Name) })
	}
	return c
}

func (f *following) follows(name schema.Name) bool {
	return slices.ContainsFunc(f.capture.Capture.Tables, func(t providers.CaptureTable) bool { return t.Table.Name == name })
}

// missed finds the tables whose capture somebody has broken: they are loaded anew, and the
// others go on. One that this plan does not look at must not be mended by it as if nothing
// had gone by.
func (b *builder) missed(ctx context.Context, f *following, before *providers.Capture, capturer providers.Capturer) {
	if f.anew || f.record == nil || before == nil {
		return
	}
	list, err := capturer.Missed(ctx, f.stays(before))
	if err != nil {
		b.errorAt(f.at(), sumCapture, "%s: whether its source's changes are captured can't be read: %s.", f.sync.Addr, err)
		return
	}
	f.missed = map[schema.Name]string{}
	for _, m := range list {
		f.missed[m.Table] = m.Why
		looked := slices.ContainsFunc(f.wants, func(w *want) bool { return w.from.Name == m.Table })
		if !looked && f.follows(m.Table) && len(f.capture.Steps) > 0 {
			b.errorAt(f.at(), sumCapture, "%s: %s. It must be loaded anew, and -target leaves it out: plan without -target, or name it too.", f.sync.Addr, m.Why)
		}
	}
}
