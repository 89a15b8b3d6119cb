package postgres

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/providertest"
	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
)

// stream yields batches of n rows of one bigint for ever; before is called ahead of each.
type stream struct {
	next   int64
	before func(ctx context.Context, batch int) error
	batch  int
}

func (s *stream) Form() row.Form { return row.FormFields }
func (s *stream) Close() error   { return nil }
func (s *stream) Next(ctx context.Context) (*row.Batch, error) {
	if err := s.before(ctx, s.batch); err != nil {
		return nil, err
	}
	s.batch++
	b := row.NewBatch(1)
	for range 1000 {
		s.next++
		b.Data = append(b.Data, '1')
		b.EndField(row.Value)
		b.EndRow()
	}
	return b, nil
}

func numbersTable(t *testing.T, link string) (*Conn, providers.Load) {
	t.Helper()
	providertest.Exec(t, link, "CREATE TABLE n (v bigint)")
	c := open(t, link)
	l := load(*inspect(t, c).Table(schema.Name{Schema: "public", Name: "n"}), "m")
	if _, err := c.OpenLoad(t.Context(), l, func() ([]providers.Chunk, error) { return []providers.Chunk{{}}, nil }); err != nil {
		t.Fatal(err)
	}
	return c, l
}

// TestWriteIsCutShort: whatever ends a chunk early leaves nothing of it, and says
// whether trying again may help.
func TestWriteIsCutShort(t *testing.T) {
	sourceGone := errors.New("the source is gone")
	for _, test := range []struct {
		name      string
		before    func(t *testing.T, link string, cancel func()) func(context.Context, int) error
		is        error
		retryable bool
	}{
		{"the source ends", func(*testing.T, string, func()) func(context.Context, int) error {
			return func(_ context.Context, batch int) error {
				if batch == 3 {
					return sourceGone
				}
				return nil
			}
		}, sourceGone, false},
		{"it is cancelled", func(_ *testing.T, _ string, cancel func()) func(context.Context, int) error {
			return func(ctx context.Context, batch int) error {
				if batch == 3 {
					cancel()
					<-ctx.Done()
				}
				return nil
			}
		}, context.Canceled, false},
		{"the server ends the session", func(t *testing.T, link string, _ func()) func(context.Context, int) error {
			return func(_ context.Context, batch int) error {
				if batch == 3 {
					providertest.Exec(t, link, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'COPY %' AND datname = current_database()")
				}
				return nil
			}
		}, nil, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			link := providertest.Postgres(t, "")
			c, l := numbersTable(t, link)
			w, err := c.OpenWriter(t.Context(), l)
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
			defer cancel()
			_, err = w.WriteChunk(ctx, providers.Chunk{}, &stream{before: test.before(t, link, cancel)})
			if test.is != nil && !errors.Is(err, test.is) || providers.IsRetryable(err) != test.retryable || err == nil {
				t.Errorf("%v", err)
			}
			if err := w.Close(); err != nil {
				t.Error(err)
			}
			if n := providertest.Query(t, link, "SELECT count(*) FROM n")[0][0]; n != "0" {
				t.Errorf("%s rows", n)
			}
			// Another writer does it.
			again, err := c.OpenWriter(t.Context(), l)
			if err != nil {
				t.Fatal(err)
			}
			defer again.Close()
			end := func(_ context.Context, batch int) error {
				if batch == 2 {
					return io.EOF
				}
				return nil
			}
			done, err := again.WriteChunk(t.Context(), providers.Chunk{}, &stream{before: end})
			if err != nil || done.Rows != 2000 {
				t.Error(done, err)
			}
			if _, err := again.WriteChunk(t.Context(), providers.Chunk{}, &stream{before: end}); !errors.Is(err, providers.ErrChunkDone) {
				t.Error(err)
			}
		})
	}
}

// TestReadIsCutShort: a read that is closed, cancelled or cut leaves the snapshot usable.
func TestReadIsCutShort(t *testing.T) {
	link := providertest.Postgres(t, "")
	providertest.Exec(t, link, "CREATE TABLE n AS SELECT i::bigint AS v, repeat('x', 1000) AS w FROM generate_series(1, 20000) i")
	c := open(t, link)
	table := readTable(*inspect(t, c).Table(schema.Name{Schema: "public", Name: "n"}))
	sn, err := c.OpenSnapshot(t.Context(), providers.SnapshotOptions{Readers: 1, Consistent: true})
	if err != nil {
		t.Fatal(err)
	}
	defer sn.Close()
	providertest.Exec(t, link, "DELETE FROM n WHERE v > 5")
	for _, how := range []string{"close", "cancel", "terminate"} {
		ctx, cancel := context.WithCancel(t.Context())
		r, err := sn.Read(ctx, table, providers.Chunk{}, nil)
		if err != nil {
			t.Fatal(how, err)
		}
		b, err := r.Next(ctx)
		if err != nil {
			t.Fatal(how, err)
		}
		b.Release()
		switch how {
		case "cancel":
			cancel()
			for err == nil {
				if b, err = r.Next(ctx); err == nil {
					b.Release()
				}
			}
			if !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		case "terminate":
			providertest.Exec(t, link, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'COPY %' AND datname = current_database()")
			for err == nil {
				if b, err = r.Next(ctx); err == nil {
					b.Release()
				}
			}
			if !providers.IsRetryable(err) {
				t.Error(err)
			}
		}
		if err := r.Close(); err != nil {
			t.Error(how, err)
		}
		cancel()
	}
	r, err := sn.Read(t.Context(), table, providers.Chunk{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := readAll(t.Context(), r)
	if err != nil || len(rows) != 20000 {
		t.Errorf("the snapshot has %d rows, %v", len(rows), err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

// TestIdleSessionsAreCut: a session that the server ended meanwhile is not handed out.
func TestIdleSessionsAreCut(t *testing.T) {
	link := providertest.Postgres(t, "")
	c := open(t, link)
	inspect(t, c)
	providertest.Exec(t, link, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
	c.mu.Lock()
	for _, s := range c.idle {
		s.released = time.Time{}
	}
	c.mu.Unlock()
	inspect(t, c)
}
