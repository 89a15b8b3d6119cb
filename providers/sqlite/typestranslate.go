package sqlite

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// Translate says a table of another system in SQLite's words.
func (c *Conn) Translate(from *schema.Database, t schema.Table) (schema.Table, []providers.Note) {
	if from.System == schema.SQLite {
		return t, nil
	}
	tr := &translation{from: from, in: &t}
	tr.out = schema.Table{Name: t.Name, Rows: t.Rows, Bytes: t.Bytes}
	tr.names()
	for i := range t.Columns {
		tr.column(&t.Columns[i])
	}
	tr.keys()
	tr.indexes()
	tr.rest()
	return tr.out, tr.notes
}

type translation struct {
	from  *schema.Database
	in    *schema.Table
	out   schema.Table
	notes []providers.Note
}

func (tr *translation) note(object, format string, args ...any) {
	tr.notes = append(tr.notes, providers.Note{Table: tr.in.Name, Object: object, Text: fmt.Sprintf(format, args...)})
}

func (tr *translation) refuse(object, format string, args ...any) {
	tr.note(object, format, args...)
	tr.notes[len(tr.notes)-1].Refused = true
}

// names refuses what SQLite can't call by its name.
func (tr *translation) names() {
	if internal(tr.in.Name.Name) {
		tr.refuse("", "SQLite keeps table names that begin with sqlite_ to itself: give another target_table")
	}
	seen := map[string]string{}
	for _, c := range tr.in.Columns {
		if other, ok := seen[lower(c.Name)]; ok {
			tr.refuse(named("column", c.Name), "SQLite does not tell %q and %q apart: rename one of them in columns", other, c.Name)
		}
		seen[lower(c.Name)] = c.Name
	}
}

func named(kind, name string) string { return fmt.Sprintf("%s %q", kind, name) }

func (tr *translation) column(c *schema.Column) {
	out := schema.Column{Name: c.Name, Nullable: c.Nullable, Type: declared(tr.labels(c.Type))}
	numbered := c.Identity != nil
	if c.Generated != nil {
		tr.note(named("column", c.Name), "its values are computed at the source and copied: SQLite does not get the expression")
	}
	if d := c.Default; d != nil && c.Generated == nil {
		switch expr, ok := translateDefault(d, out.Type); {
		case ok:
			out.Default = expr
		case strings.HasPrefix(lower(d.Text), "nextval("):
			numbered = true
		default:
			tr.note(named("column", c.Name), "its default %s has no counterpart in SQLite and is left out", d.Text)
		}
	}
	if k := tr.in.PrimaryKey; k != nil && len(k.Parts) == 1 && k.Parts[0].Column == c.Name {
		if out.Type.Kind == schema.Int {
			out.Type = rowid(out.Type)
		}
		if numbered && out.Type.Kind == schema.Int {
			out.Identity, numbered = &schema.Identity{}, false
		}
	}
	if k := tr.in.PrimaryKey; k != nil && slices.Contains(k.Columns(), c.Name) {
		out.Nullable = false
	}
	if numbered {
		tr.note(named("column", c.Name), "SQLite numbers rows by an integer that is the whole primary key only: new rows need a value")
	}
	if c.OnUpdate != "" {
		tr.note(named("column", c.Name), "SQLite has no ON UPDATE %s", c.OnUpdate)
	}
	tr.out.Columns = append(tr.out.Columns, out)
}

// labels fills in what a named enum type says elsewhere.
func (tr *translation) labels(t schema.Type) schema.Type {
	if t.Kind == schema.EnumKind && len(t.Values) == 0 {
		if e := tr.from.Enum(t.Name); e != nil {
			t.Values = e.Labels
		}
	}
	if t.Elem != nil {
		elem := tr.labels(*t.Elem)
		t.Elem = &elem
	}
	return t
}

var currentTime = regexp.MustCompile(`^(current_timestamp|now|localtimestamp|transaction_timestamp|statement_timestamp|curdate|current_date|utc_timestamp|utc_date|sysdate)(\(\d*\))?$`)

// translateDefault gives a default in SQLite's words.
func translateDefault(d *schema.Default, t schema.Type) (*schema.Default, bool) {
	if d.Literal {
		if strings.ContainsRune(d.Text, 0) && !t.IsBinary() {
			return nil, false
		}
		return d, true
	}
	text := strings.Trim(lower(d.Text), " ")
	for strings.HasPrefix(text, "(") && strings.HasSuffix(text, ")") && !strings.HasSuffix(text, "()") {
		text = text[1 : len(text)-1]
	}
	word, _, _ := strings.Cut(text, "::")
	m := currentTime.FindStringSubmatch(word)
	if m == nil {
		return nil, false
	}
	switch t.Kind {
	case schema.Date:
		return &schema.Default{Text: "CURRENT_DATE"}, true
	case schema.Timestamp, schema.TimestampTZ:
		if !strings.Contains(m[1], "date") {
			return &schema.Default{Text: "CURRENT_TIMESTAMP"}, true
		}
	}
	return nil, false
}

