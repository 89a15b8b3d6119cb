package mysql

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
)

// keysPerStatement bounds a list of keys: a longer one makes servers give up on ranges.
const keysPerStatement = 500

// limit is how long a statement may grow.
func (x *applyTx) limit() int { return min(statementBytes, x.packet-1024) }

// Upsert writes rows by INSERT ... ON DUPLICATE KEY UPDATE.
func (x *applyTx) Upsert(ctx context.Context, t *providers.ApplyTable, rows *row.Batch) error {
	a, err := x.target(ctx, t)
	if err != nil {
		return err
	}
	for from := 0; from < rows.Rows; {
		to := from
		x.out = append(append(x.out[:0], x.opening...), a.insert...)
		for to < rows.Rows {
			before := len(x.out)
			if to > from {
				x.out = append(x.out, ", "...)
			}
			a.out = x.out
			err := a.values(rows, to)
			x.out = a.out
			if err != nil {
				return err
			}
			if len(x.out)+len(a.onDup) > x.limit() && to > from {
				x.out = x.out[:before]
				break
			}
			to++
		}
		if len(x.out)+len(a.onDup) > x.packet-1024 {
			return a.badRow(rows, from, "", fmt.Sprintf("the row takes %d bytes and the server's max_allowed_packet is %d: raise it there", len(x.out), x.packet), nil)
		}
		x.out = append(x.out, a.onDup...)
		if err := x.write(ctx, a, rows, from, to); err != nil {
			return err
		}
		from = to
	}
	return nil
}

// write runs the statement in x.out, which writes the rows from to to of b, and sees
// that the server had nothing to remark.
func (x *applyTx) write(ctx context.Context, a *applyTarget, b *row.Batch, from, to int) error {
	remarks, err := x.session.query(ctx, string(append(x.out, "; SHOW WARNINGS LIMIT 1"...)))
	x.opened(err)
	switch {
	case err != nil:
		return a.refused(b, from, to, err)
	case len(remarks) > 0:
		if to-from == 1 {
			return a.refusedRow(b, from, nil, remarks[0][2])
		}
		return &providers.BadRowError{Table: a.of.Name, Reason: "the server would change a value to make it fit"}
	}
	return nil
}

const errTwoRows = 1242

// refused says what a server's refusal of rows means.
func (a *applyTarget) refused(b *row.Batch, from, to int, err error) error {
	conflict := &providers.ConflictError{Table: a.of.Name}
	switch e := serverError(err); {
	case e == nil:
	case e.Number == errDuplicateEntry, e.Number == 1586, e.Number == errTwoRows:
		conflict.Unique, conflict.Err = true, errors.New("another row has the same unique value")
		if e.Number != errTwoRows {
			_, name, _ := cutLast(e.Message, "for key '")
			name = strings.TrimSuffix(name, "'")
			if _, index, ok := cutLast(name, "."); ok {
				name = index
			}
			conflict.Constraint = name
		}
		return conflict
	case slices.Contains([]uint16{1216, 1217, 1451, 1452}, e.Number):
		conflict.Constraint, conflict.Err = constraintNamed(e.Message, "CONSTRAINT `", "`"), errors.New("a foreign key of the target does not hold")
		return conflict
	case e.Number == 4025 && a.checked(e.Message) != "":
		if to-from == 1 {
			return a.refusedRow(b, from, err, "")
		}
		return &providers.BadRowError{Table: a.of.Name, Column: a.checked(e.Message), Reason: reasonCheck, Err: serverCause(e)}
	case e.Number == 3819, e.Number == 4025:
		conflict.Constraint, conflict.Err = constraintNamed(e.Message, "onstraint '", "'"), errors.New("a check constraint of the target does not hold")
		if conflict.Constraint == "" {
			conflict.Constraint = constraintNamed(e.Message, "CONSTRAINT `", "`")
		}
		return conflict
	case behaviourOf(err) == badRow && to-from == 1:
		return a.refusedRow(b, from, err, "")
	case behaviourOf(err) == badRow:
		names := a.names()
		reason := reasons[e.Number]
		if reason == "" {
			reason = "the server refuses a value"
		}
		return &providers.BadRowError{Table: a.of.Name, Column: columnOf(e.Message, names), Reason: reason, Err: serverCause(e)}
	}
	return classify(fmt.Errorf("write table %s: %w", a.of.Name, err))
}

// checked is the column whose own check a message names, "" where it is the table's.
func (a *applyTarget) checked(message string) string { return columnChecked(message, a.names()) }

func (a *applyTarget) names() []string {
	names := make([]string, len(a.of.Columns))
	for i, c := range a.of.Columns {
		names[i] = c.Name
	}
	return names
}

func constraintNamed(message, before, after string) string {
	_, rest, ok := strings.Cut(message, before)
	if !ok {
		return ""
	}
	name, _, _ := strings.Cut(rest, after)
	return name
}

