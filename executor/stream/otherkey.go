package stream

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// lookAtKeys holds tables whose source tells rows apart by a key that the stream's does not
// imply: rows that only the new key tells apart would be one in the target. And it learns
// what is unique in the target. It looks when the stream begins, and when a table in it has
// been altered.
func (w *writer) lookAtKeys(ctx context.Context) error {
	if w.keyed {
		return nil
	}
	var from, to []schema.Name
	for _, t := range w.tables {
		if t.record.State != providers.TableHeld {
			from, to = append(from, t.mapping.SourceTable), append(to, t.mapping.TargetTable)
		}
	}
	if len(from) == 0 {
		w.keyed = true
		return nil
	}
	slices.SortFunc(from, schema.Name.Compare)
	source, err := w.source.Inspect(ctx, providers.InspectOptions{Tables: slices.Compact(from), NoEstimates: true})
	if err != nil {
		return fmt.Errorf("look by which keys the source tells rows apart: %w", err)
	}
	target, err := w.target.Inspect(ctx, providers.InspectOptions{Tables: to, NoEstimates: true})
	if err != nil {
		return fmt.Errorf("look what is unique in the target: %w", err)
	}
	for _, t := range w.tables {
		if t.record.State == providers.TableHeld {
			continue
		}
		live := target.Table(t.mapping.TargetTable)
		t.uniques, t.cut = uniquesOf(live, t.mapping), live != nil && live.Partition != nil
		key := otherKey(source.Table(t.mapping.SourceTable), t.mapping.SourceKey)
		if len(key) == 0 || t.mapping.GivenKey || w.o.Beside { // after a load it is looked again
			continue
		}
		why := fmt.Sprintf("rows of the source's table %s are told apart by %s now, and the stream tells them apart by %s: run syncform apply, which loads the table anew", t.read.Name, strings.Join(key, ", "), strings.Join(t.mapping.SourceKey, ", "))
		w.o.Log.Warn("a table is held", "sync", w.spec.Sync, "table", t.apply.Name.String(), "reason", why)
		if err := w.note(ctx, t, func() { t.hold(why) }); err != nil {
			return err
		}
	}
	w.keyed = true
	return nil
}

// otherKey is the primary key of a table where key need not be unique in it any more. A
// table without a primary key may be about to get it back.
func otherKey(now *schema.Table, key []string) []string {
	if now == nil || now.PrimaryKey == nil || slices.ContainsFunc(key, func(c string) bool { return now.Column(c) == nil }) {
		return nil
	}
	within := func(cols []string) bool {
		return !slices.ContainsFunc(cols, func(c string) bool { return !slices.Contains(key, c) })
	}
	if within(now.PrimaryKey.Columns()) || slices.ContainsFunc(now.UniqueKeys(), within) {
		return nil
	}
	return now.PrimaryKey.Columns()
}
