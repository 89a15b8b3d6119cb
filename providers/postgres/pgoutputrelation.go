package postgres

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
)

// streamedTable is a table as the stream described it last.
type streamedTable struct {
	relation *row.Relation
	columns  []streamedColumn
	key      []int
	before   bool   // before-images are asked for
	text     string // the message that describes it
}

type streamedColumn struct {
	decode   decodeField
	wanted   bool // somebody needs its values
	identity bool // it is in the old row of an update or delete that carries the key only
}

// relation reads a description, which comes before the first change of a table and again
// after the table has changed.
func (f *slotFollower) relation(ctx context.Context, r wire) error {
	text := r.b
	id := r.uint32()
	if t := f.relations[id]; f.again && t != nil && t.text == string(text) {
		return nil // each query describes it anew
	}
	name := schema.Name{Schema: r.cstring(), Name: r.cstring()}
	if name.Schema == "" {
		name.Schema = "pg_catalog"
	}
	identity := r.byte()
	n := int(r.uint16())
	type column struct {
		key      bool
		name     string
		oid, mod uint32
	}
	columns := make([]column, n)
	for i := range columns {
		columns[i] = column{key: r.byte()&1 != 0, name: r.cstring(), oid: r.uint32(), mod: r.uint32()}
	}
	if r.b == nil {
		return errMessage
	}
	t, err := f.mapped(ctx, id, name)
	if err != nil {
		return err
	}
	if t == nil {
		f.relations[id] = nil
		return nil
	}
	list := make([]string, n)
	for i, c := range columns {
		list[i] = fmt.Sprintf("(%d, %d, %d)", i, c.oid, int32(c.mod))
	}
	types, err := f.Conn.typesOf(ctx, list)
	if err != nil {
		return err
	}
	own := t.Table.Name
	st := &streamedTable{relation: &row.Relation{Name: own}, before: f.capture.Before || t.FullImages, text: string(text)}
	for i, c := range columns {
		inKey := slices.Contains(t.Table.Key, c.name)
		at := slices.IndexFunc(t.Table.Columns, func(rc providers.ReadColumn) bool { return rc.Name == c.name })
		col := streamedColumn{wanted: at >= 0 || inKey, identity: c.key}
		typ, as := types[i], types[i]
		if at >= 0 {
			if rc := t.Table.Columns[at]; rc.As.Kind != "" && rc.Type.Equal(typ) {
				as = rc.As
			}
		}
		col.decode = decoderFor(typ, as)
		key := c.key
		if identity == 'f' || !c.key && inKey {
			key = inKey
		}
		if inKey {
			st.key = append(st.key, i)
		}
		st.columns = append(st.columns, col)
		st.relation.Columns = append(st.relation.Columns, row.RelationColumn{Name: c.name, Type: as, Key: key})
	}
	f.relations[id] = st
	return nil
}

// mapped finds which of the captured tables a relation is, or inherits from.
func (f *slotFollower) mapped(ctx context.Context, id uint32, name schema.Name) (*providers.CaptureTable, error) {
	if t := f.tables[name]; t != nil {
		return t, nil
	}
	s, err := f.Conn.acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer f.Conn.release(s)
	parents, err := s.query(ctx, `WITH RECURSIVE up(oid, depth) AS (SELECT inhparent, 1 FROM pg_catalog.pg_inherits WHERE inhrelid = $1::text::oid UNION SELECT i.inhparent, up.depth + 1 FROM up JOIN pg_catalog.pg_inherits i ON i.inhrelid = up.oid)
 SELECT n.nspname, c.relname FROM up JOIN pg_catalog.pg_class c ON c.oid = up.oid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace ORDER BY up.depth`, fmt.Sprint(id))
	if err != nil {
		return nil, classify(err)
	}
	for _, p := range parents {
		if t := f.tables[schema.Name{Schema: p[0], Name: p[1]}]; t != nil && !t.Table.Only {
			return t, nil
		}
	}
	return nil, nil
}

// typesOf says what types are, given (number, OID, modifier) of each: an OID is one type
// as long as that exists.
func (c *Conn) typesOf(ctx context.Context, list []string) ([]schema.Type, error) {
	if len(list) == 0 {
		return nil, nil
	}
	s, err := c.acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer c.release(s)
	const begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL search_path = ''; "
	r, err := readCatalogue(ctx, s, scope{namespace: userNamespaces, types: userNamespaces, tables: []schema.Name{}}, begin, "")
	if err != nil {
		s.rollback()
		return nil, fmt.Errorf("read the types: %w", err)
	}
	rows, err := s.query(ctx, "SELECT pg_catalog.format_type(oid, mod) FROM (VALUES "+strings.Join(list, ", ")+") v(n, oid, mod) ORDER BY n")
	s.rollback()
	if err != nil {
		return nil, classify(err)
	}
	types := make([]schema.Type, len(rows))
	for i, t := range rows {
		types[i] = r.typeOf(t[0])
	}
	return types, nil
}