// eachKeys writes statements that begin with head over runs of keys, and calls run for
// each with the rows that it is of.
func (x *applyTx) eachKeys(a *applyTarget, head, tail string, keys *row.Batch, fields []int, run func(from, to int) error) (err error) {
	for from := 0; from < keys.Rows; {
		to := from
		x.out = append(append(x.out[:0], x.opening...), head...)
		for to < keys.Rows && to-from < keysPerStatement && (to == from || len(x.out) < x.limit()/2) {
			if to > from {
				x.out = append(x.out, " OR "...)
			}
			if x.out, err = a.appendKey(x.out, keys, to, fields); err != nil {
				return err
			}
			to++
		}
		x.out = append(x.out, tail...)
		if err := run(from, to); err != nil {
			return err
		}
		from = to
	}
	return nil
}

// Delete removes rows.
func (x *applyTx) Delete(ctx context.Context, t *providers.ApplyTable, keys *row.Batch) (int64, error) {
	a, err := x.target(ctx, t)
	if err != nil {
		return 0, err
	}
	var count int64
	err = x.eachKeys(a, "DELETE FROM "+tableIdent(t.Name)+" WHERE ", "", keys, a.keyFields(), func(from, to int) error {
		n, err := x.session.exec(ctx, string(x.out))
		x.opened(err)
		count += n
		if err != nil {
			return a.refused(keys, from, to, err)
		}
		return nil
	})
	return count, err
}

// patchesPerStatement is how many UPDATEs go in one round trip.
const patchesPerStatement = 100

// Patch updates rows one by one, many in one round trip.
func (x *applyTx) Patch(ctx context.Context, t *providers.ApplyTable, rows *row.Batch) (missing []int, err error) {
	a, err := x.target(ctx, t)
	if err != nil {
		return nil, err
	}
	return x.updates(ctx, a, rows, patchesPerStatement, func(r int) error {
		return x.appendUpdate(a, rows, r, rows, a.key, func(i int) bool { return slices.Contains(a.key, i) })
	}, func(r int) error {
		x.out, err = a.appendKey(x.out, rows, r, a.key)
		return err
	})
}

// Rekey gives rows other keys, one by one.
func (x *applyTx) Rekey(ctx context.Context, t *providers.ApplyTable, old, rows *row.Batch) (missing []int, err error) {
	a, err := x.target(ctx, t)
	if err != nil {
		return nil, err
	}
	fields := a.keyFields()
	return x.updates(ctx, a, rows, 1, func(r int) error {
		return x.appendUpdate(a, rows, r, old, fields, func(int) bool { return false })
	}, func(r int) error {
		x.out, err = a.appendKey(x.out, old, r, fields)
		return err
	})
}

// updates runs for every row a question whether it is there, and its update.
func (x *applyTx) updates(ctx context.Context, a *applyTarget, rows *row.Batch, most int, update, key func(r int) error) (missing []int, err error) {
	for from := 0; from < rows.Rows; {
		to := from
		x.out = append(x.out[:0], x.opening...)
		for to < rows.Rows && to-from < most && (to == from || len(x.out) < x.limit()/2) {
			if to > from {
				x.out = append(x.out, "; "...)
			}
			x.out = append(x.out, "SELECT COUNT(*) FROM "+tableIdent(a.of.Name)+" WHERE "...)
			if err := key(to); err != nil {
				return nil, err
			}
			x.out = append(x.out, " FOR UPDATE; "...)
			if err := update(to); err != nil {
				return nil, err
			}
			x.out = append(x.out, "; SHOW WARNINGS LIMIT 1"...)
			to++
		}
		answers, err := x.session.query(ctx, string(x.out))
		x.opened(err)
		if err != nil {
			return nil, a.refused(rows, from, to, err)
		}
		r := from
		for _, answer := range answers {
			if len(answer) > 1 { // a remark
				if to-from == 1 {
					return nil, a.refusedRow(rows, from, nil, answer[2])
				}
				return nil, &providers.BadRowError{Table: a.of.Name, Reason: "the server would change a value to make it fit"}
			}
			if answer[0] == "0" {
				missing = append(missing, r)
			}
			r++
		}
		from = to
	}
	return missing, nil
}

// appendUpdate writes the UPDATE of one row by the key in row r of keys; where nothing is
// to be set it writes a statement that does nothing.
func (x *applyTx) appendUpdate(a *applyTarget, rows *row.Batch, r int, keys *row.Batch, fields []int, leave func(i int) bool) (err error) {
	start := len(x.out)
	x.out = append(x.out, "UPDATE "+tableIdent(a.of.Name)+" SET "...)
	n := 0
	for i := range a.of.Columns {
		_, state := rows.Field(r, i)
		if state == row.Unchanged || leave(i) {
			continue
		}
		if state == row.Null && !a.fields[i].nullable {
			return a.badRow(rows, r, a.of.Columns[i].Name, reasonNull, nil)
		}
		if n > 0 {
			x.out = append(x.out, ", "...)
		}
		x.out = append(x.out, ident(a.of.Columns[i].Name)+" = "...)
		if x.out, err = a.appendValue(x.out, rows, r, i, i); err != nil {
			return err
		}
		n++
	}
	if n == 0 {
		x.out = append(x.out[:start], "DO 0"...)
		return nil
	}
	x.out = append(x.out, " WHERE "...)
	x.out, err = a.appendKey(x.out, keys, r, fields)
	return err
}
