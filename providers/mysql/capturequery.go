package mysql

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"

	binlog "github.com/go-mysql-org/go-mysql/mysql"
	"github.com/go-mysql-org/go-mysql/replication"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
)

// statement is what the log says of a statement that it has as text.
type statement struct {
	database string
	text     string
	ansi     bool // "x" is a name
}

// parseQueryEvent takes the event of a statement apart.
func parseQueryEvent(kind replication.EventType, body []byte) (s statement, err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("the log has a statement that can't be read")
		}
	}()
	schema, status := int(body[8]), int(binary.LittleEndian.Uint16(body[11:]))
	b := body[13:]
	if kind == replication.EXECUTE_LOAD_QUERY_EVENT {
		b = b[13:]
	}
	s.ansi = ansiQuotes(b[:status])
	b = b[status:]
	s.database = string(b[:schema])
	text := b[schema+1:]
	if kind == replication.MARIADB_QUERY_COMPRESSED_EVENT {
		if text, err = binlog.DecompressMariadbData(text); err != nil {
			return s, fmt.Errorf("the log has a packed statement that can't be read: %w", err)
		}
	}
	s.text = string(text)
	return s, nil
}

// ansiQuotes looks for the statement's sql_mode, which stands first or behind the flags.
func ansiQuotes(status []byte) bool {
	const ansi = 4
	for len(status) > 0 {
		switch status[0] {
		case 0: // flags
			status = status[5:]
		case 1: // sql_mode
			return len(status) >= 9 && binary.LittleEndian.Uint64(status[1:])&ansi != 0
		default:
			return false
		}
	}
	return false
}

var (
	queryBegin  = []byte("BEGIN")
	queryCommit = []byte("COMMIT")
)

// queryEvent takes a statement in: where transactions begin and end, what empties or
// removes tables, and what should have been rows.
func (f *binlogReader) queryEvent(kind replication.EventType, body []byte) error {
	switch {
	case bytes.HasSuffix(body, queryBegin) && body[len(body)-6] == 0:
		f.open = true
		return nil
	case bytes.HasSuffix(body, queryCommit) && body[len(body)-7] == 0:
		return f.commit()
	}
	s, err := parseQueryEvent(kind, body)
	if err != nil {
		return err
	}
	t := newTokens(stripComments(s.text, s.ansi))
	xa := func(words ...string) (string, bool) {
		if !t.accept(words...) {
			return "", false
		}
		return t.src[t.cur.start:], true
	}
	if id, ok := xa("XA", "START"); ok {
		f.startXA(id)
		return nil
	}
	if id, ok := xa("XA", "COMMIT"); ok {
		return f.finishXA(id, true)
	}
	if id, ok := xa("XA", "ROLLBACK"); ok {
		return f.finishXA(id, false)
	}
	switch {
	case t.cur.is("XA"), t.cur.is("SAVEPOINT"), t.cur.is("RELEASE"):
		return nil
	case t.cur.is("ROLLBACK"):
		// The log has this only where tables without transactions were written to as well.
		if f.added > 0 && !f.skipping {
			return f.gap("a transaction was rolled back after the log had some of its rows, for it also wrote to a table without transactions")
		}
		t.next()
		if t.accept("TO") || t.accept("WORK", "TO") {
			return nil
		}
		return f.commit()
	}
	if !f.skipping {
		if err := f.statement(s, t); err != nil {
			return err
		}
	}
	if f.open {
		return nil
	}
	return f.commit()
}

func (f *binlogReader) gap(format string, args ...any) error {
	return &providers.GapError{Reason: fmt.Sprintf(format, args...) + " (transaction " + f.transaction() + " of the source)"}
}

// lost hands on that the log does not lead on for a table.
func (f *binlogReader) lost(table *followedTable, format string, args ...any) error {
	rel := &row.Relation{Name: table.ask.Table.Name, Reason: fmt.Sprintf(format, args...)}
	f.out.Changes()
	f.added++
	return f.out.Added(f.ctx, row.Change{Op: row.Lost, Relation: rel, New: row.None, Old: row.None}, row.Wait{})
}

// transaction is the GTID of what is being read.
func (f *binlogReader) transaction() string {
	if f.conn.server.mariadb() {
		return fmt.Sprintf("%d-%d-%d", f.pendingMaria.domain, f.pendingMaria.at.server, f.pendingMaria.at.sequence)
	}
	return fmt.Sprintf("%s:%d", f.pendingMySQL.sid, f.pendingMySQL.gno)
}

