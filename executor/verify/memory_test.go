package verify_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"

	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
)

// table is an endpoint with one table whose rows are made as they are read, so that
// tables far larger than memory can be compared. Its chunks are ranges of positions.
type table struct {
	rows  int
	width int
	at    func(i int) []string // null is NULL
	pool  row.Pool
}

const null = "\x00null"

func rows(all ...[]string) *table {
	return &table{rows: len(all), width: 3, at: func(i int) []string { return all[i] }}
}

func (t *table) Inspect(context.Context, providers.InspectOptions) (*schema.Database, error) {
	return &schema.Database{}, nil
}
func (t *table) Close() error { return nil }

func (t *table) OpenSnapshot(context.Context, providers.SnapshotOptions) (providers.Snapshot, error) {
	return snapshot{t}, nil
}

type snapshot struct{ *table }

func (s snapshot) Position() row.Position { return "" }

func (s snapshot) Chunks(_ context.Context, _ providers.ReadTable, size int64) ([]providers.Chunk, error) {
	var chunks []providers.Chunk
	for from := 0; from == 0 || from < s.rows; from += int(size) {
		to := min(from+int(size), s.rows)
		chunks = append(chunks, providers.Chunk{ID: len(chunks), Bounds: fmt.Sprintf("%d %d", from, to), Rows: int64(to - from)})
	}
	rand.Shuffle(len(chunks), func(i, j int) { chunks[i], chunks[j] = chunks[j], chunks[i] })
	return chunks, nil
}

func (s snapshot) Read(_ context.Context, _ providers.ReadTable, c providers.Chunk, _ []row.Form) (row.Reader, error) {
	r := &reader{table: s.table}
	_, err := fmt.Sscanf(c.Bounds, "%d %d", &r.next, &r.end)
	return r, err
}

type reader struct {
	*table
	next, end int
}

func (r *reader) Form() row.Form { return row.FormFields }

func (r *reader) Next(ctx context.Context) (*row.Batch, error) {
	if r.next == r.end {
		return nil, io.EOF
	}
	b := r.pool.Get(row.FormFields, r.width)
	for ; r.next < r.end && b.Rows < 1000; r.next++ {
		for _, v := range r.at(r.next) {
			if v == null {
				b.AppendNull()
			} else {
				b.Append([]byte(v))
			}
		}
		b.EndRow()
	}
	return b, ctx.Err()
}

// mapping has columns id, name (text) and n (numeric); key is what identifies a row.
func mapping(key ...string) *plan.Mapping {
	m := &plan.Mapping{Addr: "sync.s.mapping[\"t\"]", SourceKey: key, TargetKey: key}
	for name, kind := range map[string]schema.Kind{"id": schema.Int, "name": schema.Text, "n": schema.Decimal} {
		m.Columns = append(m.Columns, plan.Column{Source: name, Target: name, SourceType: &schema.Type{Kind: kind}, TargetType: &schema.Type{Kind: kind}})
	}
	order := map[string]int{"id": 0, "name": 1, "n": 2}
	sorted := make([]plan.Column, 3)
	for _, c := range m.Columns {
		sorted[order[c.Source]] = c
	}
	m.Columns = sorted
	return m
}

// numbered is a large table that is computed.
func numbered(n int, change func(i int, r []string)) *table {
	return &table{rows: n, width: 3, at: func(i int) []string {
		r := []string{strconv.Itoa(i), "name of " + strconv.Itoa(i*7), strconv.Itoa(i%100) + ".50"}
		if change != nil {
			change(i, r)
		}
		return r
	}}
}
