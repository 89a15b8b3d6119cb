package mysql

import (
	"context"
	"io"
	"os"
	"testing"
	"time"

	gomysql "github.com/go-sql-driver/mysql"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
)

// kept yields batches that stay in memory.
type kept struct {
	batches []*row.Batch
	at      int
}

func (k *kept) Form() row.Form { return row.FormFields }
func (k *kept) Close() error   { return nil }
func (k *kept) Next(context.Context) (*row.Batch, error) {
	if k.at == len(k.batches) {
		return nil, io.EOF
	}
	k.at++
	return k.batches[k.at-1], nil
}

// BenchmarkLoad writes SF_BENCH_TABLE from memory, and compares that with one LOAD
// DATA of the same lines from memory: the ratio is what counts.
func BenchmarkLoad(b *testing.B) {
	url, table := os.Getenv("SF_BENCH_URL"), os.Getenv("SF_BENCH_TABLE")
	if url == "" || table == "" {
		b.Skip("set SF_BENCH_URL and SF_BENCH_TABLE to the table to copy")
	}
	c := connectTo(b, url)
	l, r := wholeTable(b, c, table)
	l.Table.Name = "bench_copy"
	l.Live = l.Table
	s, err := c.OpenSnapshot(b.Context(), providers.SnapshotOptions{Readers: 1})
	if err != nil {
		b.Fatal(err)
	}
	reader, err := s.Read(b.Context(), r, providers.Chunk{}, []row.Form{row.FormFields})
	if err != nil {
		b.Fatal(err)
	}
	var all kept
	for {
		batch, err := reader.Next(b.Context())
		if err == io.EOF {
			break
		}
		if err != nil {
			b.Fatal(err)
		}
		batch.OnRelease(func(*row.Batch) {})
		all.batches = append(all.batches, batch)
	}
	empty := "DROP TABLE IF EXISTS bench_copy; CREATE TABLE bench_copy LIKE " + ident(table)
	var ours, theirs time.Duration
	exec(b, c, empty)
	w, err := c.OpenWriter(b.Context(), l)
	if err != nil {
		b.Fatal(err)
	}
	var lines []byte
	p := &piece{writer: w.(*tableWriter)}
	for _, batch := range all.batches {
		for i := range batch.Rows {
			if err := p.line(batch, i); err != nil {
				b.Fatal(err)
			}
		}
		lines, p.buf = append(lines, p.buf...), p.buf[:0]
	}
	gomysql.RegisterReaderHandler("bench", func() io.Reader { return &chunked{lines} })
	defer gomysql.DeregisterReaderHandler("bench")
	for b.Loop() {
		l.Generation = planID()
		if _, err := c.OpenLoad(b.Context(), l, func() ([]providers.Chunk, error) { return []providers.Chunk{{}}, nil }); err != nil {
			b.Fatal(err)
		}
		exec(b, c, empty)
		w.(*tableWriter).load = l
		all.at = 0
		start := time.Now()
		if _, err := w.WriteChunk(b.Context(), providers.Chunk{}, &all); err != nil {
			b.Fatal(err)
		}
		ours += time.Since(start)
		exec(b, c, empty)
		text := w.(*tableWriter).text
		start = time.Now()
		exec(b, c, "SET foreign_key_checks = 0; "+replaceName(text, w.(*tableWriter).name, "bench"))
		theirs += time.Since(start)
	}
	b.ReportMetric(float64(ours)/float64(theirs), "of-LOAD")
	b.ReportMetric(theirs.Seconds()/float64(b.N), "LOAD-s")
	exec(b, c, "DROP TABLE bench_copy")
}

type chunked struct{ rest []byte }

func (c *chunked) Read(p []byte) (int, error) {
	if len(c.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p, c.rest)
	c.rest = c.rest[n:]
	return n, nil
}

func replaceName(text, name, other string) string {
	for i := 0; i+len(name) <= len(text); i++ {
		if text[i:i+len(name)] == name {
			return text[:i] + other + text[i+len(name):]
		}
	}
	return text
}