// statement looks at what is neither rows nor the frame of a transaction.
func (f *binlogReader) statement(s statement, t *tokens) error {
	word := strings.ToUpper(t.cur.text)
	if t.cur.kind != wordToken {
		return nil
	}
	t.next()
	switch word {
	case "TRUNCATE":
		t.accept("TABLE")
		if table := f.followed(s, t); table != nil && f.deletes {
			return f.truncate(table)
		}
	case "DROP":
		if t.accept("DATABASE") || t.accept("SCHEMA") {
			t.accept("IF", "EXISTS")
			name := t.name()
			for _, table := range f.tables {
				if f.conn.databaseOf(table.ask.Table.Name) == name {
					return f.gap("the source's database %s was dropped", name)
				}
			}
			return nil
		}
		if !t.accept("TABLE") && !t.accept("TABLES") { // TEMPORARY tables are nobody's
			return nil
		}
		t.accept("IF", "EXISTS")
		for !t.end() {
			if table := f.followed(s, t); table != nil {
				if err := f.lost(table, "table %s was dropped at the source", table.ask.Table.Name); err != nil {
					return err
				}
			}
			if !t.accept(",") {
				return nil
			}
		}
	case "RENAME":
		if t.accept("TABLE") || t.accept("TABLES") {
			return f.renames(s, t)
		}
	case "CREATE":
		if t.accept("OR", "REPLACE", "TABLE") {
			if table := f.followed(s, t); table != nil {
				return f.lost(table, "table %s was made anew at the source", table.ask.Table.Name)
			}
		}
	case "ALTER":
		for t.accept("ONLINE") || t.accept("IGNORE") {
		}
		if !t.accept("TABLE") {
			return nil
		}
		t.accept("IF", "EXISTS")
		return f.alters(s, t)
	case "INSERT", "UPDATE", "DELETE", "REPLACE", "LOAD", "WITH", "CALL", "DO", "SELECT", "SET":
		return f.dml(s, word)
	}
	return nil
}

// followed reads a table's name and gives the table, nil where it is not followed.
func (f *binlogReader) followed(s statement, t *tokens) *followedTable {
	database, name := s.database, t.name()
	if t.accept(".") {
		database, name = name, t.name()
	}
	if t.err != nil {
		return nil
	}
	return f.tables[f.tableKey(database, name)]
}

// renames notices a followed table that goes and does not come back under its name in
// the same statement, as tools that change tables online let it.
func (f *binlogReader) renames(s statement, t *tokens) error {
	gone := map[*followedTable]bool{}
	for !t.end() {
		t.accept("IF", "EXISTS")
		from := f.followed(s, t)
		for !t.end() && !t.accept("TO") { // WAIT n, NOWAIT
			t.next()
		}
		to := f.followed(s, t)
		if from != nil {
			gone[from] = true
		}
		if to != nil {
			delete(gone, to)
		}
		if !t.accept(",") {
			break
		}
	}
	for table := range gone {
		if err := f.lost(table, "table %s was renamed at the source", table.ask.Table.Name); err != nil {
			return err
		}
	}
	return nil
}

// alters notices what removes or exchanges rows without a trace of them in the log.
func (f *binlogReader) alters(s statement, t *tokens) error {
	table := f.followed(s, t)
	if table == nil {
		return nil
	}
	var others []string
	for depth := 0; !t.end(); {
		switch {
		case t.cur.is("("):
			depth++
		case t.cur.is(")"):
			depth--
		}
		if depth > 0 {
			t.next()
			continue
		}
		switch {
		case t.accept("TRUNCATE", "PARTITION"), t.accept("DROP", "PARTITION"), t.accept("EXCHANGE", "PARTITION"), t.accept("DISCARD"), t.accept("IMPORT"), t.accept("CONVERT", "PARTITION"), t.accept("CONVERT", "TABLE"):
			return f.lost(table, "rows of table %s were removed or exchanged at the source by ALTER TABLE on its partitions or files, which the log does not have", table.ask.Table.Name)
		case t.accept("DROP"):
			if name := droppedColumn(t); name != "" {
				others = append(others, name)
			}
		case t.accept("CHANGE"), t.accept("RENAME", "COLUMN"):
			t.accept("COLUMN")
			t.accept("IF", "EXISTS")
			from := t.name()
			t.accept("TO")
			if to := t.name(); t.err == nil && !strings.EqualFold(from, to) {
				others = append(others, from, to)
			}
		case t.accept("RENAME"):
			if t.cur.is("INDEX") || t.cur.is("KEY") {
				continue
			}
			if !t.accept("TO") && !t.accept("AS") {
				t.accept("=")
			}
			if to := f.followed(s, t); to != table {
				return f.lost(table, "table %s was renamed at the source", table.ask.Table.Name)
			}
		default:
			t.next()
		}
	}
	if len(others) == 0 {
		return nil
	}
	return f.renewed(table, others)
}

