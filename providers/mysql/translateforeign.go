package mysql

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/syncform/syncform/providers/schema"
)

// foreign translates a table of a system that shares nothing with this one but
// logical types.
func (tr *translation) foreign() {
	src := &tr.source
	tr.out = schema.Table{Name: src.Name, Comment: src.Comment, Rows: src.Rows, Bytes: src.Bytes,
		Options: map[string]string{"engine": "InnoDB", "charset": "utf8mb4", "collation": tr.server.binaryCollation()}}
	types := tr.server.columnTypes(tr.from, src)
	for _, c := range src.Columns {
		tr.column(c, types[c.Name])
	}
	if k := src.PrimaryKey; k != nil {
		tr.out.PrimaryKey = &schema.Key{Parts: tr.plainParts(k.Parts)}
		for _, p := range k.Parts {
			if c := tr.out.Column(p.Column); c != nil {
				c.Nullable = false
			}
		}
		if len(k.Include) > 0 {
			tr.note("", "the key includes columns %s besides; here it does not", strings.Join(k.Include, ", "))
		}
	}
	for _, u := range src.Uniques {
		tr.unique(u)
	}
	for _, x := range src.Indexes {
		tr.index(x)
	}
	for _, f := range src.ForeignKeys {
		tr.foreignKey(f)
	}
	tr.numbering()
	for _, k := range src.Checks {
		tr.note(object("check", k.Name), "it is written in the words of %s and left out: %s", tr.from.System, k.Expr)
	}
	for _, e := range src.Exclusions {
		tr.note(object("constraint", e.Name), "exclusion constraints have no counterpart and are left out")
	}
	if src.Partition != nil {
		tr.note("", "the table is partitioned by %s at the source; here it is one table with all rows", src.Partition.Strategy)
	}
	if len(src.Inherits) > 0 {
		tr.note("", "inheritance has no counterpart; the table has its parents' columns and its own rows")
	}
}

func (tr *translation) column(c schema.Column, d declared) {
	name := object("column", c.Name)
	if d.refused != "" {
		tr.refuse(name, "%s", d.refused)
		return
	}
	if d.note != "" {
		tr.note(name, "%s", d.note)
	}
	out := schema.Column{Name: c.Name, Type: d.Type, Nullable: c.Nullable, Comment: c.Comment, Charset: d.charset, Collation: d.collation, Invisible: c.Invisible}
	if c.Type.Domain {
		if domain := tr.from.Domain(c.Type.Name); domain != nil {
			if domain.NotNull {
				out.Nullable = false
			}
			if c.Default == nil {
				c.Default = domain.Default
			}
			if len(domain.Checks) > 0 {
				tr.note(name, "the checks of domain %s are left out", domain.Name)
			}
		}
	}
	if c.Generated != nil {
		tr.note(name, "it is computed at the source (%s); here it is a plain column that takes the values", c.Generated.Expr)
		c.Default = nil
	}
	switch {
	case c.Identity != nil:
		out.Identity = &schema.Identity{}
		if i := c.Identity.Increment; i != "" && i != "1" {
			tr.note(name, "it is numbered in steps of %s at the source; here in those of the server (auto_increment_increment)", i)
		}
	case c.Default != nil && tr.ownedSequence(c):
		out.Identity = &schema.Identity{}
	case c.Default != nil:
		out.Default = tr.defaultOf(name, c, &out)
	}
	tr.out.Columns = append(tr.out.Columns, out)
}

// ownedSequence reports whether the column is numbered by a sequence (serial).
func (tr *translation) ownedSequence(c schema.Column) bool {
	if c.Default.Literal || !strings.Contains(strings.ToLower(c.Default.Text), "nextval") || c.Type.Kind != schema.Int {
		return false
	}
	return slices.ContainsFunc(tr.from.Sequences, func(q schema.Sequence) bool {
		return q.OwnerTable == tr.source.Name && q.OwnerColumn == c.Name
	})
}

// nowDefault matches the words of PostgreSQL and SQLite for the current time.
var nowDefault = regexp.MustCompile(`(?i)^\(?(now\(\)|current_timestamp(\(\d\))?|localtimestamp(\(\d\))?|transaction_timestamp\(\)|statement_timestamp\(\)|clock_timestamp\(\))\)?(::timestamp( with(out)? time zone)?)?$`)

