package mysql

import (
	"context"
	"fmt"
	"strings"

	gomysql "github.com/go-sql-driver/mysql"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
)

// statementBytes is about how large an INSERT grows; the server's limit may be lower.
const statementBytes = 1 << 20

// insert writes batches by INSERTs of many rows, which strict mode makes all or
// nothing.
func (w *tableWriter) insert(ctx context.Context, batches []*row.Batch) error {
	for _, b := range batches {
		for from := 0; from < b.Rows; {
			to, err := w.insertText(b, from, b.Rows)
			if err == nil {
				err = w.insertRun(ctx, b, from, to)
			}
			if err != nil {
				return err
			}
			from = to
		}
	}
	return nil
}

// insertRun runs the statement in w.out, rows from to to. Where one of them is bad,
// it halves them until it is alone.
func (w *tableWriter) insertRun(ctx context.Context, b *row.Batch, from, to int) error {
	affected, err := w.session.exec(ctx, string(w.out))
	remark := ""
	switch {
	case err != nil && behaviourOf(err) != badRow:
		return err
	case err == nil:
		var good bool
		var failed error
		if good, remark, failed = w.clean(ctx, affected, to-from); good || failed != nil {
			return failed
		}
		if _, err := w.session.exec(ctx, "ROLLBACK TO SAVEPOINT rows_in"); err != nil {
			return err
		}
	}
	if to-from == 1 {
		return w.refusedRow(b, from, err, remark)
	}
	for _, half := range [][2]int{{from, (from + to) / 2}, {(from + to) / 2, to}} {
		for at := half[0]; at < half[1]; {
			end, err := w.insertText(b, at, half[1])
			if err == nil {
				err = w.insertRun(ctx, b, at, end)
			}
			if err != nil {
				return err
			}
			at = end
		}
	}
	return nil
}

// insertText writes an INSERT of rows from on, as many as a statement takes and at
// most up to to, into w.out and says where it stopped.
func (w *tableWriter) insertText(b *row.Batch, from, to int) (int, error) {
	names := make([]string, len(w.load.Columns))
	for i, c := range w.load.Columns {
		names[i] = c.Name
	}
	w.out = append(w.out[:0], "SAVEPOINT rows_in; INSERT INTO "+tableIdent(w.load.Table)+" ("+idents(names)+") VALUES "...)
	limit := min(statementBytes, w.packet-1024)
	for r := from; r < to; r++ {
		before := len(w.out)
		if r > from {
			w.out = append(w.out, ',')
		}
		if err := w.values(b, r); err != nil {
			return r, err
		}
		if len(w.out) > limit && r > from {
			w.out = w.out[:before]
			return r, nil
		}
		if len(w.out) > w.packet-1024 {
			return r, w.badRow(b, r, "", fmt.Sprintf("the row takes %d bytes and the server's max_allowed_packet is %d: raise it there", len(w.out), w.packet), nil)
		}
	}
	return to, nil
}

func (w *tableWriter) values(b *row.Batch, r int) error {
	for i := range w.fields {
		w.out = append(w.out, map[bool]byte{true: '(', false: ','}[i == 0])
		f := &w.fields[i]
		value, state := b.Field(r, i)
		if state != row.Value {
			if !f.nullable {
				return w.badRow(b, r, w.load.Columns[i].Name, reasonNull, nil)
			}
			w.out = append(w.out, "NULL"...)
			continue
		}
		value, why := f.convert(&w.scratch, value)
		if why != "" {
			return w.badRow(b, r, w.load.Columns[i].Name, why, nil)
		}
		if f.binary {
			w.out = append(w.out, "_binary"...)
		}
		if f.plain && isNumber(value) { // which the server reads faster than text
			w.out = append(w.out, value...)
			continue
		}
		w.out = appendLiteral(w.out, value)
	}
	w.out = append(w.out, ')')
	return nil
}

