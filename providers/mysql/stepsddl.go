package mysql

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/syncform/syncform/providers/schema"
)

// bareDefault matches the expressions that stand behind DEFAULT without parentheses.
var bareDefault = regexp.MustCompile(`(?i)^(current_timestamp(\(\d*\))?|0x[0-9a-f]+)$`)

// columnDDL writes a column's definition. auto says whether AUTO_INCREMENT may be
// part of it, which needs a key.
func (s *server) columnDDL(t *schema.Table, c schema.Column, auto bool) string {
	var b strings.Builder
	b.WriteString(ident(c.Name))
	if c.Generated != nil && strings.HasPrefix(c.Generated.Expr, "ROW ") {
		fmt.Fprintf(&b, " %s GENERATED ALWAYS AS %s", c.Type.Native, c.Generated.Expr)
	} else {
		b.WriteString(" " + c.Type.Native)
		if c.Type.IsText() && c.Collation != "" {
			charset := c.Charset
			if charset == "" {
				charset = s.charsetOf(c.Collation)
			}
			if t == nil || t.Options["collation"] != c.Collation || t.Options["charset"] != charset || t.Options[explicitCollation+c.Name] != "" { // else it is the table's
				fmt.Fprintf(&b, " CHARACTER SET %s COLLATE %s", charset, c.Collation)
			}
		}
		if g := c.Generated; g != nil {
			fmt.Fprintf(&b, " GENERATED ALWAYS AS (%s) %s", g.Expr, map[bool]string{true: "STORED", false: "VIRTUAL"}[g.Stored])
		}
		switch {
		case c.Generated != nil && s.mariadb(): // takes neither word there
		case !c.Nullable:
			b.WriteString(" NOT NULL")
		case c.Type.Kind == schema.TimestampTZ:
			b.WriteString(" NULL")
		}
	}
	if c.Invisible {
		b.WriteString(" INVISIBLE")
	}
	if c.Default != nil {
		b.WriteString(" DEFAULT " + s.defaultDDL(c))
	} else if c.Nullable && c.Generated == nil && c.Type.Kind == schema.TimestampTZ {
		b.WriteString(" DEFAULT NULL")
	}
	if c.OnUpdate != "" {
		b.WriteString(" ON UPDATE " + c.OnUpdate)
	}
	if c.Identity != nil && auto {
		b.WriteString(" AUTO_INCREMENT")
	}
	if c.Comment != "" {
		b.WriteString(" COMMENT " + literal(c.Comment))
	}
	if t == nil {
		return b.String()
	}
	if t.Options["without_versioning "+c.Name] != "" {
		b.WriteString(" WITHOUT SYSTEM VERSIONING")
	}
	for _, k := range t.Checks {
		if s.inlineCheck(t, k) && k.Name == c.Name {
			b.WriteString(" CHECK (" + k.Expr + ")")
		}
	}
	return b.String()
}

// inlineCheck reports whether a check belongs to a column: MariaDB calls it by the
// column's name.
func (s *server) inlineCheck(t *schema.Table, k schema.Check) bool {
	return s.mariadb() && t.Column(k.Name) != nil
}

func (s *server) defaultDDL(c schema.Column) string {
	d := c.Default
	if !d.Literal {
		if bareDefault.MatchString(d.Text) {
			return d.Text
		}
		return "(" + d.Text + ")"
	}
	var text string
	switch {
	case c.Type.Kind == schema.Bit:
		return "b'" + d.Text + "'"
	case c.Type.IsBinary():
		text = hexLiteral(d.Text)
	default:
		text = literal(nativeDefault(c.Type, d.Text))
	}
	if s.literalInParens(c.Type) {
		return "(" + text + ")"
	}
	return text
}

