package postgres

import (
	"context"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
)

// rereadTable is a table whose rows are read again, by key or in order.
type rereadTable struct {
	capture   providers.CaptureTable
	signature string
	relation  *row.Relation       // nil: the table is not there
	columns   providers.ReadTable // what of it can be read: captured columns that are there
	at        []int               // of each of the relation's columns, its place in columns; -1: not read
	keyAt     []int               // of each column of the key, its place in columns

	wanted *row.Batch // keys
	asked  map[string]bool
	rows   *row.Batch
	found  map[string]int // by identify: the row's index in rows
	given  map[string]bool
}

// describe looks at the table as it is, and makes a new relation where it has changed.
func (t *rereadTable) describe(ctx context.Context, c *Conn, s *session) error {
	rows, err := s.query(ctx, "SELECT attname, atttypid, atttypmod FROM pg_catalog.pg_attribute WHERE attrelid = pg_catalog.to_regclass($1) AND attnum > 0 AND NOT attisdropped ORDER BY attnum", c.logName(t.capture.Table.Name))
	if err != nil {
		return classify(err)
	}
	signature := ""
	var list []string
	for i, r := range rows {
		signature += strings.Join(r, "\x00") + "\x01"
		list = append(list, "("+strconv.Itoa(i)+", "+r[1]+", "+r[2]+")")
	}
	if signature == t.signature && t.relation != nil {
		return nil
	}
	t.signature, t.relation = signature, nil
	if len(rows) == 0 {
		return nil
	}
	types, err := c.typesOf(ctx, list)
	if err != nil {
		return err
	}
	want := t.capture.Table
	rel := &row.Relation{Name: want.Name}
	t.columns = providers.ReadTable{Name: want.Name, Only: want.Only, Key: want.Key}
	t.at, t.keyAt = nil, make([]int, len(want.Key))
	for i := range t.keyAt {
		t.keyAt[i] = -1
	}
	for i, r := range rows {
		name, typ := r[0], types[i]
		n := slices.IndexFunc(want.Columns, func(rc providers.ReadColumn) bool { return rc.Name == name })
		key := slices.Index(want.Key, name)
		as := schema.Type{}
		if n >= 0 && want.Columns[n].Type.Equal(typ) {
			as = want.Columns[n].As
		}
		at := -1
		if n >= 0 || key >= 0 {
			at = len(t.columns.Columns)
			t.columns.Columns = append(t.columns.Columns, providers.ReadColumn{Name: name, Type: typ, As: as})
		}
		if key >= 0 {
			t.keyAt[key] = at
		}
		if as.Kind != "" {
			typ = as
		}
		t.at = append(t.at, at)
		rel.Columns = append(rel.Columns, row.RelationColumn{Name: name, Type: typ, Key: key >= 0})
	}
	if slices.Contains(t.keyAt, -1) {
		return gap("%s", keyGone(want))
	}
	t.relation = rel
	return nil
}

func (t *rereadTable) begin() {
	t.wanted, t.rows = row.NewBatch(len(t.capture.Table.Key)), row.NewBatch(len(t.columns.Columns))
	t.asked, t.found, t.given = map[string]bool{}, map[string]int{}, map[string]bool{}
}

// field gives a key's field as the log has it, as canonical text.
func (t *rereadTable) field(i int, v *string) []byte {
	if t.columns.Columns[t.keyAt[i]].Type.IsBinary() {
		if raw, err := hex.DecodeString(strings.TrimPrefix(*v, `\x`)); err == nil {
			return raw
		}
	}
	if t.columns.Columns[t.keyAt[i]].Type.Kind == schema.Char {
		return []byte(strings.TrimRight(*v, " "))
	}
	return []byte(*v)
}

// identify names a key by its values' normal forms: 1.0 and 1.00 are one.
func (t *rereadTable) identify(key []*string) string {
	var b strings.Builder
	for i, v := range key {
		if v == nil || i >= len(t.keyAt) {
			joinKey(&b, nil, true)
			continue
		}
		joinKey(&b, row.Normal(nil, t.columns.Columns[t.keyAt[i]].Type, t.field(i, v)), false)
	}
	return b.String()
}

// want asks for a key's row, once.
func (t *rereadTable) want(key []*string) {
	id := t.identify(key)
	if t.asked[id] || len(key) != len(t.keyAt) {
		return
	}
	t.asked[id] = true
	for i, v := range key {
		if v == nil {
			t.wanted.AppendNull()
			continue
		}
		t.wanted.Append(t.field(i, v))
	}
	t.wanted.EndRow()
}

// read reads the rows that were asked for.
func (t *rereadTable) read(ctx context.Context, s *session) error {
	if t.relation == nil || t.wanted.Rows == 0 {
		return nil
	}
	if err := readKeys(ctx, s, t.columns, t.wanted, 0, t.wanted.Rows, t.rows); err != nil {
		return err
	}
	for r := range t.rows.Rows {
		var b strings.Builder
		for _, at := range t.keyAt {
			v, state := t.rows.Field(r, at)
			if state != row.Value {
				joinKey(&b, nil, true)
				continue
			}
			joinKey(&b, row.Normal(nil, t.columns.Columns[at].Type, v), false)
		}
		t.found[b.String()] = r
	}
	return nil
}

// appendNew adds a row that was read.
func (t *rereadTable) appendNew(c *row.Changes, r int) {
	for _, at := range t.at {
		if at < 0 {
			c.EndField(row.Unchanged)
			continue
		}
		v, state := t.rows.Field(r, at)
		c.Data = append(c.Data, v...)
		c.EndField(state)
	}
}

// appendOld adds the row before, of which the log has the key, or all captured columns.
func (t *rereadTable) appendOld(c *row.Changes, e *entry) {
	for i, col := range t.relation.Columns {
		if k := slices.Index(t.capture.Table.Key, col.Name); k >= 0 && k < len(e.key) {
			if e.key[k] == nil {
				c.EndField(row.Null)
			} else {
				c.Append(t.field(k, e.key[k]))
			}
			continue
		}
		n := slices.IndexFunc(t.capture.Table.Columns, func(rc providers.ReadColumn) bool { return rc.Name == col.Name })
		switch {
		case n < 0 || t.at[i] < 0 || len(e.before) != len(t.capture.Table.Columns):
			c.EndField(row.Unchanged)
		case e.before[n] == nil:
			c.EndField(row.Null)
		default:
			rc := t.columns.Columns[t.at[i]]
			as := rc.As
			if as.Kind == "" {
				as = rc.Type
			}
			if decode := decoderFor(rc.Type, as); decode != nil {
				if out, err := decode(c.Data, []byte(*e.before[n])); err == nil {
					c.Data = out
					c.EndField(row.Value)
					continue
				}
			}
			c.Append([]byte(*e.before[n]))
		}
	}
}
