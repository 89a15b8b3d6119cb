package sqlite

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"zombiezen.com/go/sqlite"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
)

// drain reads the log, and the rows that it names. One read transaction after the other
// fills buf, so that none waits for the target.
type drain struct {
	db      *sqlite.Conn
	capture providers.Capture
	at      position // of the last transaction that was given on
	last    position // read so far
	stamp   []byte   // changed_at of last
	buf     row.Changes

	version string                 // of the schema that tables were read by
	tables  map[string]*drainTable // by name in the log
	log     rowReader
	scratch []byte
}

// drainTable is a followed table as it is now.
type drainTable struct {
	relation *row.Relation
	reader   *keyReader
	fields   []int // for each column of the relation the reader's, or -1
	keys     []int // the key's columns among the relation's
	rekeys   []readColumn
}

// The columns of the log's statement. Behind them come k1, o1, k2, o2, ...
const (
	logID = iota
	logNonce
	logTable
	logOperation
	logChangedAt
	logKey
)

// begin proves that nothing is missing.
func (d *drain) begin() (err error) {
	end, err := beginRead(d.db)
	if err != nil {
		return err
	}
	defer func() { end(&err) }()
	d.last = d.at
	return checkContinuity(d.db, d.capture, d.at)
}

// look reads the tables anew where the schema has changed.
func (d *drain) look() (err error) {
	version, err := pragma(d.db, "schema_version")
	if err != nil || version == d.version {
		return err
	}
	if err := checkLog(d.db); err != nil {
		return err
	}
	broken, err := missed(d.db, d.capture)
	if err != nil {
		return err
	}
	if len(broken) > 0 {
		// Whoever follows asks Missed, and follows the others.
		return &providers.RetryableError{Err: errors.New(broken[0].Why)}
	}
	before := d.tables
	if d.close(&err); err != nil {
		return err
	}
	d.tables = map[string]*drainTable{}
	widest := 0
	for _, t := range d.capture.Tables {
		n, err := newDrainTable(d.db, t.Table)
		if err != nil {
			return err
		}
		if b := before[t.Table.Name.Name]; b != nil && sameRelation(b.relation, n.relation) {
			n.relation = b.relation
		}
		d.tables[t.Table.Name.Name] = n
		widest = max(widest, len(t.Table.Key))
	}
	sql := "SELECT id, nonce, table_name, operation, changed_at"
	for i := range widest {
		sql += ", k" + number(i+1) + ", o" + number(i+1)
	}
	if d.log.stmt, _, err = d.db.PrepareTransient(sql + " FROM _change_log WHERE sync = ? AND id > ? ORDER BY id"); err != nil {
		return err
	}
	d.version = version
	return nil
}

func sameRelation(a, b *row.Relation) bool {
	return slices.EqualFunc(a.Columns, b.Columns, func(x, y row.RelationColumn) bool {
		return x.Name == y.Name && x.Key == y.Key && x.Type.Equal(y.Type)
	})
}

func newDrainTable(db *sqlite.Conn, want providers.ReadTable) (*drainTable, error) {
	facts, table, err := factsOf(db, want.Name)
	if err != nil {
		return nil, err
	}
	t := &drainTable{relation: &row.Relation{Name: want.Name}}
	read := providers.ReadTable{Name: schema.Name{Name: table.Name.Name}, Key: want.Key}
	for _, col := range table.Columns {
		key := slices.Contains(want.Key, col.Name)
		at := -1
		if key || slices.ContainsFunc(want.Columns, func(c providers.ReadColumn) bool { return c.Name == col.Name }) {
			at = len(read.Columns)
			read.Columns = append(read.Columns, providers.ReadColumn{Name: col.Name, Type: col.Type})
		}
		t.fields = append(t.fields, at)
		t.relation.Columns = append(t.relation.Columns, row.RelationColumn{Name: col.Name, Type: col.Type, Key: key})
	}
	for _, name := range want.Key {
		at := slices.IndexFunc(t.relation.Columns, func(c row.RelationColumn) bool { return c.Name == name })
		if at < 0 {
			return nil, gap("table %s of the source has no column %q any more, which is of its key", want.Name, name)
		}
		t.keys = append(t.keys, at)
		t.rekeys = append(t.rekeys, newReadColumn(providers.ReadColumn{Type: t.relation.Columns[at].Type}))
	}
	t.reader, err = newKeyReader(db, read, facts)
	return t, err
}

// close gives the statements back.
func (d *drain) close(err *error) {
	for _, t := range d.tables {
		t.reader.close(err)
	}
	if d.log.stmt != nil {
		if ferr := d.log.stmt.Finalize(); *err == nil {
			*err = ferr
		}
	}
	d.log.stmt, d.version = nil, ""
	d.tables = nil
}

// read fills the buffer in one read transaction; more says that the log has more.
func (d *drain) read() (more bool, err error) {
	end, err := beginRead(d.db)
	if err != nil {
		return false, err
	}
	defer func() { end(&err) }()
	d.buf.Reset()
	if err := d.look(); err != nil {
		return false, err
	}
	stmt := d.log.stmt
	stmt.BindText(1, d.capture.Sync)
	stmt.BindInt64(2, d.last.ID)
	defer func() { err = errors.Join(err, stmt.Reset()) }()
	for n := 0; ; n++ {
		if there, err := stmt.Step(); err != nil || !there {
			return false, err
		}
		if n == drainEntries || len(d.buf.Data) >= drainBytes {
			return true, nil
		}
		if err := d.entry(stmt); err != nil {
			return false, err
		}
		d.last = position{ID: stmt.ColumnInt64(logID), Nonce: stmt.ColumnInt64(logNonce)}
		d.stamp = d.log.bytes(d.stamp[:0], logChangedAt)
	}
}

