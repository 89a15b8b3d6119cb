package postgres

import (
	"context"
	"fmt"
	"strings"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
)

// keysPerQuery is how many keys one query asks for.
const keysPerQuery = 500

// ReadKeys reads the rows of keys that are there.
func (c *Conn) ReadKeys(ctx context.Context, t providers.ReadTable, keys *row.Batch) (*row.Batch, error) {
	s, err := c.acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer c.release(s)
	got := row.NewBatch(len(t.Columns))
	for from := 0; from < keys.Rows; from += keysPerQuery {
		if err := readKeys(ctx, s, t, keys, from, min(from+keysPerQuery, keys.Rows), got); err != nil {
			return nil, fmt.Errorf("read rows of table %s: %w", t.Name, err)
		}
	}
	return got, nil
}

func readKeys(ctx context.Context, s *session, t providers.ReadTable, keys *row.Batch, from, to int, got *row.Batch) error {
	var list []string
	key := make([]string, len(t.Key))
	for r := from; r < to; r++ {
		for i, k := range t.Key {
			v, state := keys.Field(r, i)
			if state != row.Value {
				key[i] = "NULL"
				continue
			}
			typ, err := keyType(t, k)
			if err != nil {
				return err
			}
			text := string(v)
			if columnType(t, k).IsBinary() {
				text = fmt.Sprintf(`\x%x`, v)
			}
			key[i] = literal(text) + "::" + typ
		}
		list = append(list, "("+strings.Join(key, ", ")+")")
	}
	names := make([]string, len(t.Columns))
	decoders := make([]decodeField, len(t.Columns))
	for i, col := range t.Columns {
		names[i] = col.Name
		as := col.As
		if as.Kind == "" {
			as = col.Type
		}
		decoders[i] = decoderFor(col.Type, as)
	}
	return readRows(ctx, s, "SELECT "+quoteAll(names)+" FROM "+tableRef(t.Name, t.Only)+" WHERE ("+quoteAll(t.Key)+") IN ("+strings.Join(list, ", ")+")", t, decoders, got)
}

// readRows appends a query's rows as fields.
func readRows(ctx context.Context, s *session, sql string, t providers.ReadTable, decoders []decodeField, got *row.Batch) error {
	return readRowsAnd(ctx, s, sql, t, decoders, got, func([][]byte) {})
}

// readRowsAnd is readRows for a query that gives more than the table's columns.
func readRowsAnd(ctx context.Context, s *session, sql string, t providers.ReadTable, decoders []decodeField, got *row.Batch, rest func([][]byte)) error {
	err := s.queryAll(ctx, sql, func(_ int, v [][]byte) error {
		for i, decode := range decoders {
			switch {
			case v[i] == nil:
				got.AppendNull()
			case decode == nil:
				got.Append(v[i])
			default:
				var err error
				if got.Data, err = decode(got.Data, v[i]); err != nil {
					return &providers.BadRowError{Table: t.Name, Column: t.Columns[i].Name, Reason: err.Error()}
				}
				got.EndField(row.Value)
			}
		}
		got.EndRow()
		rest(v[len(decoders):])
		return nil
	})
	return classify(err)
}
