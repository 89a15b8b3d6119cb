package row

import "strings"

// State says what a field holds.
type State uint8

// The states of a field.
const (
	Value     State = iota // its bytes
	Null                   // SQL NULL; no bytes
	Unchanged              // not in the event: as it was before; no bytes. Never in a backfill.
)

// Form says how a batch's bytes are laid out. FormFields is the one that
// everybody understands. Any other names a system's own bulk format, in which
// rows pass from a reader to a writer without being split; only providers that
// both name it, for the same columns, meet in it.
type Form string

// FormFields: Data holds the fields' canonical text one after another, Ends and
// States a value per field, row by row.
const FormFields Form = "fields"

// PartsPrefix begins the names of the forms that lie between: Data, Ends and States are as
// in FormFields, but some fields are runs of neighbouring columns in a system's own form,
// which nobody but their reader and writer can look into, and the others one column each,
// as canonical text. Reader and writer know from providers.Part which is which.
const PartsPrefix = "parts:"

// Parts reports whether the form is one of those.
func (f Form) Parts() bool { return strings.HasPrefix(string(f), PartsPrefix) }

// Batch is a run of whole rows. In FormFields its fields are reached by Field; in
// any other form Data is the run of bytes and only Rows says more.
type Batch struct {
	Form   Form
	Rows   int
	Width  int      // fields per row; 0 unless FormFields or parts
	Data   []byte   // at most 2 GiB in one batch; readers close batches at about TargetBytes
	Ends   []uint32 // end offset in Data of field i of row r at [r*Width+i]
	States []State

	release func(*Batch)
}

// TargetBytes and TargetRows are where readers close a batch; a single larger row
// still makes a batch of its own.
const (
	TargetBytes = 256 << 10
	TargetRows  = 4096
)

// NewBatch returns an empty FormFields batch of the given width.
func NewBatch(width int) *Batch { return &Batch{Form: FormFields, Width: width} }

// Reset empties the batch and keeps its memory.
func (b *Batch) Reset() {
	b.Rows, b.Data, b.Ends, b.States = 0, b.Data[:0], b.Ends[:0], b.States[:0]
}

// Field returns field i of row r. The bytes are the batch's own: they hold until
// Release and must not be changed.
func (b *Batch) Field(r, i int) ([]byte, State) {
	n := r*b.Width + i
	var start uint32
	if n > 0 {
		start = b.Ends[n-1]
	}
	return b.Data[start:b.Ends[n]:b.Ends[n]], b.States[n]
}

// Append adds a field; after Width of them call EndRow.
func (b *Batch) Append(value []byte) {
	b.Data = append(b.Data, value...)
	b.EndField(Value)
}

// AppendNull adds a NULL field.
func (b *Batch) AppendNull() { b.EndField(Null) }

// EndField closes the field whose bytes the caller has appended to Data.
func (b *Batch) EndField(s State) {
	b.Ends = append(b.Ends, uint32(len(b.Data)))
	b.States = append(b.States, s)
}

// EndRow closes a row.
func (b *Batch) EndRow() { b.Rows++ }

// Full reports whether a reader should hand the batch on.
func (b *Batch) Full() bool { return len(b.Data) >= TargetBytes || b.Rows >= TargetRows }

// OnRelease sets what takes the batch back when its user is done with it.
func (b *Batch) OnRelease(f func(*Batch)) { b.release = f }

// Release hands the batch back to whoever made it. The user must not touch it afterwards.
func (b *Batch) Release() {
	if b.release != nil {
		b.release(b)
	}
}
