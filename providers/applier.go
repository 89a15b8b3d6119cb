package providers

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
)

// ErrFenced: another instance has taken the stream over; nothing was written.
var ErrFenced = errors.New("another instance has taken this sync over")

// ConflictError is a write that a constraint of the target refused: a unique value that
// is there, a foreign key, a check. The transaction is broken.
type ConflictError struct {
	Table      schema.Name
	Constraint string // "" where it is not known
	Unique     bool   // a unique key other than the row's own holds the value already
	Key        bool   // a row of the same key is there already, and Insert was to make it
	Err        error
}

func (e *ConflictError) Error() string {
	if e.Constraint == "" {
		return fmt.Sprintf("table %s: %v", e.Table, e.Err)
	}
	return fmt.Sprintf("table %s, constraint %s: %v", e.Table, e.Constraint, e.Err)
}

// Unwrap returns the server's error.
func (e *ConflictError) Unwrap() error { return e.Err }

// ApplyTable is one table that a stream writes.
type ApplyTable struct {
	Mapping string // address
	Name    schema.Name
	Columns []WriteColumn
	Key     []int // positions in Columns of what identifies a row
}

// Applier is a target that takes a stream of changes, in transactions.
type Applier interface {
	// OpenApply takes a connection for one stream. It makes what it can to keep the
	// target's foreign keys and triggers from firing on rows that the source has
	// settled already (session_replication_role, foreign_key_checks); Enforced tells.
	OpenApply(ctx context.Context) (ApplySession, error)
}

// ApplySession is one connection. It is not safe for concurrent use.
type ApplySession interface {
	// Enforced reports whether foreign keys and triggers of the target fire all the same,
	// and why.
	Enforced() (bool, string)
	Begin(ctx context.Context) (ApplyTx, error)
	Close() error
}

// ApplyTx is one transaction of a target. Batches are FormFields. rows hold the columns
// of the table in their order, keys those of its key; no key stands twice in a batch.
// Batches of one row are as common as those of ten thousand, and both must be cheap.
// After an error the transaction can only be rolled back, to a savepoint or whole.
//
// Errors: *BadRowError, *ConflictError, ErrFenced, else whatever the server says,
// classified as everywhere (Retryable).
type ApplyTx interface {
	// Checkpoint writes the stream's record, or ErrFenced where its epoch is not At's
	// any more, and locks it until the end of the transaction. Position "" leaves the
	// position as it is (a transaction that is still coming in).
	Checkpoint(ctx context.Context, at Checkpoint) error
	// Delete removes the rows of these keys that are there, and says how many were.
	Delete(ctx context.Context, t *ApplyTable, keys *row.Batch) (int64, error)
	// Upsert writes whole rows (no Unchanged): over the row of the same key where there is
	// one, never over a row that only another unique index points to.
	Upsert(ctx context.Context, t *ApplyTable, rows *row.Batch) error
	// Patch sets the fields of rows that are not Unchanged where the key's row is there;
	// it returns the indices of rows whose key is not.
	Patch(ctx context.Context, t *ApplyTable, rows *row.Batch) (missing []int, err error)
	// Rekey gives the row of each key in old the key and fields of the row at the same
	// index of rows, in order, one by one, by UPDATE, so that foreign keys of the target
	// do what they say; it returns the indices whose old key is not there.
	Rekey(ctx context.Context, t *ApplyTable, old, rows *row.Batch) (missing []int, err error)
	// Evict deletes the rows of other keys that hold a unique value of rows, and returns
	// their keys. Unique keys of which a row has an Unchanged field are passed over for it.
	Evict(ctx context.Context, t *ApplyTable, rows *row.Batch) (*row.Batch, error)
	// ReadRows reads the rows of these keys that are there, whole, locked for this
	// transaction, in any order; its values can be handed to Upsert.
	ReadRows(ctx context.Context, t *ApplyTable, keys *row.Batch) (*row.Batch, error)
	// Truncate empties tables, all at once.
	Truncate(ctx context.Context, tables []*ApplyTable) error
	// Tables writes the records of tables that changed.
	Tables(ctx context.Context, sync string, tables []TableRecord) error
	// DeadLetter keeps changes that could not be applied.
	DeadLetter(ctx context.Context, sync string, letters []DeadLetter) error
	// NoteKeys adds keys, all different and none empty, to a set; those that are in it stay.
	NoteKeys(ctx context.Context, set KeySet, keys []string) error
	// ForgetKeys takes keys out of a set again.
	ForgetKeys(ctx context.Context, set KeySet, keys []string) error
	Savepoint(ctx context.Context) error
	RollbackTo(ctx context.Context) error // the savepoint, which stays
	Commit(ctx context.Context) error
	Rollback(ctx context.Context) error
}

// Inserter is an ApplyTx that writes new rows at less cost than Upsert does.
type Inserter interface {
	// Insert writes whole rows whose keys are not there. Where one is, it fails with a
	// *ConflictError that says Key, or writes over it as Upsert does.
	Insert(ctx context.Context, t *ApplyTable, rows *row.Batch) error
}

// Checkpoint is what a transaction says of its stream.
type Checkpoint struct {
	Sync     string
	Epoch    int64
	Position row.Position
	SourceAt string // StreamRecord.SourceAt; "" leaves it
}