var (
	todayDefault = regexp.MustCompile(`(?i)^\(?(current_date|curdate\(\)|now\(\)::date|\('now'::text\)::date)\)?$`)
	uuidDefault  = regexp.MustCompile(`(?i)^(\w+\.)?(gen_random_uuid|uuid_generate_v4|uuidv4|uuidv7|uuid_generate_v1)\(\)$`)
)

// defaultOf translates a default; what has no counterpart is noted.
func (tr *translation) defaultOf(name string, c schema.Column, out *schema.Column) *schema.Default {
	d := c.Default
	if d.Literal {
		if why := unfitDefault(out.Type, d.Text); why != "" {
			tr.note(name, "the default %q %s and is left out", d.Text, why)
			return nil
		}
		return &schema.Default{Literal: true, Text: canonicalDefault(out.Type, nativeDefault(out.Type, d.Text))}
	}
	digits := out.Type.FractionalDigits(0)
	call := func(f string) string {
		if digits == 0 {
			return f + map[bool]string{true: "()", false: ""}[tr.server.mariadb() || f == "utc_timestamp"]
		}
		return fmt.Sprintf("%s(%d)", f, digits)
	}
	switch {
	case out.Type.Kind == schema.Timestamp && c.Type.Kind == schema.TimestampTZ && nowDefault.MatchString(d.Text):
		return &schema.Default{Text: call("utc_timestamp")} // an instant is kept in UTC here
	case out.Type.Kind == schema.Timestamp && nowDefault.MatchString(d.Text):
		if tr.server.mariadb() {
			return &schema.Default{Text: call("current_timestamp")}
		}
		return &schema.Default{Text: call("CURRENT_TIMESTAMP")}
	case out.Type.Kind == schema.Date && todayDefault.MatchString(d.Text):
		return &schema.Default{Text: "curdate()"}
	case c.Type.Kind == schema.UUID && uuidDefault.MatchString(d.Text):
		tr.note(name, "the default %s is uuid() here, which makes other versions of UUIDs", d.Text)
		return &schema.Default{Text: "uuid()"}
	}
	tr.note(name, "the default %s is written in the words of %s and left out", d.Text, tr.from.System)
	return nil
}

// unfitDefault says why a literal can't be a default of the type, "" if it can.
func unfitDefault(t schema.Type, text string) string {
	switch t.Kind {
	case schema.Date, schema.Timestamp, schema.TimestampTZ:
		if strings.HasSuffix(text, "infinity") || strings.HasSuffix(text, " BC") || strings.IndexByte(text, '-') != 4 {
			return "is outside the dates that the server knows"
		}
	case schema.Decimal, schema.Float:
		if strings.ContainsAny(text, "NI") {
			return "is no number here"
		}
	case schema.EnumKind:
		if !slices.Contains(t.Values, text) {
			return "is not among the labels"
		}
	case schema.Varchar, schema.Char:
		if t.Length > 0 && len([]rune(text)) > t.Length {
			return "is longer than the column"
		}
	}
	return ""
}

// numbering keeps AUTO_INCREMENT where the server allows it: on one column of whole
// numbers that a key begins with.
func (tr *translation) numbering() {
	found := false
	for i := range tr.out.Columns {
		c := &tr.out.Columns[i]
		if c.Identity == nil {
			continue
		}
		keyed := tr.server.leads(tr.out.PrimaryKey, c.Name)
		for _, x := range tr.out.Indexes {
			keyed = keyed || x.Method == "" && len(x.Parts) > 0 && x.Parts[0].Column == c.Name
		}
		switch {
		case c.Type.Kind != schema.Int:
			tr.note(object("column", c.Name), "only columns of whole numbers can be numbered by the server; it is a plain column here")
		case found:
			tr.note(object("column", c.Name), "only one column of a table can be numbered by the server; it is a plain column here")
		case !keyed:
			tr.note(object("column", c.Name), "a numbered column must be the first of a key or an index; it is a plain column here")
		default:
			found, c.Default, c.Nullable = true, nil, false
			continue
		}
		c.Identity = nil
	}
}
