package mysql

import (
	"fmt"
	"slices"
	"strings"

	"github.com/syncform/syncform/providers/ledger"
	"github.com/syncform/syncform/providers/schema"
)

// retypeHindered says why a new column can't take the old one's place.
func (p *stepPlan) retypeHindered(t *schema.Table, c schema.ModifyColumn) string {
	name := c.To.Name
	versioned := slices.ContainsFunc(t.Columns, func(o schema.Column) bool { return o.Generated != nil && strings.HasPrefix(o.Generated.Expr, "ROW ") })
	for key := range t.Options {
		versioned = versioned || key == "system_versioning" || strings.HasPrefix(key, "period ")
	}
	switch e := t.Options["engine"]; {
	case !p.server.mariadb() && p.server.num < 80023:
		return "this server has no invisible columns (MySQL 8.0.23 has)"
	case e != "" && !strings.EqualFold(e, "InnoDB"):
		return "the table's engine is " + e
	case versioned:
		return "the table keeps its history, to which every row would be added"
	case c.From.Identity != nil || c.To.Identity != nil:
		return "it numbers the rows"
	case c.From.OnUpdate != "" || c.To.OnUpdate != "":
		return "the server sets it on every update"
	case t.Partition != nil && mentions(t.Partition.Definition, name):
		return "the table is partitioned by it"
	}
	for _, typ := range []schema.Type{c.From.Type, c.To.Type} {
		if typ.Kind == schema.Geometry || typ.Kind == schema.Other || typ.Kind == schema.JSON && p.server.mariadb() {
			return "the type is " + typ.Native
		}
	}
	if why := keyHinders(t, name); why != "" {
		return why
	}
	if why := p.objectsHinder(t, c); why != "" {
		return why
	}
	for _, o := range p.db.Others {
		if o.Kind == "trigger" && o.On.Name == t.Name.Name && strings.Contains(o.Definition, "UPDATE") && !ledger.IsRetyped(o.Name.Name) {
			return fmt.Sprintf("trigger %q would fire for every row that is there", o.Name.Name)
		}
	}
	const most = 65535
	total := rowBytes(declared{Type: c.To.Type, charset: c.To.Charset})
	for _, o := range t.Columns {
		total += rowBytes(declared{Type: o.Type, charset: o.Charset})
	}
	if total > most {
		return "a row has no room for both"
	}
	return ""
}

// keyHinders says why the rows can't be gone through by the primary key.
func keyHinders(t *schema.Table, column string) string {
	if t.PrimaryKey == nil {
		return "the table has no primary key"
	}
	for _, k := range t.PrimaryKey.Parts {
		part := t.Column(k.Column)
		switch {
		case k.Column == column:
			return "it is part of the primary key"
		case part == nil || k.Prefix > 0:
			return "the primary key holds only the beginning of a column"
		}
		switch part.Type.Kind {
		case schema.EnumKind, schema.Set, schema.Float, schema.Bit, schema.JSON, schema.Geometry, schema.Other:
			return fmt.Sprintf("the primary key has a column of type %s, by which rows can't be gone through", part.Type.Native)
		}
	}
	return ""
}

// objectsHinder names what is on the column and can't be made on another one beforehand.
func (p *stepPlan) objectsHinder(t *schema.Table, c schema.ModifyColumn) string {
	name := c.To.Name
	for _, o := range t.Columns {
		switch {
		case o.Generated != nil && mentions(o.Generated.Expr, name):
			return fmt.Sprintf("column %q is computed from it", o.Name)
		case o.Default != nil && !o.Default.Literal && mentions(o.Default.Text, name):
			return fmt.Sprintf("the default of column %q is computed from it", o.Name)
		}
	}
	for _, k := range t.Checks {
		if mentions(k.Expr, name) || k.Name == name && p.server.inlineCheck(t, k) {
			return fmt.Sprintf("check %q is on it, and to make another the server copies the table", k.Name)
		}
	}
	long := isLong(c.To.Type) || c.To.Type.Kind == schema.JSON
	for _, x := range t.Indexes {
		if x.Method == "fulltext" || x.Method == "spatial" || x.Method == "vector" {
			return fmt.Sprintf("the table has a %s index, %q", x.Method, x.Name)
		}
		for _, k := range x.Parts {
			switch {
			case k.Expr != "" && mentions(k.Expr, name):
				return fmt.Sprintf("index %q is computed from it", x.Name)
			case k.Column == name && (long && k.Prefix == 0 || k.Prefix > 0 && !c.To.Type.IsText() && !c.To.Type.IsBinary() || x.Options["without_overlaps"] != ""):
				return fmt.Sprintf("index %q can't be made on the new type", x.Name)
			}
		}
	}
	for _, o := range p.db.Tables {
		for _, k := range o.ForeignKeys {
			if o.Name == t.Name && slices.Contains(k.Columns, name) || k.RefTable.Name == t.Name.Name && slices.Contains(k.RefColumns, name) {
				return fmt.Sprintf("foreign key %q of table %s ties it", k.Name, o.Name)
			}
		}
	}
	return ""
}

// mentions reports whether a text of the server's names a column.
func mentions(text, column string) bool {
	for t := newTokens(text); !t.end() && t.err == nil; t.next() {
		if (t.cur.kind == nameToken || t.cur.kind == wordToken) && strings.EqualFold(t.cur.text, column) {
			return true
		}
	}
	return false
}
