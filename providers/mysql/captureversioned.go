package mysql

import (
	"context"
	"fmt"
	"slices"

	binlog "github.com/go-mysql-org/go-mysql/mysql"

	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
)

// MariaDB logs a system-versioned table with its history: a row that was changed once more
// as an inserted one, a deletion as an update that ends the row, and DELETE HISTORY as
// deletions. What tells them apart is the column that says until when a row holds.

// versioning is where a table map has the columns of a row's time.
type versioning struct {
	end    int // 1 + the column; 0: the table is not versioned
	hidden int // how many of the last columns nobody declared
}

// The columns of a table that declares none.
const (
	hiddenRowStart = "row_start"
	hiddenRowEnd   = "row_end"
)

// rowEndExpr is how the end is declared.
const rowEndExpr = "ROW END"

func (f *binlogReader) versioned(t *followedTable, m *tableMap) (v versioning, err error) {
	n := len(m.names)
	timed := func(i int) bool { return m.types[i] == binlog.MYSQL_TYPE_TIMESTAMP2 && m.metas[i] == 6 }
	if !f.conn.server.mariadb() || !slices.Contains(m.types, binlog.MYSQL_TYPE_TIMESTAMP2) {
		return v, nil
	}
	declared, named, err := f.conn.rowEnd(f.ctx, t.ask.Table.Name)
	if err != nil {
		return v, fmt.Errorf("read whether table %s keeps its history: %w", t.ask.Table.Name, err)
	}
	if n > 2 && string(m.names[n-2]) == hiddenRowStart && string(m.names[n-1]) == hiddenRowEnd && timed(n-2) && timed(n-1) && !named {
		return versioning{end: n, hidden: 2}, nil
	}
	for i, name := range m.names {
		if declared != "" && string(name) == declared && timed(i) {
			return versioning{end: i + 1}, nil
		}
	}
	return v, nil
}

// rowEnd gives the column by which a table declares until when a row holds, "" where it
// declares none, and says whether it has a column of the name that is the server's own
// otherwise.
func (c *Conn) rowEnd(ctx context.Context, table schema.Name) (declared string, named bool, err error) {
	err = c.with(ctx, func(s *session) error {
		rows, err := s.query(ctx, "SELECT COLUMN_NAME, COALESCE(GENERATION_EXPRESSION, '') FROM information_schema.COLUMNS WHERE "+inTable("TABLE", table))
		for _, r := range rows {
			if r[1] == rowEndExpr {
				declared = r[0]
			}
			named = named || r[0] == hiddenRowEnd
		}
		return err
	})
	return declared, named, err
}

// holds reports whether a row image is of a row that the table has now: one whose end is
// the greatest time there is.
func (t *logTable) holds(image []byte, at []int) bool {
	if t.until == 0 || at[t.until-1] < 0 {
		return true
	}
	b := image[at[t.until-1]:]
	return (b[0] == 0x7f || b[0] == 0xff) && b[1] == 0xff && b[2] == 0xff && b[3] == 0xff && b[4] == 0x0f && b[5] == 0x42 && b[6] == 0x3f
}

// versionedChange hands on what a change of a versioned table does to the rows that it has
// now.
func (f *binlogReader) versionedChange(t *logTable, op row.Op, now []byte, nowAt []int, was []byte, wasAt []int) error {
	has, had := now != nil && t.holds(now, nowAt), was != nil && t.holds(was, wasAt)
	switch {
	case has && (had || op == row.Insert):
		return f.change(t, op, now, nowAt, was, wasAt)
	case has:
		return f.change(t, row.Insert, now, nowAt, nil, nil)
	case had && f.deletes:
		return f.change(t, row.Delete, nil, nil, was, wasAt)
	}
	return nil
}
