package postgres

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// Translate returns a table of another system as PostgreSQL would declare it. One of
// PostgreSQL itself is kept whole, but for what this server's version lacks.
func (c *Conn) Translate(from *schema.Database, t schema.Table) (schema.Table, []providers.Note) {
	tr := &translation{from: from, source: t, version: c.version}
	if from.System == schema.PostgreSQL {
		return tr.withinPostgres(t), tr.notes
	}
	return tr.table(), tr.notes
}

// translation is one table on its way.
type translation struct {
	from    *schema.Database
	source  schema.Table
	version int
	notes   []providers.Note
}

func (tr *translation) note(object, text string, args ...any) {
	tr.notes = append(tr.notes, providers.Note{Table: tr.source.Name, Object: object, Text: fmt.Sprintf(text, args...)})
}

func (tr *translation) refuse(object, text string, args ...any) {
	tr.note(object, text, args...)
	tr.notes[len(tr.notes)-1].Refused = true
}

func columnObject(name string) string { return fmt.Sprintf("column %q", name) }

// withinPostgres keeps all that this server's version has.
func (tr *translation) withinPostgres(t schema.Table) schema.Table {
	t.Columns = slices.Clone(t.Columns)
	for i := range t.Columns {
		c := &t.Columns[i]
		if c.Generated != nil && !c.Generated.Stored && tr.version < 180000 {
			g := *c.Generated
			g.Stored = true
			c.Generated = &g
			tr.note(columnObject(c.Name), "virtual generated columns need PostgreSQL 18; the column is stored here")
		}
		if c.Type.Kind == schema.Decimal && (c.Type.Scale < 0 || c.Type.Scale > c.Type.Precision) && c.Type.Precision > 0 && tr.version < 150000 {
			tr.refuse(columnObject(c.Name), "the type %s needs PostgreSQL 15: give the column another type", c.Type)
		}
	}
	if tr.version < 150000 {
		tr.before15(&t)
	}
	if tr.version < 180000 {
		tr.before18(&t)
		t.Checks = slices.DeleteFunc(slices.Clone(t.Checks), func(k schema.Check) bool {
			if k.NotEnforced {
				tr.note(fmt.Sprintf("check %q", k.Name), "checks that are not enforced need PostgreSQL 18; it is left out")
			}
			return k.NotEnforced
		})
	}
	t.Indexes = slices.DeleteFunc(slices.Clone(t.Indexes), func(x schema.Index) bool {
		if x.Invalid {
			tr.note(fmt.Sprintf("index %q", x.Name), "the index is not valid at the source (a CREATE INDEX CONCURRENTLY that failed); it is left out")
		}
		return x.Invalid
	})
	for i := range t.Indexes {
		t.Indexes[i].Options = tr.withoutTablespace(t.Indexes[i].Options)
	}
	if len(t.Options) > 0 {
		t.Options = tr.withoutTablespace(t.Options)
	}
	return t
}

// withoutTablespace: tablespaces are places on the source's machine.
func (tr *translation) withoutTablespace(options map[string]string) map[string]string {
	if options["tablespace"] == "" {
		return options
	}
	tr.note("", "tablespace %q is the source's own; the default one is used here", options["tablespace"])
	kept := map[string]string{}
	for k, v := range options {
		if k != "tablespace" {
			kept[k] = v
		}
	}
	if len(kept) == 0 {
		return nil
	}
	return kept
}

// before18 leaves out what came with PostgreSQL 18.
func (tr *translation) before18(t *schema.Table) {
	for i := range t.Columns {
		if c := &t.Columns[i]; c.Options["not_null"] != "" {
			c.Options = maps.Clone(c.Options)
			delete(c.Options, "not_null")
			tr.note(columnObject(c.Name), "NOT NULL that is not valid needs PostgreSQL 18; it is left out")
		}
	}
	for _, k := range t.Uniques {
		if k.WithoutOverlaps {
			tr.note(fmt.Sprintf("unique %q", k.Name), "WITHOUT OVERLAPS needs PostgreSQL 18; the key is left out")
		}
	}
	t.Uniques = slices.DeleteFunc(slices.Clone(t.Uniques), func(k schema.Key) bool { return k.WithoutOverlaps })
	if t.PrimaryKey != nil && t.PrimaryKey.WithoutOverlaps {
		tr.note("", "WITHOUT OVERLAPS needs PostgreSQL 18; the primary key is left out")
		t.PrimaryKey = nil
	}
	t.ForeignKeys = slices.DeleteFunc(slices.Clone(t.ForeignKeys), func(k schema.ForeignKey) bool {
		if k.Period || k.NotEnforced {
			tr.note(fmt.Sprintf("foreign key %q", k.Name), "foreign keys over periods, and those that are not enforced, need PostgreSQL 18; it is left out")
		}
		return k.Period || k.NotEnforced
	})
}

