// Package stream follows a source: capture → compact → write → checkpoint, one target
// transaction at a time, each with the checkpoint in it (handoff.md). It never diffs and
// never decides; what it follows is the spec that an apply left.
package stream

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
)

// Stream is what to follow, and with what.
type Stream struct {
	Spec           plan.Stream
	Mappings       []plan.Mapping
	Source, Target providers.Conn
}

// Until says when a run ends by itself.
type Until int

// The ends of a run.
const (
	Stopped  Until = iota // never
	CaughtUp              // once it has passed where the source was when the run began
	Live                  // once every table that is not held is live
)

// Options of a run.
type Options struct {
	Until Until
	// Soft, when it is cancelled, ends the run at the next transaction's end; the context
	// of Run ends it at once. nil: never.
	Soft context.Context
	Log  *slog.Logger // nil: silent
	// Redact takes secrets out of the texts of errors that are kept in the target; nil: none.
	Redact func(string) string
	// Tell is called after each target transaction and at least every second; may be nil.
	Tell func(Status)
	// Attempts bounds how often a lost connection is tried again in a row; 0: for ever.
	Attempts int
	// Backoff is how long to wait after so many failures in a row; nil: retry.Wait.
	Backoff func(failures int) time.Duration
	// RetainEvery is how often it is seen how much the source keeps, where on_exceed is
	// drop_slot; 0: every ten seconds.
	RetainEvery time.Duration
	// IgnorePause makes the run go on where these ask for a pause: one of them runs it.
	IgnorePause providers.Pauser
	// Beside lets tables be loading: nothing is written into them, and the keys of rows that
	// change are noted for Drain. What can't be noted ends the run before it, with a
	// *RestsError.
	Beside bool
	// AddColumns takes columns that were added to a source table into the target and the
	// spec, at their place in the stream; nil, or an error: the table is held. Between the
	// two it calls fill with the new mapping.
	AddColumns func(ctx context.Context, m *plan.Mapping, added []row.RelationColumn, fill FillColumns) (*plan.Mapping, error)
	// DropColumns takes columns that are gone at the source out of the spec; nil, or an
	// error: the table is held.
	DropColumns func(ctx context.Context, m *plan.Mapping, gone []string) (*plan.Mapping, error)
	// WidenColumns gives columns of the target the type of the source's, which has become
	// wider, at their place in the stream; nil, or an error: the table is held.
	WidenColumns func(ctx context.Context, m *plan.Mapping, names []string) (*plan.Mapping, error)
	// Ease lets a mapping's target take rows that its source takes since the spec was applied
	// (columns that take NULL or wider values, new partitions), and returns the mapping as it
	// is then and what has been done; nil: they stay refused.
	Ease func(ctx context.Context, m *plan.Mapping) (*plan.Mapping, []string, error)
	// KeepMapping keeps what the stream has learned of a mapping's columns (ColumnIDs,
	// Refill) in the spec; nil: the stream does not look whether columns are others, and a
	// table of which the log says so is held.
	KeepMapping func(ctx context.Context, m *plan.Mapping) error
}

// FillColumns brings the values that new columns of a mapping hold in rows that were there.
type FillColumns = func(ctx context.Context, m *plan.Mapping, columns []FilledColumn) error

// FilledColumn is a column of the source that a target has newly.
type FilledColumn struct {
	Source *schema.Column
	// Known says that all rows of the target hold the source's default, or NULL where there
	// is none; else they may hold anything.
	Known bool
}

// Status is how far a run is.
type Status struct {
	Position row.Position
	// Seen is as far as the stream has come: nothing of ours stands between Position and it.
	Seen         row.Position
	Checkpointed time.Time // when Position was last written
	// Interrupted is why the stream stands and is tried again, "" while it flows, and
	// Interruptions how often it was.
	Interrupted   string
	Interruptions int64
	Changes       int64 // applied by this run
	Transactions  int64
	SourceAt      time.Time // commit time of the last transaction applied
	Tables        []providers.TableRecord
}

// Result says how a run ended.
type Result struct {
	Status
	Paused bool // because somebody asked for it
	Held   []providers.TableRecord
}

// ErrNotLoaded: an apply has not come to the end of the tables' loads.
var ErrNotLoaded = errors.New("its tables are not loaded yet")

// RestsError says that a stream beside a load has come to a change that must wait until
// the load is done.
type RestsError struct {
	Reason string
}

func (e *RestsError) Error() string { return e.Reason }

// ErrNoRecord: the target knows nothing of the stream.
var ErrNoRecord = errors.New("the target has no checkpoint of it")

// LeasedError says that another instance has the stream.
type LeasedError struct {
	Sync, Holder string
}

func (e *LeasedError) Error() string {
	return e.Sync + " is run by another instance (" + e.Holder + ")"
}

// Run follows the stream until it has come to its end, is stopped, or fails in a way
// that trying again can't mend. Lost connections are waited out.
func Run(ctx context.Context, s Stream, o Options) (Result, error) {
	r, err := newRun(s, o)
	if err != nil {
		return Result{}, err
	}
	return r.run(ctx)
}

// silent is the log of those who gave none.
var silent = slog.New(slog.DiscardHandler)
