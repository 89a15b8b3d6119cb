package stream

import (
	"context"
	"fmt"
	"time"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// numberEvery is how often at most the target's numbering is moved to where the source's is.
const numberEvery = 10 * time.Second

// Given tells, by table and column of the target, the last number that the source has
// given out.
func Given(ctx context.Context, s Stream) (map[schema.Name]map[string]string, error) {
	n, err := providers.As[providers.Numberer](s.Source)
	if err != nil {
		return nil, nil // it numbers nothing
	}
	var tables []schema.Name
	for i := range s.Mappings {
		tables = append(tables, s.Mappings[i].SourceTable)
	}
	last, err := n.LastNumbers(ctx, tables)
	if err != nil {
		return nil, fmt.Errorf("read the source's sequences: %w", err)
	}
	given := map[schema.Name]map[string]string{}
	for i := range s.Mappings {
		m := &s.Mappings[i]
		for _, c := range m.Columns {
			if v := last[m.SourceTable][c.Source]; v != "" && c.Source != "" {
				if given[m.TargetTable] == nil {
					given[m.TargetTable] = map[string]string{}
				}
				given[m.TargetTable][c.Target] = v
			}
		}
	}
	return given, nil
}

// number keeps what numbers the target's new rows at or past the source's. That it could
// not is told, and no reason for the stream to end. It runs between transactions; last is
// that none comes after it, also where ctx has ended.
func (w *writer) number(ctx context.Context, last bool) {
	target, err := providers.As[providers.NumberAdvancer](w.target)
	if err != nil || w.o.Beside || !last && time.Since(w.numbered) < numberEvery {
		return
	}
	if last {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), lastWord)
		defer cancel()
	}
	var moved []schema.Name
	given, err := Given(ctx, Stream{Mappings: w.mappings, Source: w.source})
	if err == nil && len(given) > 0 {
		moved, err = target.AdvanceNumbers(ctx, given)
	}
	w.numbered = time.Now()
	switch {
	case err != nil && w.numbering != err.Error():
		w.numbering = err.Error()
		w.o.Log.Warn("the target's numbering of new rows could not be moved to where the source's is; it is tried again", "sync", w.spec.Sync, "error", w.said(err))
	case err == nil:
		w.numbering = ""
	}
	if len(moved) > 0 {
		w.o.Log.Debug("numbering was moved on", "sync", w.spec.Sync, "tables", moved)
	}
}
