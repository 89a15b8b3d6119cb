package mysql

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
)

// applyTarget is what the session knows of a table that it writes. The writer is that of
// loads: both write values alike.
type applyTarget struct {
	tableWriter
	of      *providers.ApplyTable
	columns []providers.WriteColumn // as they were when this was learnt
	key     []int
	uniques [][]uniquePart // of the unique indexes but the key's own
	insert  string         // INSERT ... VALUES
	onDup   string         // ON DUPLICATE KEY UPDATE ...
	read    providers.ReadTable
}

// uniquePart is one column of a unique index.
type uniquePart struct {
	column int // of the table's columns
	prefix int // characters that count; 0 all
}

// target gives what is known of a table.
func (x *applyTx) target(ctx context.Context, t *providers.ApplyTable) (*applyTarget, error) {
	if known := x.targets[t]; known != nil && len(known.columns) == len(t.Columns) && (len(t.Columns) == 0 || &known.columns[0] == &t.Columns[0]) && slices.Equal(known.key, t.Key) {
		return known, nil
	}
	a, err := x.learn(ctx, t)
	if err != nil {
		return nil, classify(fmt.Errorf("table %s: %w", t.Name, err))
	}
	const most = 10_000
	if len(x.targets) >= most {
		clear(x.targets)
	}
	x.targets[t] = a
	return a, nil
}

func (x *applyTx) learn(ctx context.Context, t *providers.ApplyTable) (*applyTarget, error) {
	a := &applyTarget{of: t, columns: t.Columns, key: slices.Clone(t.Key)}
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = c.Name
		source := c.Source
		if source.Kind == "" {
			source = c.Type
		}
		a.read.Columns = append(a.read.Columns, providers.ReadColumn{Name: c.Name, Type: c.Type, As: source})
	}
	a.load = providers.Load{Table: t.Name, Columns: t.Columns}
	for _, k := range t.Key {
		a.load.Key = append(a.load.Key, names[k])
	}
	a.read.Name, a.read.Key = t.Name, a.load.Key
	a.conn, a.session, a.packet = x.conn, x.session, x.packet
	facts, err := x.session.columnFacts(ctx, a.load)
	if err != nil {
		return nil, err
	}
	for _, c := range t.Columns {
		f, ok := facts[c.Name]
		if !ok {
			return nil, fmt.Errorf("the table has no column %q", c.Name)
		}
		a.fields = append(a.fields, writeFieldOf(x.conn.server, c, f))
	}
	if err := a.learnUniques(ctx, names); err != nil {
		return nil, err
	}
	a.insert = "INSERT INTO " + tableIdent(t.Name) + " (" + idents(names) + ") VALUES "
	a.onDup = a.onDuplicate(names)
	return a, nil
}

func (a *applyTarget) learnUniques(ctx context.Context, names []string) error {
	rows, err := a.session.query(ctx, "SELECT INDEX_NAME, IFNULL(COLUMN_NAME, ''), IFNULL(SUB_PART, 0) FROM information_schema.STATISTICS WHERE "+inTable("TABLE", a.of.Name)+" AND NON_UNIQUE = 0 ORDER BY INDEX_NAME, SEQ_IN_INDEX")
	if err != nil {
		return err
	}
	var order []string
	parts, unknown := map[string][]uniquePart{}, map[string]bool{}
	for _, r := range rows {
		if !slices.Contains(order, r[0]) {
			order = append(order, r[0])
		}
		prefix, err := strconv.Atoi(r[2])
		if err != nil {
			return err
		}
		i := slices.Index(names, r[1])
		unknown[r[0]] = unknown[r[0]] || i < 0 // an expression, or a column that we don't write
		parts[r[0]] = append(parts[r[0]], uniquePart{column: i, prefix: prefix})
	}
	for _, index := range order {
		p := parts[index]
		own := len(p) == len(a.key) && !slices.ContainsFunc(p, func(u uniquePart) bool { return u.prefix > 0 || !slices.Contains(a.key, u.column) })
		if !own && !unknown[index] {
			a.uniques = append(a.uniques, p)
		}
	}
	return nil
}

