package mysql

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/ledger"
	"github.com/syncform/syncform/providers/schema"
)

// scratch is the name of the temporary table that Normalize asks with. Nobody else
// sees it, and it ends with the session.
const scratch = ledger.AsidePrefix + "normal"

// tablesPerTrip is how many tables are asked for in one packet.
const tablesPerTrip = 20

// Normalize spells tables as the server would. What the server only repeats is done
// by rule; expressions, and defaults that it rewrites, are asked for by temporary
// tables, which commit nothing and vanish with the session.
func (c *Conn) Normalize(ctx context.Context, tables []schema.Table) ([]schema.Table, error) {
	out := make([]schema.Table, len(tables))
	var ask []*schema.Table
	for i, t := range tables {
		out[i] = c.server.normalize(t)
		if c.server.mustAsk(&out[i]) {
			ask = append(ask, &out[i])
		}
	}
	if len(ask) == 0 {
		return out, nil
	}
	err := c.with(ctx, func(s *session) error {
		for part := range slices.Chunk(ask, tablesPerTrip) {
			if err := c.askNormal(ctx, s, part); err != nil {
				return err
			}
		}
		return nil
	})
	if errors.Is(err, providers.ErrPrivilege) || errors.Is(err, providers.ErrReadOnly) {
		return out, fmt.Errorf("%w: GRANT CREATE TEMPORARY TABLES ON %s.* TO the user: %w", providers.ErrReadOnly, ident(c.database), err)
	}
	return out, err
}