// createDDL writes a whole table, but for the indexes and foreign keys that wait for
// the rows. keys adds further definitions.
func (s *server) createDDL(t *schema.Table, temporary bool, more ...string) string {
	var items []string
	for _, c := range t.Columns {
		items = append(items, s.columnDDL(t, c, s.leads(t.PrimaryKey, c.Name)))
	}
	if t.PrimaryKey != nil {
		items = append(items, s.primaryKeyDDL(*t.PrimaryKey))
	}
	for _, k := range t.Checks {
		if !s.inlineCheck(t, k) {
			items = append(items, s.checkDDL(k))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(t.Options)) {
		if name, ok := strings.CutPrefix(key, "period "); ok {
			if !strings.EqualFold(name, "SYSTEM_TIME") {
				name = ident(name)
			}
			items = append(items, "PERIOD FOR "+name+" ("+t.Options[key]+")")
		}
	}
	items = append(items, more...)
	create := "CREATE TABLE "
	if temporary {
		create = "CREATE TEMPORARY TABLE "
	}
	text := create + tableIdent(t.Name) + " (\n  " + strings.Join(items, ",\n  ") + "\n)"
	for _, o := range s.optionsDDL(t) {
		text += " " + o
	}
	if t.Partition != nil {
		text += "\nPARTITION BY " + t.Partition.Definition
	}
	return text
}

// leads reports whether the column is the first of the key.
func (s *server) leads(k *schema.Key, column string) bool {
	return k != nil && len(k.Parts) > 0 && k.Parts[0].Column == column
}

func (s *server) primaryKeyDDL(k schema.Key) string {
	text := "PRIMARY KEY (" + s.partsDDL(k.Parts, nil) + ")"
	if k.Comment != "" {
		text += " COMMENT " + literal(k.Comment)
	}
	return text
}

func (s *server) checkDDL(k schema.Check) string {
	text := "CHECK (" + k.Expr + ")"
	if k.Name != "" {
		text = "CONSTRAINT " + ident(k.Name) + " " + text
	}
	if k.NotEnforced && !s.mariadb() {
		text += " NOT ENFORCED"
	}
	return text
}

func (s *server) partsDDL(parts []schema.KeyPart, options map[string]string) string {
	list := make([]string, len(parts))
	for i, p := range parts {
		if list[i] = ident(p.Column); p.Expr != "" {
			list[i] = "(" + p.Expr + ")"
		}
		if p.Prefix > 0 {
			list[i] += fmt.Sprintf("(%d)", p.Prefix)
		}
		if p.Desc {
			list[i] += " DESC"
		}
		if p.Column != "" && options["without_overlaps"] == p.Column {
			list[i] += " WITHOUT OVERLAPS"
		}
	}
	return strings.Join(list, ", ")
}

// indexDDL writes an index as it stands in CREATE TABLE and behind ADD.
func (s *server) indexDDL(x schema.Index) string {
	text := "KEY "
	switch {
	case x.Unique:
		text = "UNIQUE KEY "
	case x.Method == "fulltext" || x.Method == "spatial" || x.Method == "vector":
		text = strings.ToUpper(x.Method) + " KEY "
	}
	text += ident(x.Name) + " (" + s.partsDDL(x.Parts, x.Options) + ")"
	if x.Method == "hash" || x.Method == "rtree" {
		text += " USING " + strings.ToUpper(x.Method)
	}
	for _, key := range slices.Sorted(maps.Keys(x.Options)) {
		switch key {
		case "without_overlaps":
		case "parser":
			text += " WITH PARSER " + ident(x.Options[key])
		default:
			text += " " + s.optionDDL(key, x.Options[key])
		}
	}
	if x.Comment != "" {
		text += " COMMENT " + literal(x.Comment)
	}
	switch {
	case x.Invisible && s.mariadb():
		text += " IGNORED"
	case x.Invisible:
		text += " INVISIBLE"
	}
	return text
}

func (s *server) foreignKeyDDL(f schema.ForeignKey) string {
	text := "FOREIGN KEY (" + idents(f.Columns) + ") REFERENCES " + tableIdent(f.RefTable) + " (" + idents(f.RefColumns) + ")"
	if f.Name != "" {
		text = "CONSTRAINT " + ident(f.Name) + " " + text
	}
	if f.OnDelete != "" {
		text += " ON DELETE " + f.OnDelete
	}
	if f.OnUpdate != "" {
		text += " ON UPDATE " + f.OnUpdate
	}
	return text
}

// bareOptions take their value without quotes.
var bareOptions = map[string]bool{
	"engine": true, "row_format": true, "key_block_size": true, "stats_persistent": true, "stats_auto_recalc": true, "stats_sample_pages": true,
	"pack_keys": true, "checksum": true, "table_checksum": true, "delay_key_write": true, "max_rows": true, "min_rows": true, "avg_row_length": true,
	"insert_method": true, "page_checksum": true, "transactional": true, "storage": true, "union": true, "clustering": true,
}

func (s *server) optionDDL(key, value string) string {
	switch {
	case bareOptions[key]:
		return strings.ToUpper(key) + "=" + value
	case key == "tablespace":
		return "TABLESPACE " + ident(value)
	case key == "charset":
		return "DEFAULT CHARSET=" + value
	case key == "collation":
		return "COLLATE=" + value
	case key == "system_versioning":
		return "WITH SYSTEM VERSIONING"
	case s.mariadb() && !strings.HasSuffix(key, " directory"):
		return ident(key) + "=" + literal(value)
	}
	return strings.ToUpper(key) + "=" + literal(value)
}

// optionsDDL writes the table's options, the engine first, and its comment.
func (s *server) optionsDDL(t *schema.Table) []string {
	var list []string
	if e := t.Options["engine"]; e != "" {
		list = append(list, s.optionDDL("engine", e))
	}
	for _, key := range slices.Sorted(maps.Keys(t.Options)) {
		if key != "engine" && !strings.Contains(key, "period ") && !strings.HasPrefix(key, "without_versioning ") && !strings.HasPrefix(key, explicitCollation) {
			list = append(list, s.optionDDL(key, t.Options[key]))
		}
	}
	if t.Comment != "" {
		list = append(list, "COMMENT="+literal(t.Comment))
	}
	return list
}
