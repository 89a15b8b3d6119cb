package mysql

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// ChecksumForm names the version of the sum, the system, and each column's text: two
// endpoints of one system give equal sums for equal rows where these agree.
func (c *Conn) ChecksumForm(t providers.ReadTable) string {
	if len(t.Columns) == 0 {
		return ""
	}
	forms := make([]string, len(t.Columns))
	for i, column := range t.Columns {
		form := textForm(column)
		if form == "" {
			return ""
		}
		forms[i] = form
	}
	return fmt.Sprintf("%s 1 key %d: %s", c.server.system, len(t.Key), strings.Join(forms, ", "))
}

// textForm says how the server writes the values of a column as text.
func textForm(c providers.ReadColumn) string {
	if as := c.As.Kind; as != "" && as != c.Type.Kind {
		return ""
	}
	switch t := c.Type; t.Kind {
	case schema.Bool, schema.Int, schema.Year:
		if strings.Contains(t.Native, "zerofill") {
			return "" // its text has zeros in front
		}
		return "int"
	case schema.Char, schema.Varchar, schema.Text, schema.EnumKind:
		return "text"
	case schema.Binary, schema.Varbinary, schema.Blob, schema.Geometry:
		return "bytes"
	case schema.Decimal:
		if strings.Contains(t.Native, "zerofill") {
			return ""
		}
		return fmt.Sprintf("decimal %d", t.Scale)
	case schema.Float:
		if strings.ContainsAny(t.Native, "( ") {
			return ""
		}
		return t.Native
	case schema.Time, schema.Timestamp, schema.TimestampTZ:
		return fmt.Sprintf("%s %d", t.Kind, t.Precision)
	case schema.Date, schema.JSON, schema.UUID:
		return string(t.Kind)
	case schema.Bit:
		return fmt.Sprintf("bit %d", t.Length)
	default:
		return t.Native
	}
}

// hashed writes a column as text without NULL: a mark, then the value's SHA-256 where it
// may be long (MySQL 9 has no MD5), so that no row outgrows max_allowed_packet.
func hashed(c providers.ReadColumn) string {
	name := ident(c.Name)
	switch c.Type.Kind {
	case schema.Char, schema.Varchar, schema.Text, schema.EnumKind, schema.Set:
		name = "SHA2(CONVERT(" + name + " USING utf8mb4), 256)"
	case schema.Binary, schema.Varbinary, schema.Blob, schema.Geometry, schema.JSON:
		name = "SHA2(" + name + ", 256)"
	case schema.Bit:
		name = "HEX(" + name + ")"
	case schema.Float:
		name = "CONCAT(" + name + " + 0e0)"
	}
	return "IF(" + ident(c.Name) + " IS NULL, 'N', CONCAT('V', " + name + "))"
}

// Checksum adds up two pieces of each row's SHA-256: the order of rows has no part in it,
// and equal rows don't cancel out.
func (c *Conn) Checksum(ctx context.Context, t providers.ReadTable, chunk providers.Chunk) (providers.Checksum, error) {
	condition, err := where(t.Key, chunk.Bounds)
	if err != nil {
		return providers.Checksum{}, err
	}
	columns := make([]string, len(t.Columns))
	for i, column := range t.Columns {
		columns[i] = hashed(column)
	}
	half := func(side string) string {
		return "IFNULL(SUM(CAST(CONV(" + side + "(h, 15), 16, 10) AS DECIMAL(20))), 0)"
	}
	text := "SELECT COUNT(*), COUNT(h), " + half("LEFT") + ", " + half("RIGHT") +
		" FROM (SELECT SHA2(CONCAT_WS(',', " + strings.Join(columns, ", ") + "), 256) AS h FROM " + tableIdent(t.Name)
	if condition != "" {
		text += " WHERE " + condition
	}
	var sum providers.Checksum
	err = c.with(ctx, func(s *session) error {
		rows, err := s.query(ctx, text+") AS hashes")
		if err != nil {
			return err
		}
		r := rows[0]
		if r[0] != r[1] {
			return fmt.Errorf("a value is larger than max_allowed_packet: %w", errors.ErrUnsupported)
		}
		if _, err := fmt.Sscan(r[0], &sum.Rows); err != nil {
			return err
		}
		sum.Sum = r[2] + "-" + r[3]
		return nil
	})
	if err != nil {
		return sum, fmt.Errorf("checksum of table %s: %w", t.Name, err)
	}
	return sum, nil
}
