package providers

import (
	"context"
	"time"

	"github.com/syncform/syncform/lang/expr"
	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
)

// The capture methods.
const (
	LogicalReplication = "logical_replication"
	Binlog             = "binlog"
	Trigger            = "trigger"
	Polling            = "polling"
)

// PollingDeletes is what the plan of a capture by polling says where deletes are asked
// for: whoever applies the stream finds them.
const PollingDeletes = "polling does not see deletes as they happen: rows that are gone are found by comparing all keys of the target with the source's, at the end of each pass, or a minute or more after the last time (a tenth of the time at most); capture_deletes = false leaves them in the target"

// PollingLookback is the text of the finding that a table's lookback can't be taken off its
// incremental key.
const PollingLookback = "table %s: lookback is a time, which can't be taken off %s, for that is neither a date nor a timestamp: take lookback out, or name another incremental_key"

// Capture says what of a source is followed and how. It is plain data, kept in plan and
// state.
type Capture struct {
	Sync   string `json:"sync"`   // address; what the names of our objects are made of where none are given
	Method string `json:"method"` // "" in a request: the best that the source offers
	// Publication and Slot name PostgreSQL's objects; "" in a request: made from Sync.
	Publication string `json:"publication,omitempty"`
	Slot        string `json:"slot,omitempty"`
	Deletes     bool   `json:"deletes"` // capture_deletes
	Before      bool   `json:"before"`  // capture_before_values
	// MaxRetained is how many bytes the source may keep for us, 0 for no limit; past it
	// OnExceed says "warn" or "drop_slot".
	MaxRetained int64          `json:"max_retained,omitempty"`
	OnExceed    string         `json:"on_exceed,omitempty"`
	Tables      []CaptureTable `json:"tables"`
	// Cascades are foreign keys among Tables whose actions on the referencing rows are not
	// in what the source sends (InnoDB's, below SQL). PlanCapture sets them; what to do is
	// said at Cascade.
	Cascades []Cascade `json:"cascades,omitempty"`
}

// Cascade is a foreign key whose action a source carries out without a trace. Whoever
// applies the stream does the same in the target, at the place of the change, that is
// before it and with the rows that the target has then: at a Delete of a Parent's row the
// rows of Child are found whose Columns hold its ParentColumns (ApplyTx.ReadRows with an
// ApplyTable whose Key are the Columns), and are deleted, or have Columns set to NULL
// (Patch), as OnDelete says; at an Update that changes ParentColumns likewise, as OnUpdate
// says (CASCADE: Columns get the new values, by Rekey where they belong to the key). What
// was done to a row of Child counts as such a change again, for the cascades whose Parent
// it is. Values that come are those of Old: a Parent's key columns are in it always, and
// others only with FullImages, which PlanCapture sets where ParentColumns are not the key.
type Cascade struct {
	Parent        schema.Name `json:"parent"`
	ParentColumns []string    `json:"parent_columns"`
	Child         schema.Name `json:"child"`
	Columns       []string    `json:"columns"`             // of Child, in the order of ParentColumns
	OnDelete      string      `json:"on_delete,omitempty"` // CASCADE, SET NULL; "" none
	OnUpdate      string      `json:"on_update,omitempty"` // CASCADE, SET NULL; "" none
}

// CaptureTable is one table that is followed.
type CaptureTable struct {
	Table          ReadTable     `json:"table"` // the columns that are needed, and the key
	IncrementalKey string        `json:"incremental_key,omitempty"`
	Lookback       time.Duration `json:"lookback,omitempty"`
	// FullImages says that the mapping needs whole before-images or all columns in every
	// event (REPLICA IDENTITY FULL), because reading rows again all the time would cost more.
	FullImages bool `json:"full_images,omitempty"`
	// Needs are columns that filters and expressions read: a change that does not carry one
	// makes the row be read again. It is for PlanCapture to warn by, and not kept.
	Needs []string `json:"-"`
	// Pushdown asks that only this of the table is sent. PlanCapture leaves of it what the
	// source can do without any difference to what the mapping yields; nil: all is sent.
	Pushdown *Pushdown `json:"pushdown,omitempty"`
	// Undo is the provider's own note, made by PlanCapture and kept from one plan to the
	// next, of how the table was before it was changed for the capture; PlanTeardown reads it.
	Undo string `json:"undo,omitempty"`
	// Made is the provider's own note, made by PlanCapture and kept, of what captures the
	// table's changes: what Missed tells an exchanged thing by.
	Made string `json:"made,omitempty"`
}

// Pushdown is what of a table is sent to whoever follows it.
type Pushdown struct {
	Columns []string     `json:"columns,omitempty"` // none: all columns, also those that the table will get
	Where   []expr.Bound `json:"where,omitempty"`   // rows for which one of these is not TRUE are left out
}

// CapturePlan is what following a source takes.
type CapturePlan struct {
	Capture Capture `json:"capture"` // with the method and all names chosen
	Why     string  `json:"why"`     // of the method: one sentence for the plan
	// Steps prepare the source, each with Done, in order; none where all is there. Those
	// that make what counts for a table's Floor come first.
	Steps []Step `json:"steps,omitempty"`
	// Start is the words for what StartCapture does, for the plan to show.
	Start string `json:"start,omitempty"`
	// Findings are settings and privileges that are missing, each with its exact remedy;
	// a fatal one keeps the plan from being made.
	Findings []Finding `json:"findings,omitempty"`
}

