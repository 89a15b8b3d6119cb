package mysql

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/providertest"
	"github.com/syncform/syncform/providers/row"
)

// A read that is given up leaves a consistent snapshot's reader usable, at the moment
// that it was opened; the others see the same moment.
func TestSnapshotOutlivesItsReads(t *testing.T) {
	providertest.EachMySQL(t, func(t *testing.T, url string) {
		ten := "(SELECT 0 AS n UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION SELECT 6 UNION SELECT 7 UNION SELECT 8 UNION SELECT 9)"
		providertest.Exec(t, url, "CREATE TABLE big (id int primary key, v varchar(1000))",
			"INSERT INTO big SELECT a.n + 10 * b.n + 100 * c.n + 1000 * d.n, REPEAT('x', 1000) FROM "+strings.Join([]string{ten + " a", ten + " b", ten + " c", ten + " d"}, ", "))
		c := connectTo(t, url)
		_, r := wholeTable(t, c, "big")
		s, err := c.OpenSnapshot(t.Context(), providers.SnapshotOptions{Readers: 2, Consistent: true})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if s.Position() == "" {
			t.Error("the server writes a binary log, and no position is named")
		}
		providertest.Exec(t, url, "DELETE FROM big WHERE id >= 100")
		for range 2 {
			early, err := s.Read(t.Context(), r, providers.Chunk{}, []row.Form{row.FormFields})
			if err != nil {
				t.Fatal(err)
			}
			b, err := early.Next(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			b.Release()
			if err := early.Close(); err != nil {
				t.Fatal(err)
			}
			// Cut off by its context, in the middle.
			ctx, cancel := context.WithCancel(t.Context())
			cut, err := s.Read(ctx, r, providers.Chunk{}, []row.Form{row.FormFields})
			if err != nil {
				t.Fatal(err)
			}
			cancel()
			for err == nil {
				if b, err = cut.Next(t.Context()); err == nil {
					b.Release()
				}
			}
			if err := cut.Close(); err != nil {
				t.Fatal(err)
			}
			ahead, err := s.Read(t.Context(), r, providers.Chunk{}, []row.Form{row.FormFields})
			if err != nil {
				t.Fatal(err)
			}
			if err := row.Prefetch(t.Context(), ahead, 2).Close(); err != nil {
				t.Fatal(err)
			}
			if n := len(readAll(t, s, r, providers.Chunk{})); n != 10000 {
				t.Fatalf("the snapshot has %d rows, want 10000", n)
			}
		}
		// Both readers are free still; a third waits.
		one, err := s.Read(t.Context(), r, providers.Chunk{}, []row.Form{row.FormFields})
		if err != nil {
			t.Fatal(err)
		}
		two, err := s.Read(t.Context(), r, providers.Chunk{}, []row.Form{row.FormFields})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if _, err := s.Read(ctx, r, providers.Chunk{}, []row.Form{row.FormFields}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a third reader: %v", err)
		}
		if err := errors.Join(one.Close(), two.Close()); err != nil {
			t.Fatal(err)
		}
	})
}
