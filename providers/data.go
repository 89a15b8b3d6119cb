package providers

import (
	"context"

	"github.com/syncform/syncform/lang/expr"
	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
)

// SnapshotReader reads tables as of one moment.
type SnapshotReader interface {
	OpenSnapshot(ctx context.Context, o SnapshotOptions) (Snapshot, error)
}

// SnapshotOptions says what a snapshot is for.
type SnapshotOptions struct {
	// Readers is how many goroutines will call Read at a time.
	Readers int
	// Consistent asks for one point in time over all tables and readers, and for an
	// error (wrapping ErrPrivilege, with the GRANT) where that can't be had with so many
	// readers; a provider that can do it with fewer does so and lets the others wait.
	// Without it each table is read as of one moment where that is cheap, else each chunk.
	Consistent bool
	// Floors are floors of a Capturer (CaptureStart.Floor): OpenSnapshot, and each further
	// snapshot that is taken for a chunk, waits until it holds every transaction that the
	// stream does not bring.
	Floors []string
}

// Snapshot is an open snapshot. Read and Chunks may be called by several
// goroutines; past SnapshotOptions.Readers open readers, Read waits.
type Snapshot interface {
	// Position of the source's log at the snapshot, "" where there is none to name.
	Position() row.Position
	// Chunks cuts a table by ranges of its key into pieces of about rows rows, the
	// first open below and the last open above, so that together they hold every row
	// whenever they are read. A table without a usable key is one chunk.
	Chunks(ctx context.Context, t ReadTable, rows int64) ([]Chunk, error)
	// Read streams a chunk. forms are the forms that the writer takes, best first;
	// row.FormFields is always understood. The Reader yields columns in ReadTable's order.
	Read(ctx context.Context, t ReadTable, c Chunk, forms []row.Form) (row.Reader, error)
	Close() error
}

// ReadTable says what to read of a table.
type ReadTable struct {
	Name    schema.Name
	Columns []ReadColumn
	Key     []string // the columns that identify a row, the chunks' order; may be empty
	// Only leaves out the rows of inheritance children (PostgreSQL), which are mapped on
	// their own.
	Only bool
	// Where lets a reader of chunks leave out rows for which one of these does not hold: a
	// stage behind it drops them anyway. Nobody else looks at it.
	Where []expr.Bound
	// Parts are the fields of a batch whose form is row.Form.Parts, which a reader may then
	// choose where it is wanted: From counts Columns. Nobody else looks at it.
	Parts []Part `json:"-"`
}

// Part is a field of a batch in parts: N columns from From on, in the system's own form, or
// where N is 0 the one column From as canonical text, as it is in row.FormFields.
type Part struct{ From, N int }

// ReadColumn is one column to read. As is the logical type whose canonical text
// is wanted: the column's own type at a source; at a target, where verify reads
// back, the source's type, so that a bool stored as tinyint(1) comes back as t.
type ReadColumn struct {
	Name string
	Type schema.Type // as inspected
	As   schema.Type // the zero Type: as Type
}

// Chunk is a piece of a table. Bounds are the provider's own: opaque to all
// others, kept in the ledger, and the same in every later run.
type Chunk struct {
	ID     int    `json:"id"` // 0, 1, 2, ... within the table
	Bounds string `json:"bounds"`
	Rows   int64  `json:"rows"` // estimate
}

// Writer writes rows.
type Writer interface {
	// OpenLoad prepares the endpoint to load one table and says how far an earlier run
	// of the same generation got. chunks are what the source proposes; where the
	// ledger has chunks of this generation already, those are returned instead.
	OpenLoad(ctx context.Context, l Load, chunks func() ([]Chunk, error)) (LoadState, error)
	// OpenWriter takes a connection for one worker of a load.
	OpenWriter(ctx context.Context, l Load) (TableWriter, error)
	// CloseLoad is called once every chunk of a load is done, and again when an apply
	// finds it so: it notes the table (l.Live) and its rows for users to read, as loaded
	// (ledger.NoteTable), and may let the server gather statistics.
	CloseLoad(ctx context.Context, l Load, rows int64) error
}

// Load is one backfill of one table.
type Load struct {
	Mapping    string      // its address, the key in the ledger
	Generation string      // plan.Backfill.Generation
	Table      schema.Name // that is written
	Live       schema.Name // whose rows they become: Table, unless that is one beside it
	Columns    []WriteColumn
	Key        []string
	// Parts are the fields of the batches of a stage that leaves most columns as they are:
	// together all of Columns, in their order. A writer that names a form of parts takes
	// them so.
	Parts []Part
}

// WriteColumn is one column to write: the canonical text that comes is Source's.
type WriteColumn struct {
	Name   string
	Type   schema.Type // the target column's
	Source schema.Type
	// Identity is set for a GENERATED ALWAYS AS IDENTITY column, which takes values
	// only where asked.
	Identity bool
}

// LoadState is what the ledger knows of a load.
type LoadState struct {
	Chunks []Chunk
	Done   map[int]bool // by Chunk.ID
	Rows   int64        // written by the chunks that are done
}

// TableWriter writes the chunks of one table over one connection. It is not safe
// for concurrent use.
type TableWriter interface {
	// Forms lists what it takes, best first; row.FormFields is the last.
	Forms() []row.Form
	// WriteChunk writes all of src and the chunk's done-mark in one transaction. Where
	// the mark is there already it returns ErrChunkDone and has written nothing. A
	// value that the column can't hold is a *BadRowError, and nothing is written.
	WriteChunk(ctx context.Context, c Chunk, src row.Reader) (Written, error)
	Close() error
}

// Written counts what one chunk wrote.
type Written struct {
	Rows  int64
	Bytes int64 // as they were read, in the batch's form
}

// Checksummer computes a chunk's checksum at the server.
type Checksummer interface {
	// ChecksumForm names the way the checksum of these columns is made, "" where it
	// can't be. Two endpoints with equal forms give equal checksums for equal rows, and
	// read each other's Bounds.
	ChecksumForm(t ReadTable) string
	Checksum(ctx context.Context, t ReadTable, c Chunk) (Checksum, error)
}

// Checksum of a chunk: the order of rows has no part in it.
type Checksum struct {
	Rows int64
	Sum  string
}