// normalize does what needs no server.
func (s *server) normalize(t schema.Table) schema.Table {
	t.Columns, t.Indexes = slices.Clone(t.Columns), slices.Clone(t.Indexes)
	t.Checks, t.ForeignKeys = slices.Clone(t.Checks), slices.Clone(t.ForeignKeys)
	t.Options = maps.Clone(t.Options)
	set := func(key, value string) {
		if t.Options[key] == "" && value != "" {
			t.Options = with(t.Options, key, value)
		}
	}
	set("engine", "InnoDB")
	switch {
	case t.Options["collation"] != "":
		set("charset", s.charsetOf(t.Options["collation"]))
	case t.Options["charset"] != "":
		set("collation", s.defaults[t.Options["charset"]])
	default:
		set("charset", s.charset)
		set("collation", s.collation)
	}
	for _, u := range t.Uniques {
		t.Indexes = append(t.Indexes, uniqueIndex(u))
	}
	t.Uniques = nil
	if t.PrimaryKey != nil {
		t.PrimaryKey = &schema.Key{Parts: t.PrimaryKey.Parts, Comment: t.PrimaryKey.Comment}
	}
	for i := range t.Columns {
		s.normalizeColumn(&t, &t.Columns[i])
	}
	for i := range t.ForeignKeys {
		f := &t.ForeignKeys[i]
		if f.Name == "" {
			f.Name = fmt.Sprintf("%s_ibfk_%d", t.Name.Name, i+1)
		}
	}
	for _, f := range t.ForeignKeys {
		if !s.indexed(&t, f.Columns) { // the server makes an index by the key's name
			x := schema.Index{Name: f.Name}
			for _, column := range f.Columns {
				x.Parts = append(x.Parts, schema.KeyPart{Column: column})
			}
			t.Indexes = append(t.Indexes, x)
		}
	}
	for i := range t.Checks {
		if t.Checks[i].Name == "" && s.mariadb() {
			t.Checks[i].Name = fmt.Sprintf("CONSTRAINT_%d", i+1)
		} else if t.Checks[i].Name == "" {
			t.Checks[i].Name = fmt.Sprintf("%s_chk_%d", t.Name.Name, i+1)
		}
	}
	for i := range t.Indexes {
		if t.Indexes[i].Method == "btree" {
			t.Indexes[i].Method = ""
		}
	}
	if p := t.Partition; p != nil {
		quoted := *p
		quoted.Definition = quotePartitions(p.Definition)
		t.Partition = &quoted
	}
	slices.SortFunc(t.Indexes, func(a, b schema.Index) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(t.ForeignKeys, func(a, b schema.ForeignKey) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(t.Checks, func(a, b schema.Check) int { return strings.Compare(a.Name, b.Name) })
	return t
}

func (s *server) normalizeColumn(t *schema.Table, c *schema.Column) {
	if tokens := newTokens(c.Type.Native); c.Type.Native != "" {
		if ty := s.readType(tokens); tokens.err == nil && tokens.end() {
			ty.Name, ty.Domain = c.Type.Name, c.Type.Domain
			c.Type = ty
		}
	}
	if t.PrimaryKey != nil && slices.ContainsFunc(t.PrimaryKey.Parts, func(p schema.KeyPart) bool { return p.Column == c.Name }) {
		c.Nullable = false
	}
	switch {
	case !c.Type.IsText():
		c.Charset, c.Collation = "", ""
	case c.Collation == "" && c.Charset != "":
		c.Collation = s.defaults[c.Charset]
	case c.Collation == "":
		c.Charset, c.Collation = t.Options["charset"], t.Options["collation"]
	case c.Charset == "":
		c.Charset = s.charsetOf(c.Collation)
	}
	if d := c.Default; d != nil && d.Literal {
		literal := *d
		literal.Text = canonicalDefault(c.Type, nativeDefault(c.Type, d.Text))
		c.Default = &literal
	}
}

// mustAsk reports whether the table holds anything that the server may spell in its
// own way. What system versioning adds, and a sequence that may not be there yet,
// can't be tried out.
func (s *server) mustAsk(t *schema.Table) bool {
	ask := len(t.Checks) > 0
	for _, c := range t.Columns {
		if c.Generated != nil {
			if strings.HasPrefix(c.Generated.Expr, "ROW ") {
				return false
			}
			ask = true
		}
		if c.OnUpdate != "" {
			ask = true
		}
		if c.Default == nil {
			continue
		}
		if !c.Default.Literal {
			if strings.Contains(strings.ToLower(c.Default.Text), "nextval") {
				return false
			}
			ask = true
		}
		switch c.Type.Kind {
		case schema.Decimal, schema.Float, schema.Date, schema.Time, schema.Timestamp, schema.TimestampTZ, schema.UUID, schema.Other, schema.Set:
			ask = true
		}
	}
	for _, x := range t.Indexes {
		for _, p := range x.Parts {
			ask = ask || p.Expr != ""
		}
	}
	return ask
}

// askNormal makes each table as a temporary one, reads it back and takes over what
// the server wrote.
func (c *Conn) askNormal(ctx context.Context, s *session, tables []*schema.Table) error {
	var statements []string
	for _, t := range tables {
		statements = append(statements, c.server.lenient(t)+c.server.scratchDDL(t), "SHOW CREATE TABLE "+ident(scratch), "DROP TEMPORARY TABLE "+ident(scratch))
	}
	read := 0
	err := s.each(ctx, strings.Join(statements, ";\n"), func(r []string) error {
		t := tables[read]
		read++
		normal, doubtful, err := c.server.readCreate(r[1], c.database)
		if err != nil {
			return err
		}
		adopt(t, &normal, doubtful)
		return nil
	})
	if err != nil && read < len(tables) {
		return fmt.Errorf("table %s as it is wanted: %w", tables[read].Name, err)
	}
	return err
}

// scratchDDL writes the table with all that the server may spell anew and nothing
// that a temporary table can't have. Its checks go by numbers: in MySQL their names
// are the whole database's.
func (s *server) scratchDDL(t *schema.Table) string {
	try := schema.Table{Name: schema.Name{Name: scratch}, Columns: t.Columns, PrimaryKey: t.PrimaryKey}
	try.Options = map[string]string{"engine": "InnoDB", "charset": t.Options["charset"], "collation": t.Options["collation"]}
	for i, k := range t.Checks {
		if !s.inlineCheck(t, k) {
			k.Name = checkNumber(i)
		}
		try.Checks = append(try.Checks, k)
	}
	var indexes []string
	for _, x := range t.Indexes {
		if slices.ContainsFunc(x.Parts, func(p schema.KeyPart) bool { return p.Expr != "" }) {
			indexes = append(indexes, s.indexDDL(x))
		}
	}
	return s.createDDL(&try, true, indexes...)
}

func checkNumber(i int) string { return fmt.Sprintf("%s_%d", scratch, i) }

// adopt takes the server's spelling into t.
func adopt(t, normal *schema.Table, doubtful []string) {
	for i := range t.Columns {
		c := &t.Columns[i]
		n := normal.Column(c.Name)
		if n == nil {
			continue
		}
		literal := c.Default
		c.Type, c.Default, c.Generated, c.OnUpdate = n.Type, n.Default, n.Generated, n.OnUpdate
		c.Charset, c.Collation = n.Charset, n.Collation
		if slices.Contains(doubtful, c.Name) {
			c.Default = literal
		}
	}
	for i := range t.Checks {
		for _, n := range normal.Checks {
			if n.Name == checkNumber(i) || n.Name == t.Checks[i].Name {
				t.Checks[i].Expr, t.Checks[i].NotEnforced = n.Expr, n.NotEnforced
			}
		}
	}
	for i := range t.Indexes {
		for _, n := range normal.Indexes {
			if n.Name == t.Indexes[i].Name {
				t.Indexes[i].Parts = n.Parts
			}
		}
	}
}
