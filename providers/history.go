package providers

import (
	"context"
	"time"
)

// Historian keeps the audit trail of applies in the endpoint itself (ledger).
type Historian interface {
	// NoteApply writes an apply's entry, over the one of the same ID.
	NoteApply(ctx context.Context, a ApplyEntry) error
	// History returns the newest entries first, at most limit; 0 is all. An endpoint that
	// was never written to has none.
	History(ctx context.Context, limit int) ([]ApplyEntry, error)
}

// ApplyEntry is one apply as its endpoint remembers it. It holds no row and no secret.
type ApplyEntry struct {
	ID       string        `json:"id"` // random, one per apply
	Plan     string        `json:"plan"`
	By       string        `json:"by"` // user@host
	Version  string        `json:"syncform_version"`
	Began    time.Time     `json:"began"`
	Ended    time.Time     `json:"ended,omitzero"`
	Result   string        `json:"result"` // running, done, failed, stopped; one that stays running was killed
	Error    string        `json:"error,omitempty"`
	Endpoint string        `json:"endpoint"`
	Actions  []ActionEntry `json:"actions"`
}

// ActionEntry is one action of an apply.
type ActionEntry struct {
	ID     string        `json:"id"`
	Addr   string        `json:"addr"`
	What   string        `json:"what"` // add_column, backfill, ...
	Table  string        `json:"table,omitempty"`
	Took   time.Duration `json:"took,omitempty"` // ns; 0 where it did not come to it
	Rows   int64         `json:"rows,omitempty"`
	Result string        `json:"result"` // "" not come to, done, failed
	Steps  []string      `json:"steps,omitempty"`
}
