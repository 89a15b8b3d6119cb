package sqlite

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"zombiezen.com/go/sqlite"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/ledger"
	"github.com/syncform/syncform/providers/schema"
)

// Inspect reads the catalogue with a fixed number of statements, all of one moment.
func (c *Conn) Inspect(ctx context.Context, o providers.InspectOptions) (*schema.Database, error) {
	db, err := c.get(ctx)
	if err != nil {
		return nil, err
	}
	defer c.put(db)
	d, err := inspectFile(db, o)
	if err != nil {
		return nil, fmt.Errorf("inspect: %w", because(ctx, err))
	}
	d.Identity, d.Name = c.path, filepath.Base(c.path)
	return d, nil
}

func inspectFile(db *sqlite.Conn, o providers.InspectOptions) (d *schema.Database, err error) {
	end, err := beginRead(db)
	if err != nil {
		return nil, err
	}
	defer func() { end(&err) }()
	in := &inspection{db: db, objects: map[string]*object{}, parsed: map[string]*parsedTable{}}
	if o.Tables != nil {
		in.wanted = map[string]bool{}
		for _, n := range o.Tables {
			in.wanted[n.Name] = n.Schema == ""
		}
	}
	d = &schema.Database{System: schema.SQLite}
	facts, err := one(db, "SELECT sqlite_version()")
	if err != nil {
		return nil, err
	}
	d.Version = facts[0]
	if d.Charset, err = pragma(db, "encoding"); err != nil {
		return nil, err
	}
	d.VersionNum = versionNum(d.Version)
	if err := in.readObjects(); err != nil {
		return nil, err
	}
	if err := in.readTables(d); err != nil {
		return nil, err
	}
	if err := in.readIndexes(d); err != nil {
		return nil, err
	}
	in.others(d)
	if !o.NoEstimates {
		if err := in.estimate(d); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// inspectTable reads one table, in whatever transaction the connection is. What it
// refers to is not looked at: columns that a foreign key leaves out are not filled in.
func inspectTable(db *sqlite.Conn, n schema.Name) (*schema.Database, error) {
	in := &inspection{db: db, objects: map[string]*object{}, parsed: map[string]*parsedTable{}, wanted: map[string]bool{n.Name: true}}
	d := &schema.Database{System: schema.SQLite}
	for _, read := range []func() error{func() error { return in.readObjects(n.Name) }, func() error { return in.readTables(d) }, func() error { return in.readIndexes(d) }} {
		if err := read(); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// beginRead makes what follows see one moment; end gives that up again.
func beginRead(db *sqlite.Conn) (end func(*error), err error) {
	if err := execute(db, "BEGIN"); err != nil {
		return nil, err
	}
	return func(err *error) {
		if cerr := execute(db, "COMMIT"); cerr != nil && *err == nil {
			*err = cerr
		}
	}, nil
}

func versionNum(v string) int {
	n := 0
	for _, part := range strings.SplitN(v+".0.0", ".", 4)[:3] {
		p, err := strconv.Atoi(part)
		if err != nil {
			return 0
		}
		n = n*100 + p
	}
	return n
}

// object is a row of sqlite_schema.
type object struct {
	kind, name, table, sql string
	class                  string // of a table: table, virtual, shadow
	withoutRowid, strict   bool
}

type inspection struct {
	db      *sqlite.Conn
	wanted  map[string]bool // nil: all
	list    []*object
	objects map[string]*object      // by lower-case name: SQLite does not tell names by case
	parsed  map[string]*parsedTable // by lower-case name
}

// readObjects reads what there is: all of it, or with a table's name only what belongs
// to that.
func (in *inspection) readObjects(table ...any) error {
	const query = "SELECT type, name, tbl_name, sql FROM sqlite_schema"
	condition, arg := "", ""
	if len(table) > 0 {
		condition, arg = " WHERE tbl_name = ?", "(?)"
	}
	rows, err := all(in.db, query+condition+" ORDER BY type, name", table...)
	if err != nil {
		return err
	}
	for _, r := range rows {
		o := &object{kind: r[0], name: r[1], table: r[2], sql: r[3]}
		in.list = append(in.list, o)
		in.objects[lower(o.name)] = o
	}
	rows, err = all(in.db, "SELECT name, type, wr, strict FROM pragma_table_list"+arg+" WHERE schema = 'main'", table...)
	if err != nil {
		return err
	}
	for _, r := range rows {
		if o := in.objects[lower(r[0])]; o != nil {
			o.class, o.withoutRowid, o.strict = r[1], r[2] == "1", r[3] == "1"
		}
	}
	for _, o := range in.list { // the tables of a full-text index whose module is not built in
		if o.class != "virtual" {
			continue
		}
		for _, suffix := range []string{"content", "segments", "segdir", "docsize", "stat"} {
			if s := in.objects[lower(o.name)+"_"+suffix]; s != nil && s.class == "table" && strings.Contains(lower(o.sql), "using fts") {
				s.class = "shadow"
			}
		}
	}
	return nil
}

// lower folds ASCII letters as SQLite does for names.
func lower(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

func internal(name string) bool { return strings.HasPrefix(lower(name), "sqlite_") }

// want reports whether an object is a table that was asked for.
func (in *inspection) want(o *object) bool {
	if o == nil || o.kind != "table" || o.class != "table" || internal(o.name) {
		return false
	}
	if in.wanted != nil {
		return in.wanted[o.name]
	}
	return !ledger.IsOurs(o.name)
}

// parse reads a table's text, once.
func (in *inspection) parse(o *object) (*parsedTable, error) {
	key := lower(o.name)
	if p := in.parsed[key]; p != nil {
		return p, nil
	}
	p, err := parseTable(o.sql)
	if err != nil {
		return nil, fmt.Errorf("read the definition of table %s: %w", o.name, err)
	}
	in.parsed[key] = p
	return p, nil
}

// names gives the wanted tables as a JSON array, for the pragmas to go through.
func (in *inspection) names() (string, error) {
	names := []string{}
	for _, o := range in.list {
		if in.want(o) {
			names = append(names, o.name)
		}
	}
	b, err := json.Marshal(names)
	return string(b), err
}

func (in *inspection) readTables(d *schema.Database) error {
	names, err := in.names()
	if err != nil {
		return err
	}
	rows, err := all(in.db, `SELECT s.value, x.name, x.type, x."notnull", x.dflt_value, x.pk, x.hidden FROM json_each(?) s, pragma_table_xinfo(s.value) x ORDER BY s.key, x.cid`, names)
	if err != nil {
		return err
	}
	for len(rows) > 0 {
		n := 1
		for n < len(rows) && rows[n][0] == rows[0][0] {
			n++
		}
		t, err := in.table(in.objects[lower(rows[0][0])], rows[:n])
		if err != nil {
			return err
		}
		d.Tables = append(d.Tables, *t)
		rows = rows[n:]
	}
	slices.SortFunc(d.Tables, func(a, b schema.Table) int { return a.Name.Compare(b.Name) })
	return nil
}

// table puts together what the pragma says of columns and the text of all else.
func (in *inspection) table(o *object, columns [][]string) (*schema.Table, error) {
	p, err := in.parse(o)
	if err != nil {
		return nil, err
	}
	if len(p.columns) != len(columns) {
		return nil, fmt.Errorf("table %s: its definition has %d columns and the pragma %d", o.name, len(p.columns), len(columns))
	}
	t := &schema.Table{Name: schema.Name{Name: o.name}, Rows: -1, Bytes: -1, Options: map[string]string{}}
	if o.strict {
		t.Options["strict"] = "true"
	}
	if o.withoutRowid {
		t.Options["without_rowid"] = "true"
	}
	for i, r := range columns {
		t.Columns = append(t.Columns, in.column(o, p, p.columns[i], r))
		if c := p.columns[i].conflict; c != "" {
			t.Options["on_conflict not null "+r[1]] = c
		}
	}
	resolve := resolver(t.Columns)
	if k := p.primary; k != nil {
		t.PrimaryKey = &schema.Key{Name: k.name, Parts: resolveParts(k.parts, resolve)}
		if len(k.parts) == 1 && !k.inline {
			t.PrimaryKey.Parts[0].Desc = false // has a meaning only beside its column (rowidAlias)
		}
		if k.conflict != "" {
			t.Options["on_conflict primary key"] = k.conflict
		}
		if p.auto {
			t.Column(t.PrimaryKey.Parts[0].Column).Identity = &schema.Identity{}
		}
	}
	for _, u := range p.uniques {
		k := schema.Key{Name: u.name, Parts: resolveParts(u.parts, resolve)}
		if t.PrimaryKey != nil && rowidAlias(t) == "" && slices.Equal(k.Columns(), t.PrimaryKey.Columns()) || slices.ContainsFunc(t.Uniques, func(o schema.Key) bool { return slices.Equal(o.Parts, k.Parts) }) {
			continue // SQLite makes one index of the two
		}
		if k.Name == "" || slices.ContainsFunc(t.Uniques, func(o schema.Key) bool { return o.Name == k.Name }) {
			k.Name = constraintName(t, k.Columns())
		}
		if u.conflict != "" {
			t.Options["on_conflict unique "+k.Name] = u.conflict
		}
		t.Uniques = append(t.Uniques, k)
	}
	slices.SortFunc(t.Uniques, func(a, b schema.Key) int { return cmp.Compare(a.Name, b.Name) })
	for _, k := range p.checks {
		if col, _, ok := labelCheck(k.Expr); ok && t.Column(resolve(col)) != nil && t.Column(resolve(col)).Type.Kind == schema.EnumKind {
			continue // part of the column's type
		}
		t.Checks = append(t.Checks, k)
	}
	slices.SortStableFunc(t.Checks, func(a, b schema.Check) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Expr, b.Expr)) })
	if err := in.foreignKeys(t, p, resolve); err != nil {
		return nil, err
	}
	if len(t.Options) == 0 {
		t.Options = nil
	}
	return t, nil
}

// column reads one column: r is name, type, notnull, dflt_value, pk, hidden behind the
// table's name.
func (in *inspection) column(o *object, p *parsedTable, pc parsedColumn, r []string) schema.Column {
	var labels []string
	for _, k := range p.checks {
		if col, l, ok := labelCheck(k.Expr); ok && lower(col) == lower(r[1]) {
			labels = l
		}
	}
	col := schema.Column{Name: r[1], Nullable: r[3] != "1" && r[5] == "0"}
	col.Type = typeOf(r[2], pc.note, labels, o.strict)
	if strings.ToUpper(pc.collation) != "BINARY" {
		col.Collation = pc.collation
	}
	if r[6] == "2" || r[6] == "3" {
		col.Generated = &schema.Generated{Expr: pc.generated, Stored: r[6] == "3"}
	} else {
		col.Default = readDefault(r[4], col.Type)
	}
	return col
}

// labelCheck reads "column" IN ('a','b'), which goes with ENUM_TEXT.
func labelCheck(expr string) (column string, labels []string, ok bool) {
	toks := tokenize(expr)
	if len(toks) < 5 || toks[0].kind != tokenName && toks[0].kind != tokenWord || !toks[1].is("IN") || toks[2].text != "(" || toks[len(toks)-1].text != ")" {
		return "", nil, false
	}
	for i, t := range toks[3 : len(toks)-1] {
		if (i%2 == 0) != (t.kind == tokenString) || i%2 == 1 && t.text != "," {
			return "", nil, false
		}
		if i%2 == 0 {
			labels = append(labels, t.name())
		}
	}
	return toks[0].name(), labels, len(toks)%2 == 1
}

// resolver gives a column's name as it was declared for one written in another case.
func resolver(columns []schema.Column) func(string) string {
	names := make(map[string]string, len(columns))
	for _, c := range columns {
		names[lower(c.Name)] = c.Name
	}
	return func(name string) string {
		if n, ok := names[lower(name)]; ok {
			return n
		}
		return name
	}
}

func resolveParts(parts []schema.KeyPart, resolve func(string) string) []schema.KeyPart {
	out := slices.Clone(parts)
	for i := range out {
		out[i].Column = resolve(out[i].Column)
	}
	return out
}

// constraintName names a unique constraint that has no name of its own, or that of
// another one.
func constraintName(t *schema.Table, columns []string) string {
	base := t.Name.Name + "_" + strings.Join(columns, "_") + "_key"
	name := base
	for i := 1; slices.ContainsFunc(t.Uniques, func(o schema.Key) bool { return o.Name == name }); i++ {
		name = base + strconv.Itoa(i)
	}
	return name
}

// foreignKeys resolves what is left out: columns that are the referenced table's
// primary key.
func (in *inspection) foreignKeys(t *schema.Table, p *parsedTable, resolve func(string) string) error {
	for _, k := range p.foreign {
		k.Columns = slices.Clone(k.Columns)
		for i := range k.Columns {
			k.Columns[i] = resolve(k.Columns[i])
		}
		ref := in.objects[lower(k.RefTable.Name)]
		if ref != nil && ref.kind == "table" && ref.class == "table" {
			k.RefTable.Name = ref.name
			parent, err := in.parse(ref)
			if err != nil {
				return err
			}
			if len(k.RefColumns) == 0 && parent.primary != nil && len(parent.primary.parts) == len(k.Columns) {
				for _, part := range parent.primary.parts {
					k.RefColumns = append(k.RefColumns, part.Column)
				}
			}
			k.RefColumns = slices.Clone(k.RefColumns)
			for i, name := range k.RefColumns {
				for _, c := range parent.columns {
					if lower(c.name) == lower(name) {
						k.RefColumns[i] = c.name
					}
				}
			}
		}
		t.ForeignKeys = append(t.ForeignKeys, k)
	}
	slices.SortStableFunc(t.ForeignKeys, func(a, b schema.ForeignKey) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), slices.Compare(a.Columns, b.Columns), a.RefTable.Compare(b.RefTable))
	})
	return nil
}
