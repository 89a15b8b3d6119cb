package stream

import (
	"context"
	"errors"
	"fmt"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
)

// RetriedRow is what became of one row's dead letters.
type RetriedRow struct {
	Mapping string `json:"mapping"`
	Key     string `json:"key"`
	Letters int    `json:"letters"` // of the row
	// Result is written (as it is at the source now), deleted (it is there no more), or
	// failed, with the error; then its letters stay.
	Result string `json:"result"`
	Column string `json:"column,omitempty"`
	Error  string `json:"error,omitempty"`
}

// The results of a retry.
const (
	RetryWritten = "written"
	RetryDeleted = "deleted"
	RetryFailed  = "failed"
)

// lettersOfRow are the dead letters of one row.
type lettersOfRow struct {
	mapping, key string
	encoded      []byte // nil: the letters do not hold it
	ids          []string
}

// Retry writes each row that has one of these dead letters as it is at the source now,
// and drops all letters of the row, so that its later changes flow again. all are the
// stream's letters, ids those to retry; nil: every one. The letters go once the row is
// committed, while the stream still rests: a retry that is cut short leaves letters whose
// row is right, which another retry takes away.
func (h *Hold) Retry(ctx context.Context, all []providers.DeadLetter, ids map[string]bool) ([]RetriedRow, error) {
	var out []RetriedRow
	for _, l := range h.rowsOf(all, ids) {
		res := RetriedRow{Mapping: l.mapping, Key: l.key, Letters: len(l.ids)}
		n, err := h.retryRow(ctx, l)
		var bad *providers.BadRowError
		switch {
		case errors.As(err, &bad):
			res.Result, res.Column, res.Error = RetryFailed, bad.Column, h.run.said(err)
		case err != nil && (rowsFault(err) || errors.Is(err, errNoRow)):
			res.Result, res.Error = RetryFailed, h.run.said(err)
		case err != nil:
			return out, fmt.Errorf("%s %s: %w", l.mapping, l.key, err)
		case n.Written > 0:
			res.Result = RetryWritten
		default:
			res.Result = RetryDeleted
		}
		if res.Result != RetryFailed {
			if err := h.run.store.DropDeadLetters(ctx, h.run.spec.Sync, l.ids); err != nil {
				return out, fmt.Errorf("%s %s: the row was written, its dead letters stay: %w", l.mapping, l.key, err)
			}
		}
		out = append(out, res)
	}
	return out, nil
}

// errNoRow: it can't be told which row a letter is of, or it can't be written.
var errNoRow = errors.New("the table must be loaded anew with apply -replace")

func (h *Hold) retryRow(ctx context.Context, l *lettersOfRow) (Rewritten, error) {
	t := h.run.table(l.mapping)
	switch {
	case t == nil:
		return Rewritten{}, fmt.Errorf("the stream follows this table no more: %w", errNoRow)
	case t.record.State == providers.TableHeld:
		return Rewritten{}, fmt.Errorf("the table is held (%s): %w", t.record.Reason, errNoRow)
	case l.encoded == nil:
		return Rewritten{}, fmt.Errorf("the letter does not hold the key of a row: %w", errNoRow)
	}
	keys := row.NewBatch(len(t.key))
	appendKeyRow(keys, l.encoded)
	return h.Rewrite(ctx, l.mapping, keys)
}

// rowsOf puts the letters of each row together that has one among ids, in the order of
// their first.
func (h *Hold) rowsOf(all []providers.DeadLetter, ids map[string]bool) []*lettersOfRow {
	type place struct{ mapping, key string }
	rows, wanted := map[place]*lettersOfRow{}, map[place]bool{}
	var order []place
	for _, d := range all {
		at := place{d.Mapping, "?" + d.ID} // a letter without a key is a row of its own
		var encoded []byte
		if t := h.run.table(d.Mapping); t != nil {
			if key, ok := t.letterKey(d); ok {
				at.key, encoded = string(key), key
			}
		}
		if rows[at] == nil {
			rows[at] = &lettersOfRow{mapping: d.Mapping, key: d.Key, encoded: encoded}
			order = append(order, at)
		}
		rows[at].ids = append(rows[at].ids, d.ID)
		wanted[at] = wanted[at] || ids == nil || ids[d.ID]
	}
	var out []*lettersOfRow
	for _, at := range order {
		if wanted[at] {
			out = append(out, rows[at])
		}
	}
	return out
}
