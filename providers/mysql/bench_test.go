package mysql

import (
	"os"
	"testing"

	"github.com/syncform/syncform/providers"
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
