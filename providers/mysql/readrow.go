package mysql

import (
	"bytes"
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
)

// formNative is FormFields but for tinyint(1), which stays the number that it is: a
// bool of MySQL may be 2. Only this provider's reader and writer meet in it.
const formNative row.Form = "mysql"

// Read streams a chunk off the wire.
func (s *snapshot) Read(ctx context.Context, t providers.ReadTable, c providers.Chunk, forms []row.Form) (row.Reader, error) {
	text, err := selectRows(t, c)
	if err != nil {
		return nil, fmt.Errorf("read table %s: %w", t.Name, err)
	}
	r := &rowReader{snapshot: s, table: t, form: row.FormFields, dest: make([]driver.Value, len(t.Columns)), fields: make([]field, len(t.Columns))}
	if slices.Contains(forms, formNative) {
		r.form = formNative
	}
	for i, column := range t.Columns {
		r.fields[i] = fieldOf(column, r.form == formNative)
	}
	if r.session, err = s.acquire(ctx); err != nil {
		return nil, fmt.Errorf("read table %s: %w", t.Name, err)
	}
	// The driver would close the connection of a context that ends; interrupt does
	// what is right for it.
	query, cancel := context.WithCancel(context.WithoutCancel(ctx))
	r.cancel = cancel
	if r.rows, err = r.session.open(query, text); err != nil {
		cancel()
		s.release(r.session, s.consistent && serverError(err) != nil)
		return nil, fmt.Errorf("read table %s: %w", t.Name, classify(err))
	}
	r.unwatch = context.AfterFunc(ctx, r.interrupt)
	return r, nil
}

// selectRows writes the query of a chunk.
func selectRows(t providers.ReadTable, c providers.Chunk) (string, error) {
	condition, err := where(t.Key, c.Bounds)
	if err != nil {
		return "", err
	}
	exprs := make([]string, len(t.Columns))
	for i, column := range t.Columns {
		exprs[i] = ident(column.Name)
		if column.Type.Kind == schema.Float && column.Type.Bits == 32 {
			exprs[i] += " + 0e0" // as text a FLOAT has six digits, a DOUBLE all
		}
	}
	if len(exprs) == 0 {
		exprs = []string{"1"}
	}
	text := "SELECT " + strings.Join(exprs, ", ") + " FROM " + tableIdent(t.Name)
	conditions := boundsSQL(t.Where)
	if condition != "" {
		conditions = append([]string{condition}, conditions...)
	}
	if len(conditions) > 0 {
		text += " WHERE " + strings.Join(conditions, " AND ")
	}
	return text, nil
}

// rowReader reads one query.
type rowReader struct {
	snapshot *snapshot
	session  *session
	table    providers.ReadTable
	form     row.Form
	rows     driver.Rows
	dest     []driver.Value
	fields   []field

	cancel      context.CancelFunc // closes the connection
	unwatch     func() bool
	interrupted sync.Once

	mu   sync.Mutex // held by Next and by the end of Close
	done bool
}

func (r *rowReader) Form() row.Form { return r.form }

// Next gives the next batch; ctx ends the read for good.
func (r *rowReader) Next(ctx context.Context) (*row.Batch, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.done {
		return nil, io.EOF
	}
	stop := context.AfterFunc(ctx, r.interrupt)
	defer stop()
	b := r.snapshot.pool.Get(r.form, len(r.fields))
	for !b.Full() {
		err := r.rows.Next(r.dest)
		if errors.Is(err, io.EOF) {
			if err := r.finish(); err != nil {
				b.Release()
				return nil, fmt.Errorf("read table %s: %w", r.table.Name, classify(err))
			}
			if b.Rows == 0 {
				b.Release()
				return nil, io.EOF
			}
			return b, nil
		}
		if err == nil {
			err = r.appendRow(b)
		}
		if err != nil {
			b.Release()
			r.abort(serverError(err) != nil)
			err = classify(contextError(ctx, err))
			var bad *providers.BadRowError
			if errors.As(err, &bad) {
				return nil, err
			}
			return nil, fmt.Errorf("read table %s: %w", r.table.Name, err)
		}
	}
	return b, nil
}

func (r *rowReader) appendRow(b *row.Batch) error {
	for i, v := range r.dest {
		if v == nil {
			b.AppendNull()
			continue
		}
		var why string
		if b.Data, why = r.fields[i].append(b.Data, v); why != "" {
			return &providers.BadRowError{Table: r.table.Name, Key: r.key(), Column: r.table.Columns[i].Name, Reason: why}
		}
		b.EndField(row.Value)
	}
	b.EndRow()
	return nil
}

// key names the row that dest holds.
func (r *rowReader) key() string {
	var parts []string
	for _, name := range r.table.Key {
		i := slices.IndexFunc(r.table.Columns, func(c providers.ReadColumn) bool { return c.Name == name })
		if i < 0 {
			return ""
		}
		parts = append(parts, keyPart(name, []byte(textOf(r.dest[i])), r.table.Columns[i].Type.IsBinary()))
	}
	return strings.Join(parts, ", ")
}

// keyPart writes one column of a key for people.
func keyPart(name string, value []byte, binary bool) string {
	const most = 80
	if binary {
		return fmt.Sprintf("%s=0x%.80x", name, value)
	}
	if len(value) > most {
		return fmt.Sprintf("%s=%s...", name, bytes.ToValidUTF8(value[:most], nil))
	}
	return fmt.Sprintf("%s=%s", name, value)
}

// finish hands the session back after the last row.
func (r *rowReader) finish() error {
	r.done = true
	r.unwatch()
	err := r.rows.Close()
	r.snapshot.release(r.session, err == nil && r.session.alive())
	r.cancel()
	return err
}

// interrupt ends the query. A reader of a consistent snapshot must outlive it, so
// the query is killed at the server; any other connection is simply given up.
func (r *rowReader) interrupt() {
	r.interrupted.Do(func() {
		if r.snapshot.consistent {
			r.snapshot.conn.kill("KILL QUERY " + r.session.id)
		} else {
			r.cancel()
		}
	})
}

// abort ends a read whose rows are not all wanted, or that failed. ended says that
// the server has ended the query by itself.
func (r *rowReader) abort(ended bool) {
	r.done = true
	r.unwatch()
	if !ended {
		r.interrupt()
	}
	// What was on its way is drained; the error is the killed query's, or the closed
	// connection's.
	_ = r.rows.Close()
	r.snapshot.release(r.session, r.snapshot.consistent && r.session.alive())
	r.cancel()
}

// Close ends the read, also one that Next waits for; more calls do nothing.
func (r *rowReader) Close() error {
	if r.mu.TryLock() {
		defer r.mu.Unlock()
	} else {
		r.interrupt()
		r.mu.Lock()
		defer r.mu.Unlock()
	}
	if !r.done {
		r.abort(false)
	}
	return nil
}