// before15 leaves out what came with PostgreSQL 15.
func (tr *translation) before15(t *schema.Table) {
	t.Uniques, t.Indexes, t.ForeignKeys = slices.Clone(t.Uniques), slices.Clone(t.Indexes), slices.Clone(t.ForeignKeys)
	const nulls = "NULLS NOT DISTINCT needs PostgreSQL 15; NULLs are distinct here"
	for i := range t.Uniques {
		if t.Uniques[i].NullsNotDistinct {
			t.Uniques[i].NullsNotDistinct = false
			tr.note(fmt.Sprintf("unique %q", t.Uniques[i].Name), nulls)
		}
	}
	for i := range t.Indexes {
		if t.Indexes[i].NullsNotDistinct {
			t.Indexes[i].NullsNotDistinct = false
			tr.note(fmt.Sprintf("index %q", t.Indexes[i].Name), nulls)
		}
	}
	for i := range t.ForeignKeys {
		if len(t.ForeignKeys[i].SetColumns) > 0 {
			t.ForeignKeys[i].SetColumns = nil
			t.ForeignKeys[i].OnDelete = ""
			tr.note(fmt.Sprintf("foreign key %q", t.ForeignKeys[i].Name), "ON DELETE SET with a list of columns needs PostgreSQL 15; a delete is refused here instead")
		}
	}
}

// table translates a table of another system.
func (tr *translation) table() schema.Table {
	s := tr.source
	t := schema.Table{Name: tr.name(s.Name), Comment: s.Comment, Rows: s.Rows, Bytes: s.Bytes}
	for _, c := range s.Columns {
		t.Columns = append(t.Columns, tr.column(c))
	}
	tr.enumChecks(&t)
	tr.checks(&t)
	tr.keys(&t)
	tr.indexes(&t)
	tr.foreignKeys(&t)
	if s.Partition != nil {
		tr.note("", "its partitions have no counterpart here; the rows are in one table")
	}
	slices.SortFunc(t.Checks, func(a, b schema.Check) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(t.Uniques, func(a, b schema.Key) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(t.Indexes, func(a, b schema.Index) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(t.ForeignKeys, func(a, b schema.ForeignKey) int { return strings.Compare(a.Name, b.Name) })
	return t
}

func (tr *translation) name(n schema.Name) schema.Name {
	short := fit(n.Name)
	if short != n.Name {
		tr.note("", "the name has more than PostgreSQL's 63 bytes; it becomes %q", short)
	}
	n.Name = short
	return n
}

// columnNames gives columns' names here, which keys and indexes use too.
func columnNames(names []string) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = fit(n)
	}
	return out
}

func (tr *translation) column(s schema.Column) schema.Column {
	c := schema.Column{Name: fit(s.Name), Nullable: s.Nullable, Comment: s.Comment}
	object := columnObject(s.Name)
	if c.Name != s.Name {
		tr.note(object, "the name has more than PostgreSQL's 63 bytes; it becomes %q", c.Name)
	}
	var err error
	if c.Type, err = tr.columnType(s); err != nil {
		tr.refuse(object, "%v", err)
		return c
	}
	switch {
	case s.Identity != nil:
		c.Identity = &schema.Identity{Always: s.Identity.Always}
		c.Nullable = false
	case s.Generated != nil:
		tr.generated(s, &c)
	case s.Default != nil:
		c.Default = tr.defaultOf(s, c.Type)
	}
	if s.OnUpdate != "" {
		tr.note(object, "ON UPDATE %s has no counterpart here: writers set the column themselves, or a trigger does", s.OnUpdate)
	}
	return c
}

// generated keeps a computed column where its expression can be said here; else its
// values are copied into a plain one.
func (tr *translation) generated(s schema.Column, c *schema.Column) {
	if expr, ok := tr.expression(s.Generated.Expr, c.Type.Kind); ok {
		c.Generated = &schema.Generated{Expr: expr, Stored: true}
		return
	}
	tr.note(columnObject(s.Name), "the source computes it (%s), in words that PostgreSQL may read otherwise: here it is a plain column that holds the values", s.Generated.Expr)
}

// enumChecks keeps an enum's labels as a check, in the server's own spelling.
func (tr *translation) enumChecks(t *schema.Table) {
	for i, s := range tr.source.Columns {
		if s.Type.Kind != schema.EnumKind || len(s.Type.Values) == 0 || i >= len(t.Columns) || t.Columns[i].Type.Kind != schema.Varchar {
			continue
		}
		labels := make([]string, len(s.Type.Values))
		for j, l := range s.Type.Values {
			labels[j] = "(" + literal(l) + varcharCast + ")::text"
		}
		col := quoteIfNeeded(t.Columns[i].Name)
		expr := "((" + col + ")::text = ANY (ARRAY[" + strings.Join(labels, ", ") + "]))"
		if len(labels) == 1 {
			expr = "((" + col + ")::text = " + literal(s.Type.Values[0]) + "::text)"
		}
		t.Checks = append(t.Checks, schema.Check{Name: checkName(t, t.Columns[i].Name), Expr: expr})
	}
}

// checkName makes a name as the server would.
func checkName(t *schema.Table, column string) string {
	for i := 0; ; i++ {
		label := "check"
		if i > 0 {
			label += fmt.Sprint(i)
		}
		name := objectName(t.Name.Name, column, label)
		if !slices.ContainsFunc(t.Checks, func(k schema.Check) bool { return k.Name == name }) {
			return name
		}
	}
}

func (tr *translation) checks(t *schema.Table) {
	for _, k := range tr.source.Checks {
		if k.NotEnforced {
			continue
		}
		object := fmt.Sprintf("check %q", k.Name)
		expr, ok := tr.expression(k.Expr, schema.Bool)
		if !ok {
			tr.note(object, "its expression (%s) is in words that PostgreSQL may read otherwise; it is left out", k.Expr)
			continue
		}
		name := fit(k.Name)
		if name == "" {
			name = checkName(t, "")
		}
		t.Checks = append(t.Checks, schema.Check{Name: name, Expr: expr, Comment: k.Comment})
	}
}
