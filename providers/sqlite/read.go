package sqlite

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"zombiezen.com/go/sqlite"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
)

// snapshot reads a file over several connections. Where it holds a moment, each is in
// a read transaction that began in the same state of the file.
type snapshot struct {
	c       *Conn
	readers chan *sqlite.Conn // those that nobody uses
	all     []*sqlite.Conn
	pool    row.Pool

	mu     sync.Mutex
	tables map[string]*readFacts
}

var _ providers.Snapshot = (*snapshot)(nil)

// OpenSnapshot takes the connections. In WAL mode a moment costs nobody anything and
// is always held. With a rollback journal it keeps writers out, so that it is held
// only where consistency is asked for; else each chunk is of one moment.
func (c *Conn) OpenSnapshot(ctx context.Context, o providers.SnapshotOptions) (providers.Snapshot, error) {
	s := &snapshot{c: c, tables: map[string]*readFacts{}}
	for range max(o.Readers, 1) {
		db, err := c.get(ctx)
		if err != nil {
			return nil, errors.Join(err, s.Close())
		}
		s.all = append(s.all, db)
	}
	mode, err := pragma(s.all[0], "journal_mode")
	if err != nil {
		return nil, errors.Join(because(ctx, err), s.Close())
	}
	if o.Consistent || mode == "wal" {
		if err := s.hold(ctx); err != nil {
			return nil, errors.Join(fmt.Errorf("hold one moment of %s for all readers: %w", c.path, because(ctx, err)), s.Close())
		}
	}
	s.readers = make(chan *sqlite.Conn, len(s.all))
	for _, db := range s.all {
		db.SetInterrupt(nil)
		s.readers <- db
	}
	return s, nil
}

// holdTries is how often a moment is tried for without keeping writers out.
const holdTries = 5

// hold begins a read transaction on every connection, all in one state of the file:
// nothing was committed between the first and the last. Where writers are too busy for
// that, one that the file's write lock keeps out waits for the moment; where the lock
// can't be had, one reader must do.
func (s *snapshot) hold(ctx context.Context) error {
	watch, err := s.c.get(ctx)
	if err != nil {
		return err
	}
	defer s.c.put(watch)
	for range holdTries {
		before, err := pragma(watch, "data_version")
		if err != nil {
			return err
		}
		if err := s.begin(); err != nil {
			return err
		}
		after, err := pragma(watch, "data_version")
		if err != nil {
			return err
		}
		if before == after {
			return nil
		}
		if err := s.end(); err != nil {
			return err
		}
	}
	if err := execute(watch, "BEGIN IMMEDIATE"); err != nil {
		if ctx.Err() != nil {
			return err
		}
		s.keep(1)
		return s.begin()
	}
	return errors.Join(s.begin(), execute(watch, "ROLLBACK"))
}

// begin starts the transactions. Where a writer that waits to commit lets no further
// reader in, those that are in must do.
func (s *snapshot) begin() error {
	for i, db := range s.all {
		err := execute(db, "BEGIN")
		if err == nil {
			if err = execute(db, "SELECT count(*) FROM sqlite_schema"); err != nil {
				err = errors.Join(err, execute(db, "ROLLBACK"))
			}
		}
		switch {
		case err == nil:
		case i > 0 && sqlite.ErrCode(err).ToPrimary() == sqlite.ResultBusy:
			s.keep(i)
			return nil
		default:
			return err
		}
	}
	return nil
}

func (s *snapshot) end() error {
	for _, db := range s.all {
		if err := execute(db, "ROLLBACK"); err != nil {
			return err
		}
	}
	return nil
}

// keep gives all but the first n connections back.
func (s *snapshot) keep(n int) {
	for _, db := range s.all[n:] {
		s.c.put(db)
	}
	s.all = s.all[:n]
}

// Position is "": SQLite has no log that is read by position.
func (s *snapshot) Position() row.Position { return "" }

// Close gives the connections back; readers must be closed before.
func (s *snapshot) Close() error {
	for _, db := range s.all {
		db.SetInterrupt(nil)
		if !db.AutocommitEnabled() {
			if err := execute(db, "ROLLBACK"); err != nil {
				return err // put would close the connection, and the transaction with it
			}
		}
		s.c.put(db)
	}
	s.all = nil
	return nil
}

