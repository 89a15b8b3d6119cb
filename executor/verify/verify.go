// Package verify compares the rows of source and target through the mapping.
package verify

import (
	"context"

	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers"
)

// Options of a comparison.
type Options struct {
	Readers  int // goroutines per side and table; 0: 2
	Limit    int // differing keys reported per table; 0: 100. Counting goes on.
	Progress func(addr string, rowsRead int64)
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
}

// Equal reports whether nothing differs.
func (r Report) Equal() bool { return r.Missing+r.Extra+r.Different == 0 }

// Difference is one row that differs.
type Difference struct {
	Kind    string             `json:"kind"` // missing, extra, different
	Key     string             `json:"key"`  // id=17
	Columns []ColumnDifference `json:"columns,omitempty"`
}

// ColumnDifference holds both values in canonical text; nil is NULL.
type ColumnDifference struct {
	Column string  `json:"column"`
	Source *string `json:"source"`
	Target *string `json:"target"`
}

// Mapping compares one mapping's rows. Memory is bounded whatever the table's size.
func Mapping(ctx context.Context, m *plan.Mapping, source, target providers.Conn, o Options) (Report, error) {
	panic("bug in syncform: written next")
}
