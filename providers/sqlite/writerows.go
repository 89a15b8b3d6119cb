package sqlite

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"regexp"
	"strings"
	"unsafe"

	"zombiezen.com/go/sqlite"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
)

// fields inserts a batch of canonical text.
func (w *writer) fields(stmt *sqlite.Stmt, b *row.Batch) error {
	for r := range b.Rows {
		for i := range w.columns {
			v, state := b.Field(r, i)
			switch state {
			case row.Null:
				stmt.BindNull(i + 1)
				continue
			case row.Unchanged:
				return errors.New("bug in syncform: a backfill with an unchanged field")
			}
			if problem := w.columns[i].bind(stmt, i+1, v); problem != "" {
				return &providers.BadRowError{
					Table: w.load.Table, Key: w.fieldsKey(b, r), Column: w.load.Columns[i].Name, Reason: "the value " + problem,
				}
			}
		}
		if err := step(stmt); err != nil {
			return w.explain(err, func() string { return w.fieldsKey(b, r) })
		}
	}
	return nil
}

// step inserts the row whose values are bound.
func step(stmt *sqlite.Stmt) error {
	if _, err := stmt.Step(); err != nil {
		return err
	}
	return stmt.Reset()
}

// fieldsKey names a row of a batch by its key.
func (w *writer) fieldsKey(b *row.Batch, r int) string {
	parts := make([]string, len(w.key))
	for n, i := range w.key {
		v, state := b.Field(r, i)
		text := "NULL"
		switch {
		case state != row.Value:
		case w.load.Columns[i].Source.IsBinary():
			text = fmt.Sprintf("%x", v)
		default:
			text = string(v)
		}
		parts[n] = w.load.Columns[i].Name + "=" + text
	}
	return strings.Join(parts, ", ")
}

// values inserts a batch of values as another SQLite file stores them.
func (w *writer) values(stmt *sqlite.Stmt, b *row.Batch) error {
	data := b.Data
	for range b.Rows {
		start := data
		for i := range w.columns {
			v, rest, err := cutValue(data)
			if err != nil {
				return err
			}
			data = rest
			switch v.class {
			case sqlite.TypeInteger:
				stmt.BindInt64(i+1, v.i)
			case sqlite.TypeFloat:
				stmt.BindFloat(i+1, v.f)
			case sqlite.TypeText:
				bindText(stmt, i+1, v.b)
			case sqlite.TypeBlob:
				stmt.BindBytes(i+1, v.b)
			default:
				stmt.BindNull(i + 1)
			}
		}
		if err := step(stmt); err != nil {
			return w.explain(err, func() string { return w.valuesKey(start) })
		}
	}
	if len(data) > 0 {
		return errBrokenBatch
	}
	return nil
}

var errBrokenBatch = errors.New("bug in syncform: a batch of stored values that does not hold together")

// cutValue takes a value off the front of a batch of stored values.
func cutValue(data []byte) (v value, rest []byte, err error) {
	if len(data) == 0 {
		return v, nil, errBrokenBatch
	}
	v.class, data = sqlite.ColumnType(data[0]), data[1:]
	switch v.class {
	case sqlite.TypeNull:
		return v, data, nil
	case sqlite.TypeInteger, sqlite.TypeFloat:
		if len(data) < 8 {
			return v, nil, errBrokenBatch
		}
		n := binary.LittleEndian.Uint64(data)
		v.i, v.f = int64(n), math.Float64frombits(n)
		return v, data[8:], nil
	case sqlite.TypeText, sqlite.TypeBlob:
		n, size := binary.Uvarint(data)
		if size <= 0 || n > uint64(len(data)-size) {
			return v, nil, errBrokenBatch
		}
		v.b = data[size : size+int(n)]
		return v, data[size+int(n):], nil
	}
	return v, nil, errBrokenBatch
}

// valuesKey names the row that begins at data.
func (w *writer) valuesKey(data []byte) string {
	list := make([]value, len(w.columns))
	for i := range list {
		v, rest, err := cutValue(data)
		if err != nil {
			return ""
		}
		list[i], data = v, rest
	}
	parts := make([]string, len(w.key))
	for n, i := range w.key {
		text := "NULL"
		switch v := list[i]; v.class {
		case sqlite.TypeInteger:
			text = fmt.Sprint(v.i)
		case sqlite.TypeFloat:
			text = fmt.Sprint(v.f)
		case sqlite.TypeText:
			text = string(v.b)
		case sqlite.TypeBlob:
			text = fmt.Sprintf("%x", v.b)
		}
		parts[n] = w.load.Columns[i].Name + "=" + text
	}
	return strings.Join(parts, ", ")
}

// bindText binds text without a copy of it in Go's memory: SQLite takes its own.
func bindText(stmt *sqlite.Stmt, param int, v []byte) {
	stmt.BindText(param, unsafe.String(unsafe.SliceData(v), len(v)))
}

var (
	notNullFailed = regexp.MustCompile(`NOT NULL constraint failed: .*\.(.*)$`)
	uniqueFailed  = regexp.MustCompile(`UNIQUE constraint failed: (.*)$`)
	checkFailed   = regexp.MustCompile(`CHECK constraint failed: (.*)$`)
)

// explain makes a row that a constraint refuses a bad row. SQLite's message names
// columns and constraints only, never a value.
func (w *writer) explain(err error, key func() string) error {
	code := sqlite.ErrCode(err)
	if p := code.ToPrimary(); p != sqlite.ResultConstraint && p != sqlite.ResultMismatch && p != sqlite.ResultTooBig {
		return err
	}
	bad := &providers.BadRowError{Table: w.load.Table, Key: key(), Err: err}
	text := err.Error()
	switch {
	case code == sqlite.ResultTooBig:
		bad.Reason = "a value or the row is larger than SQLite's limit of 1,000,000,000 bytes"
	case notNullFailed.MatchString(text):
		bad.Column = notNullFailed.FindStringSubmatch(text)[1]
		bad.Reason = "the value is NULL, which the column does not allow"
	case uniqueFailed.MatchString(text):
		bad.Reason = "another row has the same value in a unique key: " + uniqueFailed.FindStringSubmatch(text)[1]
		bad.Err = fmt.Errorf("%w: %w", providers.ErrNotUnique, err)
	case checkFailed.MatchString(text):
		bad.Reason = "a check refuses the row: " + checkFailed.FindStringSubmatch(text)[1]
		for _, c := range w.load.Columns {
			if c.Type.Kind == schema.EnumKind && strings.Contains(bad.Reason, ident(c.Name)+" IN (") {
				bad.Column, bad.Reason = c.Name, "the value is none of the labels of its type"
			}
		}
	default:
		bad.Reason = "SQLite refuses the row: " + text
	}
	return bad
}