// CaptureStart is where following begins.
type CaptureStart struct {
	Position row.Position `json:"position"` // S0: every transaction that commits later is in the stream
	// Floor is the provider's own word for the transactions that are in neither the stream
	// nor an older snapshot: a snapshot serves a load only once it satisfies its Floor
	// (SnapshotOptions.Floors).
	Floor string `json:"floor"`
}

// Capturer is a source whose changes can be followed.
type Capturer interface {
	// PlanCapture reads what the source offers and what is there already. have is what
	// was applied before, nil where nothing was: its objects are ours. Objects of the
	// wanted names that are not ours are an error that says so.
	PlanCapture(ctx context.Context, want Capture, have *Capture) (CapturePlan, error)
	// PlanTeardown gives the steps that remove everything that following c has left in
	// the source, each with Done.
	PlanTeardown(ctx context.Context, c Capture) ([]Step, error)
	// RunCaptureStep runs s at the source unless its Done holds. Nothing is journalled
	// there.
	RunCaptureStep(ctx context.Context, s Step) (ran bool, err error)
	// StartCapture fixes the start: it makes the slot, or reads the log's position. An
	// unused slot of that name which a killed run left is made anew; one that somebody
	// reads is an error.
	StartCapture(ctx context.Context, c Capture) (CaptureStart, error)
	// Floor is the floor of tables that were added to a running capture just now.
	Floor(ctx context.Context, c Capture) (string, error)
	// Current is a position at or behind which every transaction stands that a read
	// begun before this call could see.
	Current(ctx context.Context, c Capture) (row.Position, error)
	// AwaitVisible returns once every read that begins later sees all transactions up to at,
	// which the stream has brought: a source may send a transaction before others see it
	// (one that waits for a synchronous standby). Where it takes minutes, the error is
	// retryable and names what it waits for.
	AwaitVisible(ctx context.Context, c Capture, at row.Position) error
	// AwaitSent is AwaitVisible for those alone that Follow has brought up to at and that are
	// not acknowledged yet; at is "" within a transaction. What is read because one of these
	// changed it needs no more: who changed the same before has ended.
	AwaitSent(ctx context.Context, c Capture, at row.Position) error
	// Reached reports whether a stream that has come to at has passed goal. It is pure.
	Reached(at, goal row.Position) (bool, error)
	// Follow streams the changes of c.Tables behind from into the collector, in the order
	// of commits, until ctx ends (then it returns ctx's error) or it fails. It first
	// proves that nothing is missing between from and what the source still has: else a
	// *GapError. It answers keepalives while the collector is full, tells the source what
	// is acknowledged (Collector.Acked), and moves the position on when the source is
	// quiet (Collector.Progress). newCollector is called once, with the function that
	// reads the position. A table that Missed names may end it with a retryable error: c is to
	// be without it.
	Follow(ctx context.Context, c Capture, from row.Position, newCollector func(position func() row.Position) *row.Collector) error
	// ReadKeys reads rows as they are now: those of keys (FormFields, the columns of
	// t.Key in their order) that are there, in t's columns, in any order.
	ReadKeys(ctx context.Context, t ReadTable, keys *row.Batch) (*row.Batch, error)
	// Retained says how far the source is ahead of at, how much it keeps for us, and
	// whether a stream that nobody follows could go on from at; "" leaves that out.
	Retained(ctx context.Context, c Capture, at row.Position) (Retained, error)
	// Missed names the tables of c of which changes may not have been captured, because
	// somebody has broken what captures them: they must be loaded anew, and the others'
	// changes go on. What keeps all of them from going on is Retained's to say.
	Missed(ctx context.Context, c Capture) ([]MissedTable, error)
}

// MissedTable is a table whose capture somebody has broken.
type MissedTable struct {
	Table schema.Name // as in Capture.Tables
	Why   string      // one sentence
}

// Numberer is a source that tells which numbers it has given to rows.
type Numberer interface {
	// LastNumbers gives, for each of these tables by column, the last number that its
	// sequence, identity or auto-increment has given out. Columns that are not numbered, or
	// were given no number yet, are left out.
	LastNumbers(ctx context.Context, tables []schema.Name) (map[schema.Name]map[string]string, error)
}

// NumberAdvancer is a target whose numbering of new rows can be moved on while rows are
// written to it.
type NumberAdvancer interface {
	// AdvanceNumbers moves what numbers these columns to where it has given out these
	// numbers, never back, and says of which tables it did. Columns that are not numbered
	// are passed over. It keeps nobody waiting for longer than a second; where it would, the
	// error is retryable.
	AdvanceNumbers(ctx context.Context, given map[schema.Name]map[string]string) ([]schema.Name, error)
}

// ColumnIdentifier is a source whose columns are told from others that have had their
// names: a column that is dropped and made again is another one.
type ColumnIdentifier interface {
	// ColumnIDs gives, for each of these tables by column, what only this column of this
	// table has. Tables that are not there are left out.
	ColumnIDs(ctx context.Context, tables []schema.Name) (map[schema.Name]map[string]string, error)
}

// RetentionDropper is a source that keeps its log for a stream until it is told not to.
type RetentionDropper interface {
	// DropRetained drops what makes it keep the log (the slot), once nobody reads it any
	// more. The stream can't go on after that.
	DropRetained(ctx context.Context, c Capture) error
}

// Retained is what a source keeps for a stream.
type Retained struct {
	Bytes int64 // of log behind the position that was acknowledged; -1 unknown
	Lost  bool  // the slot or log is gone: the stream can't go on
	Why   string
}

// GapError says that a stream can't go on from its position: something between it and
// what the source still has is gone, or the source has another history. The tables must
// be loaded anew.
type GapError struct {
	Reason string // one sentence
}

func (e *GapError) Error() string { return e.Reason }
