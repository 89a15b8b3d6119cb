package sqlite

import (
	"context"
	"maps"
	"slices"
	"strconv"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// LastNumbers reads the row ids that AUTOINCREMENT has given out.
func (c *Conn) LastNumbers(ctx context.Context, tables []schema.Name) (map[schema.Name]map[string]string, error) {
	db, err := c.get(ctx)
	if err != nil {
		return nil, err
	}
	defer c.put(db)
	last := map[schema.Name]map[string]string{}
	there, err := all(db, "SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'")
	if err != nil || len(there) == 0 {
		return last, err
	}
	for _, n := range tables {
		rows, err := all(db, "SELECT i.name, q.seq FROM sqlite_sequence q, pragma_table_info(q.name) i WHERE q.name = ? COLLATE NOCASE AND i.pk = 1 AND q.seq > 0", n.Name)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			last[n] = map[string]string{r[0]: r[1]}
		}
	}
	return last, nil
}

// AdvanceNumbers sets AUTOINCREMENT.
func (c *Conn) AdvanceNumbers(ctx context.Context, given map[schema.Name]map[string]string) (moved []schema.Name, err error) {
	last, err := c.LastNumbers(ctx, slices.Collect(maps.Keys(given)))
	if err != nil {
		return nil, err
	}
	behind := map[schema.Name]map[string]string{}
	for n, columns := range given {
		for column, text := range columns {
			want, err := strconv.ParseInt(text, 10, 64)
			have, _ := strconv.ParseInt(last[n][column], 10, 64)
			if err == nil && want > have {
				behind[n] = columns
			}
		}
	}
	if len(behind) == 0 {
		return nil, nil // nobody is kept from writing
	}
	db, err := c.Inspect(ctx, providers.InspectOptions{Tables: slices.Collect(maps.Keys(behind)), NoEstimates: true})
	if err != nil {
		return nil, err
	}
	err = c.transact(ctx, func(conn *sqlite.Conn) error {
		for i := range db.Tables {
			t := &db.Tables[i]
			text := advance(*t, behind[t.Name])
			if text == "" {
				continue
			}
			if err := sqlitex.ExecuteScript(conn, text, nil); err != nil {
				return err
			}
			moved = append(moved, t.Name)
		}
		return nil
	})
	return moved, err
}

// advance sets AUTOINCREMENT past what the source has given out; it keeps itself past the
// rows.
func advance(t schema.Table, past map[string]string) string {
	var s script
	for _, c := range t.Columns {
		n, err := strconv.ParseInt(past[c.Name], 10, 64)
		if err != nil || c.Identity == nil {
			continue
		}
		name, last := quoteText(t.Name.Name), strconv.FormatInt(n, 10)
		s.add("INSERT INTO sqlite_sequence (name, seq) SELECT " + name + ", 0 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = " + name + ")")
		s.add("UPDATE sqlite_sequence SET seq = max(seq, " + last + ") WHERE name = " + name)
	}
	if len(s) == 0 {
		return ""
	}
	return s.String()
}
