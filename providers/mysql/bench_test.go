package mysql

import (
	"io"
	"os"
	"testing"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
)

// BenchmarkInspect reads the schema of SF_BENCH_URL.
func BenchmarkInspect(b *testing.B) {
	url := os.Getenv("SF_BENCH_URL")
	if url == "" {
		b.Skip("set SF_BENCH_URL to the database to inspect")
	}
	c := connectTo(b, url)
	for b.Loop() {
		db, err := c.Inspect(b.Context(), providers.InspectOptions{})
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(len(db.Tables)), "tables")
	}
}

// BenchmarkRead reads every row of the table SF_BENCH_TABLE, one chunk.
func BenchmarkRead(b *testing.B) {
	url, table := os.Getenv("SF_BENCH_URL"), os.Getenv("SF_BENCH_TABLE")
	if url == "" || table == "" {
		b.Skip("set SF_BENCH_URL and SF_BENCH_TABLE to the table to read")
	}
	c := connectTo(b, url)
	_, r := wholeTable(b, c, table)
	for b.Loop() {
		s, err := c.OpenSnapshot(b.Context(), providers.SnapshotOptions{Readers: 1})
		if err != nil {
			b.Fatal(err)
		}
		rows := 0
		reader, err := s.Read(b.Context(), r, providers.Chunk{}, []row.Form{row.FormFields})
		if err != nil {
			b.Fatal(err)
		}
		for {
			batch, err := reader.Next(b.Context())
			if err == io.EOF {
				break
			}
			if err != nil {
				b.Fatal(err)
			}
			rows += batch.Rows
			batch.Release()
		}
		b.ReportMetric(float64(rows), "rows")
	}
}

// BenchmarkCopy copies SF_BENCH_TABLE into a new table beside it.
func BenchmarkCopy(b *testing.B) {
	url, table := os.Getenv("SF_BENCH_URL"), os.Getenv("SF_BENCH_TABLE")
	if url == "" || table == "" {
		b.Skip("set SF_BENCH_URL and SF_BENCH_TABLE to the table to copy")
	}
	c := connectTo(b, url)
	l, r := wholeTable(b, c, table)
	l.Table.Name = "bench_copy"
	l.Live = l.Table
	for b.Loop() {
		exec(b, c, "DROP TABLE IF EXISTS bench_copy; CREATE TABLE bench_copy LIKE "+ident(table))
		l.Generation = planID()
		copyTable(b, c, c, r, l, 0)
	}
	exec(b, c, "DROP TABLE bench_copy")
}

// BenchmarkNormalize asks the server for its spelling of every table of SF_BENCH_URL.
func BenchmarkNormalize(b *testing.B) {
	url := os.Getenv("SF_BENCH_URL")
	if url == "" {
		b.Skip("set SF_BENCH_URL to the database to inspect")
	}
	c := connectTo(b, url)
	db := inspect(b, c)
	for b.Loop() {
		if _, err := c.Normalize(b.Context(), db.Tables); err != nil {
			b.Fatal(err)
		}
	}
}
