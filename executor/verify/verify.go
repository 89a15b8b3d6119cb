// Package verify compares the rows of source and target through the mapping: the
// source's rows are transformed and filtered as they are when they are copied, and the
// columns of add_metadata, which belong to the moment of writing, are left out.
//
// Where both servers can make the same checksum, chunks are compared by it, and only
// those that differ are read. Where only their keys are alike, large tables are compared
// range by range all the same, row by row, so that a comparison that was stopped can go on.
//
// Rows are compared without any order and without holding them: each is hashed in the
// normal form of its values (row.Normal, by the source's types) and added to one of many
// buckets chosen by the hash of its key. Buckets that differ are read again, their rows'
// hashes are matched by key, and at last the rows that differ, so many as are reported,
// are read for their values. Memory stays below about 100 MB whatever the tables' size, as
// long as a single row is small.
package verify

import (
	"context"
	"fmt"

	"github.com/syncform/syncform/executor/transform"
	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers"
)

// Options of a comparison.
type Options struct {
	Readers int // goroutines per side and table; 0: 2
	Limit   int // differing keys reported per table; 0: 100. Counting goes on.
	Tables  int // All: tables compared at a time; 0: 2
	// Progress is told about every 100 ms how many rows were read so far, those of both
	// sides and of every reading together, and how many both sides hold, by estimates. It
	// may be called from several goroutines.
	Progress func(addr string, rowsRead, of int64)
	// Begun gives what an earlier comparison of a mapping found equal before it was stopped;
	// nil: nothing.
	Begun func(addr string) *Part
	// Equal is told ranges of a mapping that are equal, of all ranges, by their IDs and with
	// their rows together, from several goroutines: what Begun may give to a later comparison.
	Equal func(addr string, all []providers.Chunk, ids []int, rows [2]int64)
	// Together is how many ranges are compared row by row at a time, where both sides are cut
	// into the same; 0: 16.
	Together int
	// Done is told each report of All as it is made, from several goroutines.
	Done func(Report)
}

// Part is what a comparison that was stopped has found equal of a mapping. Only where both
// sides are cut into the same ranges is there one: other rows are compared all together.
type Part struct {
	Chunks     []providers.Chunk `json:"chunks"` // all ranges
	Equal      []int             `json:"equal"`  // the IDs of those that are equal
	SourceRows int64             `json:"source_rows"`
	TargetRows int64             `json:"target_rows"` // in those
}

// Report is one mapping's result.
type Report struct {
	Addr        string       `json:"addr"`
	SourceRows  int64        `json:"source_rows"`
	TargetRows  int64        `json:"target_rows"`
	Method      string       `json:"method"`  // checksum, rows
	Missing     int64        `json:"missing"` // in the target
	Extra       int64        `json:"extra"`
	Different   int64        `json:"different"`
	Differences []Difference `json:"differences,omitempty"`
	Truncated   bool         `json:"truncated,omitempty"` // more than Limit
	// AtLeast says that the three counts are lower bounds: so much differs that counting
	// it would have taken more memory or readings than a comparison may.
	AtLeast bool `json:"at_least,omitempty"`
	// Note says why differences may be none: of a table that a stream follows.
	Note string `json:"note,omitempty"`
	// Repaired is how many rows were written or deleted before this comparison.
	Repaired int64  `json:"repaired,omitempty"`
	Error    string `json:"error,omitempty"` // All: why the mapping could not be compared
}

// Equal reports whether the rows were compared and nothing differs.
func (r Report) Equal() bool { return r.Error == "" && r.Missing+r.Extra+r.Different == 0 }

// Difference is one row that differs.
type Difference struct {
	Kind    string             `json:"kind"` // missing, extra, different
	Key     string             `json:"key"`  // id=17; of a table without a key, the whole row
	Columns []ColumnDifference `json:"columns,omitempty"`
	row     [][]byte           // the values of the mapping's TargetKey; nil where they are not known
}

// The kinds of difference.
const (
	KindMissing   = "missing"
	KindExtra     = "extra"
	KindDifferent = "different"
)

// ColumnDifference holds both values in canonical text (bytes as \x and hex digits),
// cut where they are long; nil is NULL.
type ColumnDifference struct {
	Column string  `json:"column"` // the target's name for it
	Source *string `json:"source"`
	Target *string `json:"target"`
}

// The methods of comparison.
const (
	ByChecksum = "checksum"
	ByRows     = "rows"
)

// minChunkRows keeps the chunks of a comparison from being as small as those of a load.
const minChunkRows = 50_000

// Mapping compares one mapping's rows. Memory is bounded whatever the table's size.
func Mapping(ctx context.Context, m *plan.Mapping, source, target providers.Conn, o Options) (Report, error) {
	if o.Readers < 1 {
		o.Readers = 2
	}
	if o.Limit < 1 {
		o.Limit = 100
	}
	if o.Together < 1 {
		o.Together = together
	}
	if _, err := transform.New(m, transform.Options{Compared: true}); err != nil {
		return Report{Addr: m.Addr, Method: ByRows}, err
	}
	c := &comparison{mapping: m, compared: m.Compared(), options: o, report: Report{Addr: m.Addr, Method: ByRows}}
	c.hash = newHasher(m, c.compared)
	c.progress = newProgress(m.Addr, o.Progress)
	for i, s := range []struct {
		conn  providers.Conn
		table providers.ReadTable
		what  string
	}{{source, m.ReadSource(), "source " + m.Source}, {target, m.ReadTarget(), "target " + m.Target}} {
		reader, err := providers.As[providers.SnapshotReader](s.conn)
		if err != nil {
			return c.report, fmt.Errorf("%s: the %s can't be read from: %w", m.Addr, s.what, err)
		}
		snap, err := reader.OpenSnapshot(ctx, providers.SnapshotOptions{Readers: o.Readers})
		if err != nil {
			return c.report, fmt.Errorf("%s: open a snapshot of the %s: %w", m.Addr, s.what, err)
		}
		defer snap.Close() // everything was read, or the comparison has failed already
		c.sides[i] = side{snapshot: snap, table: s.table, conn: s.conn, what: s.what}
	}
	if err := c.compare(ctx); err != nil {
		return c.report, fmt.Errorf("%s: %w", m.Addr, err)
	}
	c.progress.tell(true)
	return c.report, nil
}