// isNumber reports whether the text is one number of SQL and nothing else.
func isNumber(v []byte) bool {
	digits := func() bool {
		n := 0
		for n < len(v) && isDigit(v[n]) {
			n++
		}
		v = v[n:]
		return n > 0
	}
	skip := func(marks string) bool {
		ok := len(v) > 0 && strings.IndexByte(marks, v[0]) >= 0
		if ok {
			v = v[1:]
		}
		return ok
	}
	skip("-")
	if !digits() || skip(".") && !digits() {
		return false
	}
	if skip("eE") {
		skip("+-")
		if !digits() {
			return false
		}
	}
	return len(v) == 0
}

const reasonCheck = "a check constraint of the table does not hold"

const reasonNull = "the value is NULL and the column is NOT NULL"

// reasons says what the server found wrong, by its error's number.
var reasons = map[uint16]string{
	1048: reasonNull, 1263: reasonNull, 1364: reasonNull,
	1264: "the value is outside the column's range", 1690: "the value is outside the column's range",
	1265: "the value does not fit the column's type without being changed", 1292: "the value is not one of the column's type", 1411: "the value is not one of the column's type", 1525: "the value is not one of the column's type",
	1366: "the value is not one of the column's type, or has a character that the column's character set lacks", 1300: "the value is not valid text of the column's character set",
	1406: "the value is too long for the column", 3140: "the value is not JSON that the server reads", 3141: "the value is not JSON that the server reads",
	3156: "the value is not JSON that the server reads", 3157: "the JSON is nested deeper than the server allows", 3158: "a key of the JSON is longer than the server allows",
	1416: "the value is not a geometry that the server reads", 3037: "the value is not a geometry that the server reads", 3643: "the geometry's SRID is not the column's",
	1526: "no partition of the table takes the row", 1118: "the row is larger than the server's pages allow",
}

// refusedRow names the row and column that the server refuses, and why. The server's
// words are not passed on: they quote the value.
func (w *tableWriter) refusedRow(b *row.Batch, r int, err error, remark string) error {
	names := make([]string, len(w.load.Columns))
	for i, c := range w.load.Columns {
		names[i] = c.Name
	}
	if err == nil {
		return w.badRow(b, r, columnOf(remark, names), "the server would change the value to make it fit", nil)
	}
	e := serverError(err)
	column, reason := columnOf(e.Message, names), reasons[e.Number]
	switch {
	case isDuplicate(e):
		column, reason = "", "another row has the same value in "+indexNamed(e.Message)
	case e.Number == 3819 || e.Number == 4025:
		column, reason = columnChecked(e.Message, names), reasonCheck
	case reason == "":
		reason = "the server refuses the value"
	}
	if name := columnOf(e.Message, w.computed); column == "" && name != "" {
		column, reason = name, "the server computes this column, and not for this row: "+reason
	}
	cause := serverCause(e)
	if isDuplicate(e) {
		cause = join(providers.ErrNotUnique, cause)
	}
	return w.badRow(b, r, column, reason, cause)
}

// columnChecked finds the column whose own check does not hold: MariaDB calls it by the
// table's name and the column's.
func columnChecked(message string, names []string) (column string) {
	for _, name := range names {
		if (strings.Contains(message, "."+name+"`") || strings.Contains(message, "."+ident(name)[1:])) && len(name) > len(column) {
			column = name
		}
	}
	return column
}

func serverCause(e *gomysql.MySQLError) error {
	return fmt.Errorf("server error %d (%s)", e.Number, e.SQLState[:])
}

// indexNamed finds the unique index in a message: it stands last, in quotes.
func indexNamed(message string) string {
	_, name, ok := cutLast(message, "for key '")
	name = strings.TrimSuffix(name, "'")
	if !ok || name == "" {
		return "a unique index"
	}
	if strings.HasSuffix(name, "PRIMARY") {
		return "the primary key"
	}
	return fmt.Sprintf("the unique index %q", name)
}

func cutLast(s, sep string) (string, string, bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}
