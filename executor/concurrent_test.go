package executor_test

import (
	"context"
	"io"
	"testing"
	"time"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/providertest"
	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
)

// TestALoadBeginsWhileAnotherIsWritten: a chunk may take hours, and no other table
// should wait for it. (SQLite has one writer at a time and is not meant.)
func TestALoadBeginsWhileAnotherIsWritten(t *testing.T) {
	for _, sys := range []string{"postgres", "mariadb", "mysql"} {
		t.Run(sys, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
			defer cancel()
			url := systems[sys].fresh(t)
			providertest.Exec(t, url, "CREATE TABLE a (id integer)", "CREATE TABLE b (id integer)")
			conns := openBoth(t, url, url)
			w := capability[providers.Writer](t, conns[targetAddr])
			db, err := conns[targetAddr].Inspect(ctx, providers.InspectOptions{})
			if err != nil {
				t.Fatal(err)
			}
			chunk := []providers.Chunk{{}}
			load := func(table, generation string) providers.Load {
				name := schema.Name{Schema: db.DefaultSchema, Name: table}
				id := db.Table(name).Columns[0].Type
				return providers.Load{Mapping: table, Generation: generation, Table: name, Live: name, Columns: []providers.WriteColumn{{Name: "id", Type: id, Source: id}}}
			}
			begin := func(l providers.Load) {
				t.Helper()
				if _, err := w.OpenLoad(ctx, l, func() ([]providers.Chunk, error) { return chunk, nil }); err != nil {
					t.Fatal(err)
				}
			}
			begin(load("b", "before"))
			begin(load("a", "now"))
			tw, err := w.OpenWriter(ctx, load("a", "now"))
			if err != nil {
				t.Fatal(err)
			}
			src := &waiting{ctx: ctx, taken: make(chan struct{}), release: make(chan struct{})}
			done := make(chan error, 1)
			go func() {
				_, err := tw.WriteChunk(ctx, chunk[0], src)
				done <- err
			}()
			<-src.taken
			begin(load("b", "now"))
			close(src.release)
			if err := <-done; err != nil {
				t.Error(err)
			}
			if err := tw.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// waiting is a reader of one row that ends when it is released.
type waiting struct {
	ctx            context.Context
	taken, release chan struct{}
	given          bool
}

func (w *waiting) Form() row.Form { return row.FormFields }

func (w *waiting) Next(context.Context) (*row.Batch, error) {
	if !w.given {
		w.given = true
		b := row.NewBatch(1)
		b.Append([]byte("1"))
		b.EndRow()
		return b, nil
	}
	close(w.taken)
	select {
	case <-w.release:
		return nil, io.EOF
	case <-w.ctx.Done():
		return nil, w.ctx.Err()
	}
}

func (w *waiting) Close() error { return nil }
