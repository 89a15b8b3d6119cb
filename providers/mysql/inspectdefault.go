package mysql

import (
	"context"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/syncform/syncform/providers/schema"
)

// askDefaults asks for the defaults that MariaDB prints with a question mark, which
// may stand for a character past the BMP: its DDL is printed in three-byte UTF-8.
func (c *Conn) askDefaults(ctx context.Context, t *schema.Table, columns []string) error {
	if len(columns) == 0 {
		return nil
	}
	exprs := make([]string, len(columns))
	for i, name := range columns {
		exprs[i] = "HEX(CONVERT(DEFAULT(" + ident(name) + ") USING utf8mb4))"
	}
	return c.with(ctx, func(s *session) error {
		rows, err := s.query(ctx, "SELECT "+strings.Join(exprs, ", ")+" FROM (SELECT 1) AS one LEFT JOIN "+tableIdent(t.Name)+" ON FALSE")
		if err != nil {
			return fmt.Errorf("ask for the defaults of table %s: %w", t.Name, err)
		}
		for i, name := range columns {
			text, err := hex.DecodeString(rows[0][i])
			if err != nil {
				return fmt.Errorf("default of column %s of table %s: %w", name, t.Name, err)
			}
			t.Column(name).Default.Text = canonicalDefault(t.Column(name).Type, string(text))
		}
		return nil
	})
}
