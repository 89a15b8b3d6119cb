package postgres

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// ChecksumForm names everything on which a checksum hangs besides the rows: how the
// server writes each column, the encoding that is hashed, and the order of text keys,
// which cuts the chunks.
func (c *Conn) ChecksumForm(t providers.ReadTable) string {
	h := sha256.New()
	fmt.Fprintf(h, "%s\x00", c.encoding)
	for _, col := range t.Columns {
		f := textOutput(col.Type)
		if f == "" || col.As.Kind != "" && textOutput(col.As) != f {
			return ""
		}
		fmt.Fprintf(h, "%s\x00", f)
	}
	for _, k := range t.Key {
		if columnType(t, k).IsText() {
			fmt.Fprintf(h, "%s %s\x00", c.collation, c.collationVersion)
		}
	}
	return "pg-hash-1:" + hex.EncodeToString(h.Sum(nil)[:8])
}

// textOutput names how a type's values are written: equal names, equal text for equal
// values. "" where that is not known.
func textOutput(t schema.Type) string {
	if t.System != schema.PostgreSQL {
		return ""
	}
	switch t.Kind {
	case schema.Array:
		if t.Elem == nil {
			return ""
		}
		return textOutput(*t.Elem) + "[]"
	case schema.Int:
		return "int"
	case schema.Float:
		return "float" + strconv.Itoa(t.Bits)
	case schema.Varchar, schema.Text, schema.EnumKind:
		return "text"
	case schema.Char:
		return "char" + strconv.Itoa(t.Length)
	case schema.Decimal:
		if t.Precision == 0 {
			return "numeric"
		}
		return "numeric." + strconv.Itoa(t.Scale)
	case schema.Other:
		return t.Native
	}
	return string(t.Kind)
}

// Checksum adds up two 64-bit hashes of each row's text.
func (c *Conn) Checksum(ctx context.Context, t providers.ReadTable, ch providers.Chunk) (providers.Checksum, error) {
	var sum providers.Checksum
	condition, err := where(t, ch)
	if err != nil {
		return sum, err
	}
	names := make([]string, len(t.Columns))
	for i, col := range t.Columns {
		names[i] = col.Name
	}
	s, err := c.acquire(ctx)
	if err != nil {
		return sum, err
	}
	defer c.release(s)
	got, err := s.queryRow(ctx, "SELECT pg_catalog.count(*), coalesce(pg_catalog.sum(pg_catalog.hashtextextended(r, 0)), 0), coalesce(pg_catalog.sum(pg_catalog.hashtextextended(r, 7310868735421)), 0)"+
		" FROM (SELECT ROW("+quoteAll(names)+")::text COLLATE \"C\" AS r FROM "+tableRef(t.Name, t.Only)+condition+") s")
	if err != nil {
		return sum, fmt.Errorf("checksum of table %s: %w", t.Name, classify(err))
	}
	sum.Rows, err = strconv.ParseInt(got[0], 10, 64)
	sum.Sum = got[1] + "/" + got[2]
	return sum, err
}
