package row

import (
	"time"

	"github.com/syncform/syncform/providers/schema"
)

// Op says what a change did to a row.
type Op uint8

// The operations. Insert and Update both carry the row as it is afterwards, and a
// target applies both as an upsert; they are told apart for counting and filters.
const (
	Insert Op = iota
	Update
	Delete
	Truncate // the whole table; neither row
	// Alter says that columns of the table are others from here on, under names that the
	// table has had: they were dropped or renamed. The change's Relation has just these
	// columns, with their IDs, and there is neither row. A source says it whose columns
	// have no identity that could be asked for.
	Alter
	// Lost says that the log does not lead on from here for the table: it was dropped,
	// renamed, or its rows went without a trace. The change's Relation has its name and the
	// reason; there is neither row.
	Lost
)

// Relation is a table as it was at one place of the log: changes are read by it, never
// by today's catalogue. It is not changed once a Change refers to it; a table that
// changed is a new Relation.
type Relation struct {
	Name    schema.Name
	Columns []RelationColumn
	Reason  string // of a Lost
}

// RelationColumn is a column of a Relation. The values that come are canonical text of
// Type.
type RelationColumn struct {
	Name string
	Type schema.Type
	Key  bool   // it belongs to what identifies a row at the source (replica identity, primary key)
	ID   string // of an Alter: what tells this column from others of its name
}

// None is Change.New or Change.Old where there is no such row.
const None = -1

// Change is what happened to one row. A row is a run of fields, one for each column of
// the relation; those that the event did not carry are Unchanged.
type Change struct {
	Op       Op
	Relation *Relation
	New      int // the first field of the row as it is now (Insert, Update), else None
	// Old is the first field of the row as it was: Delete always has it, with at least the
	// key; Update has it where the key changed or the source gives before-images.
	Old int
}

// Changes is a batch of changes in the order of the source's commits.
type Changes struct {
	List   []Change
	Data   []byte
	Ends   []uint32 // end offset in Data of each field
	States []State

	// Position is where to go on once everything in this batch is durable. It is empty
	// where Open.
	Position Position
	// Open says that the batch ends in the middle of a transaction, whose rest is in the
	// next batches.
	Open         bool
	Transactions int       // that end in this batch
	CommittedAt  time.Time // the source's clock at the last of them; zero where it is not known
}

// Field returns the field i of the row that begins at first.
func (c *Changes) Field(first, i int) ([]byte, State) {
	n := first + i
	var start uint32
	if n > 0 {
		start = c.Ends[n-1]
	}
	return c.Data[start:c.Ends[n]:c.Ends[n]], c.States[n]
}

// Append adds a field of the row that is being written.
func (c *Changes) Append(value []byte) {
	c.Data = append(c.Data, value...)
	c.EndField(Value)
}

// EndField closes the field whose bytes the caller has appended to Data (Value), or
// adds one without bytes (Null, Unchanged).
func (c *Changes) EndField(s State) {
	c.Ends = append(c.Ends, uint32(len(c.Data)))
	c.States = append(c.States, s)
}

// Begin gives the index of the first field of the row whose fields are appended next,
// for Change.New and Change.Old.
func (c *Changes) Begin() int { return len(c.Ends) }

// Reset empties the batch and keeps its memory.
func (c *Changes) Reset() {
	clear(c.List) // they point at relations
	*c = Changes{List: c.List[:0], Data: c.Data[:0], Ends: c.Ends[:0], States: c.States[:0]}
}

// Empty reports whether the batch carries no change, only a position.
func (c *Changes) Empty() bool { return len(c.List) == 0 }