// StreamRecord is what a target knows of a stream into it.
type StreamRecord struct {
	Sync     string
	Origin   string // identity of the source (schema.Database.Identity)
	Start    CaptureStart
	Position row.Position
	// Epoch grows with every instance that takes the stream; Beat with every sign of life
	// of the one that has it. Holder is "" when it was let go in order.
	Epoch, Beat int64
	Holder      string
	// PausedBy are all who want the stream to stop at a transaction's end;
	// Paused by the instance that did.
	PausedBy  Pauser
	Paused    bool
	Error     string // why it stopped, for status; "" while it runs
	UpdatedAt string // RFC 3339, the writer's clock
	SourceAt  string // commit time of the last transaction applied, the source's clock; ""
	Tables    []TableRecord
}

// Pauser says who wants a stream to rest; a record holds the sum of all who do.
type Pauser int64

// Who may want it. An apply takes back its own request only, so a person's stays.
const (
	PausedByApply     Pauser = 1
	PausedByPerson    Pauser = 2
	PausedByOperation Pauser = 4 // a command that writes single rows, for a moment

	PausedByAnyone = PausedByApply | PausedByPerson | PausedByOperation
)

// PauseRequested reports whether anybody wants the stream to rest.
func (r *StreamRecord) PauseRequested() bool { return r.PausedBy != 0 }

// TableState is where a table is on its way from copy to stream.
type TableState string

// The states of a table.
const (
	TableLoading    TableState = "loading"     // rows are copied
	TableCatchingUp TableState = "catching_up" // until the stream has passed ConsistentAt
	TableLive       TableState = "live"
	TableHeld       TableState = "held" // its changes are dropped: it must be loaded anew
)

// TableRecord is one table of a stream.
type TableRecord struct {
	Mapping      string
	Table        schema.Name // of the target
	State        TableState
	Reason       string // why it is held
	Generation   string // of its load
	Floor        string // of its load; "" the stream's own
	ConsistentAt row.Position
	Loaded       int64 // rows of its load
	// Counted since the stream began, in rows of the source.
	Inserts, Updates, Deletes int64
	LastAt                    string // RFC 3339: when a change was last applied
	LastKey                   string
}

// DeadLetter is one change that could not be applied.
type DeadLetter struct {
	ID       string // set by the target
	Mapping  string
	Table    schema.Name
	Key      string // "id=17"
	Column   string
	Op       string // insert, update, delete
	Row      string // JSON: what the change carried, by target column
	Error    string
	Position row.Position
	At       string
}

// KeySet names the keys of rows that changed while a load copied their table. It is empty
// for a load whose keys nobody has noted, and goes with the table's record and when a
// load of another generation begins.
type KeySet struct {
	Sync, Mapping, Generation string
}

// AllKeys in a KeySet says that the table was emptied while it was copied: no row of it
// holds but those whose keys are noted.
const AllKeys = "*"

// StreamStore keeps the records of streams in a target. Each call is a transaction of
// its own.
type StreamStore interface {
	// Stream reads a record; nil where there is none.
	Stream(ctx context.Context, sync string) (*StreamRecord, error)
	Streams(ctx context.Context) ([]StreamRecord, error)
	// Begin writes a record anew, over one of the same name, whose epoch it raises. A
	// person's pause of that one stays.
	Begin(ctx context.Context, r StreamRecord) error
	// Take makes holder the one instance of the stream if its epoch and beat are still
	// those, and returns the new epoch; ErrFenced where they are not.
	Take(ctx context.Context, sync, holder string, epoch, beat int64) (int64, error)
	// EndWriter ends the session of an instance that gives no sign of life inside a
	// transaction, which would keep Take waiting; nothing where there is none or the system
	// can't.
	EndWriter(ctx context.Context, sync string) error
	// Beat is a sign of life of the instance with that epoch; reason is kept as the
	// record's Error. ErrFenced where it has the stream no more.
	Beat(ctx context.Context, sync string, epoch int64, paused bool, reason string) (pausedBy Pauser, err error)
	// Release lets the stream go in order.
	Release(ctx context.Context, sync string, epoch int64, paused bool, reason string) error
	// Pause sets or takes back the request of by (one or several together); those of
	// others stay.
	Pause(ctx context.Context, sync string, by Pauser, requested bool) error
	// SetTables writes table records, and removes those of the sync that keep does not name
	// where keep is not nil.
	SetTables(ctx context.Context, sync string, tables []TableRecord, keep []string) error
	DeadLetters(ctx context.Context, sync string, limit int) ([]DeadLetter, error)
	DropDeadLetters(ctx context.Context, sync string, ids []string) error
	// NotedKeys gives keys of a set in an order of its own, AllKeys first: those behind after,
	// "" from the first, at most limit.
	NotedKeys(ctx context.Context, set KeySet, after string, limit int) ([]string, error)
	// CountNotedKeys counts a set, up to most.
	CountNotedKeys(ctx context.Context, set KeySet, most int) (int64, error)
	// Forget removes everything about a stream, and our tables where nothing else is in them.
	Forget(ctx context.Context, sync string) error
}

// StreamKeeper is a target that keeps streams' records.
type StreamKeeper interface {
	// OpenStreams makes the tables where they are missing; ErrReadOnly where it may not.
	OpenStreams(ctx context.Context) (StreamStore, error)
	// FindStreams is OpenStreams without making anything: nil where there are none.
	FindStreams(ctx context.Context) (StreamStore, error)
}

// LeaseBeat is how often an instance gives a sign of life, and LeaseExpires how long
// another waits for one before it takes a stream over. Nobody's clock is compared.
const (
	LeaseBeat    = 2 * time.Second
	LeaseExpires = 10 * time.Second
)
