package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
)

// OpenSnapshot exports a snapshot that all readers share, so that everything is read
// as of one moment however many readers there are.
func (c *Conn) OpenSnapshot(ctx context.Context, o providers.SnapshotOptions) (providers.Snapshot, error) {
	owner, err := c.acquire(ctx)
	if err != nil {
		return nil, err
	}
	sn := &snapshot{conn: c, owner: owner, slots: make(chan struct{}, max(o.Readers, 1))}
	if err := sn.begin(ctx, o.Floors); err != nil {
		owner.close()
		return nil, fmt.Errorf("open a snapshot: %w", err)
	}
	return sn, nil
}

// snapshot is a transaction that keeps the moment alive, and the readers' transactions
// that share it.
type snapshot struct {
	conn     *Conn
	owner    *session
	name     string
	position row.Position
	slots    chan struct{}

	mu     sync.Mutex
	idle   []*reading
	closed bool
}

// reading is a session whose transaction sees the snapshot.
type reading struct {
	session *session
	broken  bool
}

const beginSnapshot = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"

func (sn *snapshot) begin(ctx context.Context, floors []string) error {
	if err := sn.owner.beginAbove(ctx, floors); err != nil {
		return err
	}
	got, err := sn.owner.queryRow(ctx, `SELECT pg_catalog.pg_export_snapshot(), CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn() ELSE pg_catalog.pg_current_wal_lsn() END`)
	if err != nil {
		return classify(err)
	}
	sn.name, sn.position = got[0], row.Position(got[1])
	return nil
}

// Position is the write-ahead log's at the snapshot.
func (sn *snapshot) Position() row.Position { return sn.position }

// take waits for one of the readers.
func (sn *snapshot) take(ctx context.Context) (*reading, error) {
	select {
	case sn.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	sn.mu.Lock()
	if sn.closed {
		sn.mu.Unlock()
		<-sn.slots
		return nil, errors.New("bug in syncform: the snapshot is closed already")
	}
	if n := len(sn.idle); n > 0 {
		r := sn.idle[n-1]
		sn.idle = sn.idle[:n-1]
		sn.mu.Unlock()
		return r, nil
	}
	sn.mu.Unlock()
	r, err := sn.newReading(ctx)
	if err != nil {
		<-sn.slots
		return nil, err
	}
	return r, nil
}

func (sn *snapshot) newReading(ctx context.Context) (*reading, error) {
	s, err := sn.conn.acquire(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.exec(ctx, beginSnapshot+"; SET TRANSACTION SNAPSHOT "+literal(sn.name)); err != nil {
		s.close()
		err = classify(err)
		if ctx.Err() == nil && !sn.alive(ctx) {
			err = &providers.RetryableError{Err: err} // a new snapshot may do
		}
		return nil, fmt.Errorf("take part in the snapshot: %w", err)
	}
	return &reading{session: s}, nil
}

// alive reports whether the transaction that keeps the snapshot still runs.
func (sn *snapshot) alive(ctx context.Context) bool {
	sn.mu.Lock()
	defer sn.mu.Unlock()
	return !sn.closed && sn.owner.exec(ctx, "SELECT 1") == nil
}

// give puts a reader back; one whose transaction has failed is closed.
func (sn *snapshot) give(r *reading) {
	sn.mu.Lock()
	if r.broken || sn.closed {
		sn.mu.Unlock()
		r.session.close()
	} else {
		sn.idle = append(sn.idle, r)
		sn.mu.Unlock()
	}
	<-sn.slots
}

// Close ends the transactions; readers that are in use end with their read.
func (sn *snapshot) Close() error {
	sn.mu.Lock()
	if sn.closed {
		sn.mu.Unlock()
		return nil
	}
	idle := sn.idle
	sn.idle, sn.closed = nil, true
	sn.mu.Unlock()
	for _, r := range append(idle, &reading{session: sn.owner}) {
		r.session.rollback()
		sn.conn.release(r.session)
	}
	return nil
}

// Read streams a chunk by COPY, in the first of the forms that these columns can take.
func (sn *snapshot) Read(ctx context.Context, t providers.ReadTable, c providers.Chunk, forms []row.Form) (row.Reader, error) {
	form := chooseForm(readForms(t, sn.conn.encoding), forms)
	condition, err := where(t, c)
	if err != nil {
		return nil, err
	}
	for _, b := range t.Where {
		if sql := boundSQL(b, sn.conn.encoding == "UTF8"); sql != "" {
			condition = addCondition(condition, sql)
		}
	}
	names := make([]string, len(t.Columns))
	for i, col := range t.Columns {
		names[i] = col.Name
	}
	copySQL := "COPY (SELECT " + quoteAll(names) + " FROM " + tableRef(t.Name, t.Only) + condition + ") TO STDOUT"
	if form.Parts() || strings.HasPrefix(string(form), binaryPrefix) {
		copySQL += " (FORMAT binary)"
	}
	r, err := sn.take(ctx)
	if err != nil {
		return nil, err
	}
	cr := &copyReader{snapshot: sn, reading: r, table: t, form: form, pool: &sn.conn.pool}
	switch {
	case form == row.FormFields:
		cr.fields = newFieldDecoder(t, sn.conn.encoding)
	case form.Parts():
		cr.parts = newPartsDecoder(t)
	}
	if err := cr.start(ctx, copySQL); err != nil {
		r.broken = true
		sn.give(r)
		return nil, fmt.Errorf("read table %s: %w", t.Name, err)
	}
	return cr, nil
}

// chooseForm takes the writer's best form that the reader can give.
func chooseForm(can, want []row.Form) row.Form {
	for _, w := range want {
		for _, c := range can {
			if w == c {
				return w
			}
		}
	}
	return row.FormFields
}
