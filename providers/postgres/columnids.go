package postgres

import (
	"context"
	"fmt"
	"strings"

	"github.com/syncform/syncform/providers/schema"
)

// ColumnIDs names a column by its table's OID and its number in it, neither of which is
// given a second time.
func (c *Conn) ColumnIDs(ctx context.Context, tables []schema.Name) (map[schema.Name]map[string]string, error) {
	if len(tables) == 0 {
		return nil, nil
	}
	s, err := c.acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer c.release(s)
	list := make([]string, len(tables))
	for i, n := range tables {
		if n.Schema == "" {
			n.Schema = c.schema
		}
		list[i] = fmt.Sprintf("(%d, pg_catalog.to_regclass(%s))", i, literal(quoteName(n)))
	}
	rows, err := s.query(ctx, "SELECT v.n, a.attname, a.attrelid || '.' || a.attnum FROM (VALUES "+strings.Join(list, ", ")+") v(n, rel) JOIN pg_catalog.pg_attribute a ON a.attrelid = v.rel WHERE a.attnum > 0 AND NOT a.attisdropped")
	if err != nil {
		return nil, fmt.Errorf("read the numbers of columns: %w", classify(err))
	}
	ids := map[schema.Name]map[string]string{}
	for _, r := range rows {
		var i int
		if _, err := fmt.Sscan(r[0], &i); err != nil {
			return nil, err
		}
		if ids[tables[i]] == nil {
			ids[tables[i]] = map[string]string{}
		}
		ids[tables[i]][r[1]] = r[2]
	}
	return ids, nil
}
