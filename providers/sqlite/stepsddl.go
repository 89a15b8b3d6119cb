package sqlite

import (
	"slices"
	"strings"

	"github.com/syncform/syncform/providers/schema"
)

// tableSQL writes CREATE TABLE for t under the given name, with its constraints.
func tableSQL(t *schema.Table, name string) string {
	var lines []string
	inline := inlineKey(t)
	for i := range t.Columns {
		c := &t.Columns[i]
		lines = append(lines, columnSQL(t, c, c.Name == inline))
	}
	if k := t.PrimaryKey; k != nil && inline == "" {
		lines = append(lines, constraint(k.Name)+"PRIMARY KEY ("+keyParts(k.Parts)+")"+conflict(t, "primary key"))
	}
	for i := range t.Uniques {
		k := &t.Uniques[i]
		lines = append(lines, constraint(k.Name)+"UNIQUE ("+keyParts(k.Parts)+")"+conflict(t, "unique "+k.Name))
	}
	for _, k := range t.Checks {
		lines = append(lines, constraint(k.Name)+"CHECK ("+k.Expr+")")
	}
	for i := range t.ForeignKeys {
		lines = append(lines, foreignKeySQL(&t.ForeignKeys[i]))
	}
	var options []string
	if t.Options["without_rowid"] != "" {
		options = append(options, "WITHOUT ROWID")
	}
	if t.Options["strict"] != "" {
		options = append(options, "STRICT")
	}
	sql := "CREATE TABLE " + ident(name) + " (\n  " + strings.Join(lines, ",\n  ") + "\n)"
	if len(options) > 0 {
		sql += " " + strings.Join(options, ", ")
	}
	return sql
}

// inlineKey gives the column that the primary key must stand beside: a row id.
func inlineKey(t *schema.Table) string {
	k := t.PrimaryKey
	if k == nil || len(k.Parts) != 1 {
		return ""
	}
	c := t.Column(k.Parts[0].Column)
	if c == nil || !isRowidName(c.Type.Native) || c.Generated != nil {
		return ""
	}
	return c.Name
}

// columnSQL writes one column; key says that the primary key stands with it.
func columnSQL(t *schema.Table, c *schema.Column, key bool) string {
	sql := ident(c.Name)
	if c.Type.Native != untyped {
		sql += " " + c.Type.Native
	}
	if !c.Nullable {
		sql += " NOT NULL" + conflict(t, "not null "+c.Name)
	}
	if key {
		k := t.PrimaryKey
		sql += " " + constraint(k.Name) + "PRIMARY KEY"
		if k.Parts[0].Desc {
			sql += " DESC"
		}
		sql += conflict(t, "primary key")
		if c.Identity != nil {
			sql += " AUTOINCREMENT"
		}
	}
	if c.Collation != "" {
		sql += " COLLATE " + ident(c.Collation)
	}
	if c.Default != nil {
		sql += " DEFAULT " + writeDefault(c.Default, c.Type)
	}
	if g := c.Generated; g != nil {
		sql += " GENERATED ALWAYS AS (" + g.Expr + ")"
		if g.Stored {
			sql += " STORED"
		} else {
			sql += " VIRTUAL"
		}
	}
	if c.Type.Kind == schema.EnumKind && len(c.Type.Values) > 0 {
		sql += " CHECK (" + ident(c.Name) + " IN (" + quoteLabels(c.Type.Values) + "))"
	}
	return sql
}

func constraint(name string) string {
	if name == "" {
		return ""
	}
	return "CONSTRAINT " + ident(name) + " "
}

// conflict writes the ON CONFLICT clause of one constraint, where inspection saw one.
func conflict(t *schema.Table, of string) string {
	if how := t.Options["on_conflict "+of]; how != "" {
		return " ON CONFLICT " + how
	}
	return ""
}

func keyParts(parts []schema.KeyPart) string {
	list := make([]string, len(parts))
	for i, p := range parts {
		if p.Expr != "" {
			list[i] = p.Expr
		} else {
			list[i] = ident(p.Column)
		}
		if p.Collation != "" {
			list[i] += " COLLATE " + ident(p.Collation)
		}
		if p.Desc {
			list[i] += " DESC"
		}
	}
	return strings.Join(list, ", ")
}

func foreignKeySQL(k *schema.ForeignKey) string {
	sql := constraint(k.Name) + "FOREIGN KEY (" + idents(k.Columns) + ") REFERENCES " + ident(k.RefTable.Name)
	if len(k.RefColumns) > 0 {
		sql += " (" + idents(k.RefColumns) + ")"
	}
	if k.OnDelete != "" {
		sql += " ON DELETE " + k.OnDelete
	}
	if k.OnUpdate != "" {
		sql += " ON UPDATE " + k.OnUpdate
	}
	if k.Deferrable {
		sql += " DEFERRABLE INITIALLY "
		if k.Deferred {
			sql += "DEFERRED"
		} else {
			sql += "IMMEDIATE"
		}
	}
	return sql
}

func indexSQL(table string, x *schema.Index) string {
	sql := "CREATE "
	if x.Unique {
		sql += "UNIQUE "
	}
	sql += "INDEX " + ident(x.Name) + " ON " + ident(table) + " (" + keyParts(x.Parts) + ")"
	if x.Where != "" {
		sql += " WHERE " + x.Where
	}
	return sql
}

// sameForeignKey reports whether two keys are one.
func sameForeignKey(a, b schema.ForeignKey) bool {
	return lower(a.RefTable.Name) == lower(b.RefTable.Name) && slices.Equal(a.Columns, b.Columns) && slices.Equal(a.RefColumns, b.RefColumns) &&
		a.OnDelete == b.OnDelete && a.OnUpdate == b.OnUpdate && a.Deferrable == b.Deferrable && a.Deferred == b.Deferred
}