// droppedColumn reads what is dropped, and names it where it is a column.
func droppedColumn(t *tokens) string {
	if !t.accept("COLUMN") {
		for _, word := range []string{"PRIMARY", "INDEX", "KEY", "FOREIGN", "CONSTRAINT", "CHECK", "DEFAULT", "PERIOD", "SYSTEM"} {
			if t.cur.is(word) {
				return ""
			}
		}
	}
	t.accept("IF", "EXISTS")
	return t.name()
}

// renewed hands on that columns of these names, where there are any from here on, are
// others than before: the log has no changes of rows for that.
func (f *binlogReader) renewed(table *followedTable, names []string) error {
	rel := &row.Relation{Name: table.ask.Table.Name}
	for _, c := range table.ask.Table.Columns {
		if slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, c.Name) }) {
			rel.Columns = append(rel.Columns, row.RelationColumn{Name: c.Name, Type: c.Type, ID: f.transaction()})
		}
	}
	if len(rel.Columns) == 0 {
		return nil
	}
	f.out.Changes()
	f.added++
	return f.out.Added(f.ctx, row.Change{Op: row.Alter, Relation: rel, New: row.None, Old: row.None}, row.Wait{})
}

// truncate hands on that a table was emptied.
func (f *binlogReader) truncate(table *followedTable) error {
	rel := table.last
	if rel == nil { // it only names the table
		rel = &row.Relation{Name: table.ask.Table.Name}
		for _, c := range table.ask.Table.Columns {
			as := c.As
			if as.Kind == "" {
				as = c.Type
			}
			rel.Columns = append(rel.Columns, row.RelationColumn{Name: c.Name, Type: as})
		}
	}
	f.out.Changes()
	f.added++
	return f.out.Added(f.ctx, row.Change{Op: row.Truncate, Relation: rel, New: row.None, Old: row.None}, row.Wait{})
}

// dml stops where a session with binlog_format = STATEMENT may have written to a followed
// table: what it changed can't be known from its text.
func (f *binlogReader) dml(s statement, word string) error {
	if (word == "SELECT" || word == "SET" || word == "DO") && !strings.Contains(s.text, "(") {
		return nil
	}
	for _, table := range f.tables {
		database := f.conn.databaseOf(table.ask.Table.Name)
		if s.database == database || strings.Contains(strings.ToLower(s.text), strings.ToLower(database)) {
			return f.gap("the log has a statement (%s) in place of rows, written by a session with binlog_format = STATEMENT or MIXED: SET GLOBAL binlog_format = ROW at the source, then load the tables anew; what it changed of database %s can't be known", word, database)
		}
	}
	return nil
}

// stripComments removes comments, but for the wrappers of versioned ones, and turns names
// in double quotes into names in backquotes where those are names.
func stripComments(text string, ansi bool) string {
	if !strings.ContainsAny(text, `#-/"`) {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); {
		rest := text[i:]
		switch c := text[i]; {
		case c == '\'' || c == '`' || c == '"':
			end := 1
			for end < len(rest) && rest[end] != c {
				if rest[end] == '\\' && c != '`' && !(c == '"' && ansi) {
					end++
				}
				end++
			}
			end = min(end+1, len(rest))
			if c == '"' && ansi {
				b.WriteString("`" + strings.ReplaceAll(rest[1:max(end-1, 1)], "`", "``") + "`")
			} else {
				b.WriteString(rest[:end])
			}
			i += end
		case c == '#', strings.HasPrefix(rest, "-- "), strings.HasPrefix(rest, "--\n"), strings.HasPrefix(rest, "--\t"):
			end := strings.IndexByte(rest, '\n')
			if end < 0 {
				end = len(rest)
			}
			b.WriteByte(' ')
			i += end
		case strings.HasPrefix(rest, "/*") && !strings.HasPrefix(rest, "/*!") && !strings.HasPrefix(rest, "/*M!"):
			end := strings.Index(rest, "*/")
			if end < 0 {
				end = len(rest) - 2
			}
			b.WriteByte(' ')
			i += end + 2
		default:
			b.WriteByte(c)
			i++
		}
	}
	return b.String()
}
