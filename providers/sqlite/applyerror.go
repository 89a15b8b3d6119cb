package sqlite

import (
	"fmt"
	"strings"

	"zombiezen.com/go/sqlite"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
)

// resultConstraintDatatype is what a STRICT table says of a value of another class.
const resultConstraintDatatype = sqlite.ResultConstraint | 12<<8

// explain tells what a constraint has refused: NULL, or a value that is no label of the
// column's type, makes a bad row, all else a conflict. SQLite's message names columns
// and constraints, and never a value.
func (a *applyTable) explain(err error, rows *row.Batch, r int) error {
	code := sqlite.ErrCode(err)
	primary := code.ToPrimary()
	if primary != sqlite.ResultConstraint && primary != sqlite.ResultMismatch && primary != sqlite.ResultTooBig {
		return err
	}
	text := err.Error()
	bad := &providers.BadRowError{Table: a.t.Name, Key: a.keyOf(rows, r), Err: err}
	conflict := &providers.ConflictError{Table: a.t.Name, Err: err}
	switch {
	case primary == sqlite.ResultTooBig:
		bad.Reason = "a value or the row is larger than SQLite's limit of 1,000,000,000 bytes"
		return bad
	case primary == sqlite.ResultMismatch, code == resultConstraintDatatype:
		bad.Reason = "SQLite refuses the row: " + text
		return bad
	case code == sqlite.ResultConstraintNotNull:
		if m := notNullFailed.FindStringSubmatch(text); m != nil {
			bad.Column = m[1]
		}
		bad.Reason = "the value is NULL, which the column does not allow"
		return bad
	case code == sqlite.ResultConstraintCheck:
		m := checkFailed.FindStringSubmatch(text)
		if m == nil {
			return conflict
		}
		for _, c := range a.t.Columns {
			if col, _, ok := labelCheck(m[1]); ok && c.Type.Kind == schema.EnumKind && lower(col) == lower(c.Name) {
				bad.Column, bad.Reason = c.Name, "the value is none of the labels of its type"
				return bad
			}
		}
		conflict.Constraint = m[1]
	case code == sqlite.ResultConstraintUnique, code == sqlite.ResultConstraintPrimaryKey, code == sqlite.ResultConstraintRowID:
		conflict.Unique = true
		m := uniqueFailed.FindStringSubmatch(text)
		for _, u := range a.uniques {
			if m == nil || u.message != m[1] {
				continue
			}
			conflict.Constraint = u.name
			if conflict.Constraint == "" {
				conflict.Constraint = m[1]
			}
			conflict.Unique = !u.plain || !sameSet(u.columns, a.reader.table.Key)
		}
	}
	return conflict
}

// keyOf names a row of a batch of rows, or of keys, by its key.
func (a *applyTable) keyOf(b *row.Batch, r int) string {
	parts := make([]string, len(a.t.Key))
	for n, i := range a.t.Key {
		at := i
		if b.Width != len(a.t.Columns) {
			at = n
		}
		v, state := b.Field(r, at)
		text := "NULL"
		switch {
		case state != row.Value:
		case a.t.Columns[i].Source.IsBinary():
			text = fmt.Sprintf("%x", v)
		default:
			text = string(v)
		}
		parts[n] = a.t.Columns[i].Name + "=" + text
	}
	return strings.Join(parts, ", ")
}