// onDuplicate writes what an INSERT does where a row is there: it takes the new values if
// the row has the same key. Else it is another row, to which only another unique index
// points, and the statement fails, by a subquery that has two rows.
func (a *applyTarget) onDuplicate(names []string) string {
	table := tableIdent(a.of.Name)
	alias, value := "", func(name string) string { return "VALUE(" + ident(name) + ")" }
	if !a.conn.server.mariadb() {
		if a.conn.server.num >= 80019 {
			alias, value = " AS syncform_new", func(name string) string { return "syncform_new." + ident(name) }
		} else {
			value = func(name string) string { return "VALUES(" + ident(name) + ")" }
		}
	}
	var same, sets []string
	for _, k := range a.key {
		same = append(same, table+"."+ident(names[k])+" <=> "+value(names[k]))
	}
	// Both sides of the outer IF are the value: beside anything else it could be bent, or
	// refused (MariaDB: a uuid).
	guard := func(v string) string {
		return "IF(IF(" + strings.Join(same, " AND ") + ", 1, (SELECT 1 UNION ALL SELECT 2)), " + v + ", " + v + ")"
	}
	for i, name := range names {
		if slices.Contains(a.key, i) {
			continue
		}
		v := value(name)
		if len(sets) == 0 {
			v = guard(v)
		}
		sets = append(sets, ident(name)+" = "+v)
	}
	if len(sets) == 0 {
		name := names[a.key[0]]
		sets = append(sets, ident(name)+" = "+guard(table+"."+ident(name)))
	}
	return alias + " ON DUPLICATE KEY UPDATE " + strings.Join(sets, ", ")
}

// appendValue writes a field of column i as SQL.
func (a *applyTarget) appendValue(dst []byte, b *row.Batch, r, field, i int) ([]byte, error) {
	return appendSQLValue(dst, &a.fields[i], &a.scratch, b, r, field, a.of.Columns[i].Type, func(why string) error {
		return a.badRow(b, r, a.of.Columns[i].Name, why, nil)
	})
}

// appendSQLValue writes a field as an SQL literal of a column.
func appendSQLValue(dst []byte, f *writeField, scratch *[]byte, b *row.Batch, r, field int, ty schema.Type, bad func(string) error) ([]byte, error) {
	value, state := b.Field(r, field)
	if state != row.Value {
		return append(dst, "NULL"...), nil
	}
	value, why := f.convert(scratch, value)
	switch {
	case why != "":
		return dst, bad(why)
	case ty.Kind == schema.Bit: // compared as a number
		return hex.AppendEncode(append(dst, "0x"...), value), nil
	case f.binary:
		dst = append(dst, "_binary"...)
	case f.plain && isNumber(value):
		return append(dst, value...), nil
	}
	return appendLiteral(dst, value), nil
}

// appendKey writes the condition that a row has the key in row r of keys, whose fields
// are those of the key's columns, at fields.
func (a *applyTarget) appendKey(dst []byte, keys *row.Batch, r int, fields []int) (_ []byte, err error) {
	dst = append(dst, '(')
	for n, i := range a.key {
		if n > 0 {
			dst = append(dst, " AND "...)
		}
		if dst, err = a.appendEqual(dst, keys, r, fields[n], i); err != nil {
			return dst, err
		}
	}
	return append(dst, ')'), nil
}

func (a *applyTarget) appendEqual(dst []byte, b *row.Batch, r, field, i int) ([]byte, error) {
	dst = append(dst, ident(a.of.Columns[i].Name)...)
	if _, state := b.Field(r, field); state != row.Value {
		return append(dst, " IS NULL"...), nil
	}
	return a.appendValue(append(dst, " = "...), b, r, field, i)
}

// keyFields are the fields of a batch of keys; those of a batch of rows are a.key.
func (a *applyTarget) keyFields() []int {
	fields := make([]int, len(a.key))
	for i := range fields {
		fields[i] = i
	}
	return fields
}