// entry adds what an entry of the log means by the rows as they are now. A row that an
// INSERT or UPDATE touched and that is not there any more has a later entry.
func (d *drain) entry(stmt *sqlite.Stmt) error {
	d.scratch = d.log.bytes(d.scratch[:0], logTable)
	t := d.tables[string(d.scratch)]
	if t == nil {
		return nil // it is not followed any more, or is the mark of a start
	}
	d.scratch = d.log.bytes(d.scratch[:0], logOperation)
	op := row.Update
	deleted, rekeyed := false, false
	switch string(d.scratch) {
	case logInsert:
		op = row.Insert
	case logDelete, logTouch:
		deleted = d.capture.Deletes
	case logRekey:
		rekeyed = true
	}
	ch := row.Change{Op: op, Relation: t.relation, New: row.None, Old: row.None}
	if rekeyed {
		old, err := d.row(t, stmt, 1)
		if err != nil {
			return err
		}
		if old != row.None { // another row has that key now
			d.buf.List = append(d.buf.List, row.Change{Op: row.Update, Relation: t.relation, New: old, Old: row.None})
		} else if ch.Old, err = d.key(t, stmt, 1); err != nil {
			return err
		}
	}
	var err error
	if ch.New, err = d.row(t, stmt, 0); err != nil {
		return err
	}
	if ch.New == row.None && deleted {
		if ch.Old, err = d.key(t, stmt, 0); err != nil {
			return err
		}
	}
	if ch.New == row.None {
		ch.Op = row.Delete
	}
	if ch.New != row.None || ch.Old != row.None {
		d.buf.List = append(d.buf.List, ch)
	}
	return nil
}

// row adds the row of an entry's key (of 1, the key before) as it is now.
func (d *drain) row(t *drainTable, log *sqlite.Stmt, of int) (first int, err error) {
	stmt := t.reader.stmt
	for i := range t.keys {
		col := logKey + 2*i + of
		switch class := log.ColumnType(col); class {
		case sqlite.TypeNull:
			stmt.BindNull(i + 1)
		case sqlite.TypeInteger:
			stmt.BindInt64(i+1, log.ColumnInt64(col))
		case sqlite.TypeFloat:
			stmt.BindFloat(i+1, log.ColumnFloat(col))
		default:
			d.scratch = d.log.bytes(d.scratch[:0], col)
			if class == sqlite.TypeText {
				bindText(stmt, i+1, d.scratch)
			} else {
				stmt.BindBytes(i+1, d.scratch)
			}
		}
	}
	there, err := stmt.Step()
	if err != nil {
		return row.None, err
	}
	defer func() { err = errors.Join(err, stmt.Reset()) }()
	if !there {
		return row.None, nil
	}
	first = d.buf.Begin()
	for _, at := range t.fields {
		state := row.Unchanged
		if at >= 0 {
			if d.buf.Data, state, err = t.reader.field(d.buf.Data, at); err != nil {
				return row.None, err
			}
		}
		d.buf.EndField(state)
	}
	return first, nil
}

// key adds a row of which only the key is known.
func (d *drain) key(t *drainTable, log *sqlite.Stmt, of int) (first int, err error) {
	first = d.buf.Begin()
	for i := range t.relation.Columns {
		n := slices.Index(t.keys, i)
		if n < 0 {
			d.buf.EndField(row.Unchanged)
			continue
		}
		col := logKey + 2*n + of
		class := log.ColumnType(col)
		if class == sqlite.TypeNull {
			d.buf.EndField(row.Null)
			continue
		}
		c := t.rekeys[n]
		var problem string
		d.buf.Data, problem = appendCanonical(d.buf.Data, d.log.value(col, class), c.stored, c.as)
		if problem != "" {
			return row.None, &providers.BadRowError{Table: t.relation.Name, Column: t.relation.Columns[i].Name, Reason: fmt.Sprintf("the value of a key in %s %s", changeLog, problem)}
		}
		d.buf.EndField(row.Value)
	}
	return first, nil
}

// give hands what was read to the collector.
func (d *drain) give(ctx context.Context, to *row.Collector) error {
	for _, ch := range d.buf.List {
		b := to.Changes()
		n := len(ch.Relation.Columns)
		ch.New, ch.Old = d.copy(b, ch.New, n), d.copy(b, ch.Old, n)
		if err := to.Added(ctx, ch, row.Wait{}); err != nil {
			return err
		}
	}
	return nil
}

func (d *drain) copy(to *row.Changes, first, n int) int {
	if first == row.None {
		return row.None
	}
	at := to.Begin()
	for i := range n {
		v, state := d.buf.Field(first, i)
		to.Data = append(to.Data, v...)
		to.EndField(state)
	}
	return at
}

// time is when the last entry was written.
func (d *drain) time() time.Time {
	t, err := time.Parse(time.RFC3339, string(d.stamp))
	if err != nil {
		return time.Time{}
	}
	return t
}