// keys takes over primary key, unique constraints and foreign keys. A unique
// constraint becomes a unique index, which can wait for the rows.
func (tr *translation) keys() {
	if k := tr.in.PrimaryKey; k != nil {
		parts, ok := tr.parts(k.Parts, "primary key", true)
		if !ok {
			tr.note("primary key", "holds what SQLite can't have in one and is left out")
		} else {
			tr.out.PrimaryKey = &schema.Key{Name: k.Name, Parts: parts}
			if tr.from.System != schema.PostgreSQL {
				tr.out.PrimaryKey.Name = "" // PRIMARY
			}
			tr.lost(named("primary key", k.Name), k)
		}
	}
	for _, k := range tr.in.Uniques {
		what := named("unique constraint", k.Name)
		parts, ok := tr.parts(k.Parts, what, true)
		if !ok || k.NullsNotDistinct {
			tr.note(what, "has no counterpart in SQLite, where nulls are distinct and keys are whole columns; it is left out")
			continue
		}
		tr.lost(what, &k)
		tr.out.Indexes = append(tr.out.Indexes, schema.Index{Name: tr.indexName(k.Name), Unique: true, Parts: parts})
	}
	for _, k := range tr.in.ForeignKeys {
		what := named("foreign key", k.Name)
		if k.Match != "" {
			tr.note(what, "MATCH %s has no meaning in SQLite: a key with a null is not looked at", k.Match)
		}
		if len(k.SetColumns) > 0 {
			tr.note(what, "SQLite sets all of a key's columns: it is left out")
			continue
		}
		if k.NotEnforced || k.Period {
			tr.note(what, "SQLite has no foreign keys that are not enforced, or over periods: it is left out")
			continue
		}
		k.Match, k.NotValid, k.Comment = "", false, ""
		tr.out.ForeignKeys = append(tr.out.ForeignKeys, k)
	}
}

// lost notes what a key of SQLite has not.
func (tr *translation) lost(what string, k *schema.Key) {
	if k.Deferrable {
		tr.note(what, "SQLite checks it with each row, not at the end of the transaction")
	}
}

// parts takes the parts of a key over; whole says that they must be columns. ok is
// false where one has no counterpart.
func (tr *translation) parts(parts []schema.KeyPart, what string, whole bool) (out []schema.KeyPart, ok bool) {
	for _, p := range parts {
		if p.Expr != "" || p.Prefix > 0 && whole {
			return nil, false
		}
		out = append(out, schema.KeyPart{Column: p.Column, Desc: p.Desc && !whole})
	}
	return out, len(out) > 0
}

// indexes takes indexes over; the kinds that SQLite has not are left out.
func (tr *translation) indexes() {
	for _, x := range tr.in.Indexes {
		what := named("index", x.Name)
		switch {
		case x.Method != "" && x.Method != "btree" && x.Method != "hash":
			tr.note(what, "SQLite has no %s index; it is left out", x.Method)
			continue
		case x.Where != "":
			tr.note(what, "its condition is in the words of %s; it is left out", tr.from.System)
			continue
		case x.NullsNotDistinct:
			tr.note(what, "nulls are distinct in SQLite; it is left out")
			continue
		}
		parts, ok := tr.parts(x.Parts, what, x.Unique)
		if !ok {
			tr.note(what, "has an expression or a prefix that SQLite has no counterpart for; it is left out")
			continue
		}
		tr.out.Indexes = append(tr.out.Indexes, schema.Index{Name: tr.indexName(x.Name), Unique: x.Unique, Parts: parts})
	}
	slices.SortFunc(tr.out.Indexes, func(a, b schema.Index) int { return cmp.Compare(a.Name, b.Name) })
}

// indexName keeps an index's name where it is the only one in its database; SQLite has
// one set of names for all indexes and tables. MySQL's are unique in a table only:
// they get the table's name before them, whatever the other tables have, so that a new
// table changes no old name.
func (tr *translation) indexName(name string) string {
	table := tr.in.Name.Name
	if tr.from.System == schema.MySQL || tr.from.System == schema.MariaDB {
		if strings.HasPrefix(lower(name), lower(table)+"_") {
			return name
		}
		return table + "_" + name
	}
	for i := range tr.from.Tables {
		t := &tr.from.Tables[i]
		if lower(t.Name.Name) == lower(name) {
			return name + "_index"
		}
		if t.Name == tr.in.Name {
			continue
		}
		same := func(n string) bool { return lower(n) == lower(name) }
		if slices.ContainsFunc(t.Indexes, func(x schema.Index) bool { return same(x.Name) }) || slices.ContainsFunc(t.Uniques, func(k schema.Key) bool { return same(k.Name) }) {
			return table + "_" + name
		}
	}
	if internal(name) {
		return table + "_" + name
	}
	return name
}

// rest notes what else is left out.
func (tr *translation) rest() {
	for _, k := range tr.in.Checks {
		if tr.from.System != schema.PostgreSQL && isJSONCheck(k.Expr) {
			continue // MariaDB's way to say JSON, which the type says already
		}
		tr.note(named("check", k.Name), "%s is in the words of %s; it is left out", k.Expr, tr.from.System)
	}
	for _, x := range tr.in.Exclusions {
		tr.note(named("exclusion constraint", x.Name), "SQLite has none; it is left out")
	}
	if p := tr.in.Partition; p != nil {
		tr.note("", "is partitioned by %s; SQLite gets one table with all rows", p.Strategy)
	}
	if len(tr.in.Inherits) > 0 {
		tr.note("", "inherits from %s; SQLite gets a table of its own", tr.in.Inherits[0])
	}
}

func isJSONCheck(expr string) bool { return strings.HasPrefix(lower(expr), "json_valid(") }