// borrow waits for a connection whose statements end with ctx.
func (s *snapshot) borrow(ctx context.Context) (*sqlite.Conn, error) {
	select {
	case db := <-s.readers:
		db.SetInterrupt(ctx.Done())
		return db, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (s *snapshot) giveBack(db *sqlite.Conn) {
	db.SetInterrupt(nil)
	s.readers <- db
}

// readFacts is what reading needs to know of a table that ReadTable does not say.
type readFacts struct {
	rowid    string          // a name for the row id, quoted, or ""
	alias    string          // the column that is the row id
	nullable map[string]bool // columns without NOT NULL
	collated map[string]bool // columns with a collation of their own
}

// facts looks a table up, once.
func (s *snapshot) facts(db *sqlite.Conn, n schema.Name) (*readFacts, error) {
	s.mu.Lock()
	f := s.tables[n.Name]
	s.mu.Unlock()
	if f != nil {
		return f, nil
	}
	f, _, err := factsOf(db, n)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.tables[n.Name] = f
	s.mu.Unlock()
	return f, nil
}

// factsOf looks a table up, in whatever transaction the connection is.
func factsOf(db *sqlite.Conn, n schema.Name) (*readFacts, *schema.Table, error) {
	d, err := inspectTable(db, n)
	if err != nil {
		return nil, nil, err
	}
	t := d.Table(schema.Name{Name: n.Name})
	if t == nil {
		return nil, nil, fmt.Errorf("there is no table %s", n)
	}
	f := &readFacts{rowid: rowidName(t), alias: rowidAlias(t), nullable: map[string]bool{}, collated: map[string]bool{}}
	for _, c := range t.Columns {
		f.collated[c.Name] = c.Collation != ""
	}
	if t.Options["without_rowid"] == "" {
		rows, err := all(db, `SELECT name FROM pragma_table_xinfo(?) WHERE "notnull" = 0`, n.Name)
		if err != nil {
			return nil, nil, err
		}
		for _, r := range rows {
			f.nullable[r[0]] = r[0] != f.alias
		}
	}
	return f, t, nil
}

// Read streams a chunk. To a writer of the same declarations values go as they are
// stored, to any other as canonical text.
func (s *snapshot) Read(ctx context.Context, t providers.ReadTable, c providers.Chunk, forms []row.Form) (row.Reader, error) {
	db, err := s.borrow(ctx)
	if err != nil {
		return nil, err
	}
	r, err := s.open(ctx, db, t, c, forms)
	if err != nil {
		s.giveBack(db)
		return nil, because(ctx, err)
	}
	return r, nil
}

func (s *snapshot) open(ctx context.Context, db *sqlite.Conn, t providers.ReadTable, c providers.Chunk, forms []row.Form) (*reader, error) {
	facts, err := s.facts(db, t.Name)
	if err != nil {
		return nil, err
	}
	b, err := readBounds(c.Bounds)
	if err != nil {
		return nil, err
	}
	r := &reader{rowReader: rowReader{table: t}, s: s, db: db, ctx: ctx, form: row.FormFields}
	if len(forms) > 0 && forms[0] == formStored(t) {
		r.form = forms[0]
	}
	columns := make([]string, len(t.Columns))
	for i, col := range t.Columns {
		columns[i] = ident(col.Name)
		r.columns = append(r.columns, newReadColumn(col))
	}
	r.keys(facts, &columns)
	if len(columns) == 0 {
		columns = []string{"NULL"}
	}
	where, args := b.where(t.Key, facts)
	r.stmt, _, err = db.PrepareTransient("SELECT " + strings.Join(columns, ", ") + " FROM " + ident(t.Name.Name) + where)
	if err != nil {
		return nil, err
	}
	for i, a := range args {
		a.bind(r.stmt, i+1)
	}
	return r, nil
}

// keys notes how a row is named in errors: by its key's columns, which are added to
// the query where it has them not, else by its row id.
func (r *rowReader) keys(facts *readFacts, columns *[]string) {
	for _, name := range r.table.Key {
		at := -1
		for i, c := range r.table.Columns {
			if c.Name == name {
				at = i
			}
		}
		if at < 0 {
			at = len(*columns)
			*columns = append(*columns, ident(name))
		}
		r.key = append(r.key, keyPart{name, at})
	}
	if len(r.key) == 0 && facts.rowid != "" {
		r.key = append(r.key, keyPart{"rowid", len(*columns)})
		*columns = append(*columns, facts.rowid)
	}
}

// keyPart is a column of the query that names a row.
type keyPart struct {
	name string
	at   int
}

// keyText names the row that the statement stands at.
func keyText(stmt *sqlite.Stmt, key []keyPart) string {
	parts := make([]string, len(key))
	for i, k := range key {
		text := "NULL"
		switch stmt.ColumnType(k.at) {
		case sqlite.TypeNull:
		case sqlite.TypeBlob:
			text = fmt.Sprintf("%x", stmt.ColumnText(k.at))
		case sqlite.TypeInteger:
			text = strconv.FormatInt(stmt.ColumnInt64(k.at), 10)
		default:
			text = strings.ToValidUTF8(stmt.ColumnText(k.at), "\uFFFD")
		}
		parts[i] = k.name + "=" + text
	}
	return strings.Join(parts, ", ")
}
