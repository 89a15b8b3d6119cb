package mysql

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/syncform/syncform/providers/schema"
)

// family translates a table of MySQL or MariaDB. Between servers of one system all is
// kept that this version knows; between the two, what both know.
func (tr *translation) family() {
	t := tr.source
	t.Columns, t.Indexes = slices.Clone(t.Columns), slices.Clone(t.Indexes)
	t.Checks, t.ForeignKeys = slices.Clone(t.Checks), slices.Clone(t.ForeignKeys)
	t.Options = maps.Clone(t.Options)
	if t.PrimaryKey != nil {
		t.PrimaryKey = &schema.Key{Parts: slices.Clone(t.PrimaryKey.Parts), Comment: t.PrimaryKey.Comment}
	}
	tr.out = t
	for i := range tr.out.Columns {
		tr.familyColumn(&tr.out.Columns[i])
	}
	tr.familyOptions()
	other := tr.from.System != tr.server.system
	tr.out.Indexes = slices.DeleteFunc(tr.out.Indexes, func(x schema.Index) bool {
		why := tr.familyIndex(x)
		if why != "" {
			tr.note(object("index", x.Name), "%s, so it is left out", why)
		}
		return why != ""
	})
	for i := range tr.out.Indexes {
		x := &tr.out.Indexes[i]
		x.Parts = slices.Clone(x.Parts)
		for j := range x.Parts {
			x.Parts[j].Desc = x.Parts[j].Desc && tr.server.descending()
		}
		if other {
			for _, key := range slices.Sorted(maps.Keys(x.Options)) {
				tr.note(object("index", x.Name), "the option %s is left out", key)
			}
			x.Options = nil
		}
		if x.Method == "hash" && other {
			x.Method = ""
		}
	}
	if !other {
		return
	}
	tr.familyChecks()
	tr.out.ForeignKeys = slices.DeleteFunc(tr.out.ForeignKeys, func(f schema.ForeignKey) bool {
		ref := tr.from.Table(f.RefTable)
		drop := !tr.server.mariadb() && tr.server.num >= 80400 && ref != nil && !uniqueBy(ref, f.RefColumns)
		if drop {
			tr.note(object("foreign key", f.Name), "it references columns that no unique key has, which MySQL does not allow any more, so it is left out")
		}
		return drop
	})
	if p := tr.out.Partition; p != nil && p.Strategy == "system_time" {
		tr.out.Partition = nil
		tr.note("", "the partitions of the table's history are left out")
	}
}

// familyColumn keeps a column's type, collation and expressions, or the nearest.
func (tr *translation) familyColumn(c *schema.Column) {
	name := object("column", c.Name)
	s := tr.server
	native := c.Type.Native
	if base, srid, ok := strings.Cut(native, " srid "); ok && s.mariadb() {
		native = base
		tr.note(name, "the restriction to SRID %s is left out", srid)
	}
	if !s.mariadb() {
		native = strings.TrimSuffix(native, " compressed")
	}
	var instead string
	switch {
	case strings.HasPrefix(native, "vector") && (!s.mariadb() && s.num < 90000 || s.mariadb() && s.num < 110701):
		instead = "longblob"
	case native == "uuid" && (!s.mariadb() || s.num < 100700):
		instead, c.Charset, c.Collation = "char(36)", "ascii", "ascii_bin"
	case native == "inet6" && !s.mariadb():
		instead, c.Charset, c.Collation = "varchar(39)", "ascii", "ascii_bin"
	case native == "inet4" && (!s.mariadb() || s.num < 101000):
		instead, c.Charset, c.Collation = "varchar(15)", "ascii", "ascii_bin"
	case native == "xmltype" && (!s.mariadb() || s.num < 120300):
		instead, c.Charset, c.Collation = "longtext", "utf8mb4", s.binaryCollation()
	}
	if instead != "" {
		tr.note(name, "there is no %s here; it is %s", native, instead)
		native = instead
	}
	tokens := newTokens(native)
	if ty := s.readType(tokens); tokens.err == nil && tokens.end() {
		c.Type = ty
	} else {
		tr.refuse(name, "there is no type %s here", native)
	}
	if c.Collation != "" {
		c.Charset, c.Collation = tr.collation(name, c.Charset, c.Collation)
	}
	if tr.from.System == s.system {
		return
	}
	if d := c.Default; d != nil && !d.Literal && !tr.portable(d.Text) {
		tr.note(name, "the default %s is written in the words of %s and left out", d.Text, tr.from.System)
		c.Default = nil
	}
	if g := c.Generated; g != nil && !tr.portable(g.Expr) {
		tr.note(name, "it is computed at the source (%s); here it is a plain column that takes the values", g.Expr)
		c.Generated = nil
	}
	if c.Default != nil && !c.Default.Literal {
		c.Default = &schema.Default{Text: tr.respell(c.Default.Text)}
	}
	if c.Generated != nil {
		c.Generated = &schema.Generated{Expr: tr.respell(c.Generated.Expr), Stored: c.Generated.Stored}
	}
	if s.mariadb() && c.Generated != nil && !c.Nullable {
		tr.note(name, "a computed column can't be NOT NULL here")
		c.Nullable = true
	}
}

var callInExpression = regexp.MustCompile(`(?i)([a-z_][a-z0-9_]*)\s*\(`)

// portable reports whether both servers read and compute the expression alike.
func (tr *translation) portable(expr string) bool {
	if strings.Contains(expr, "->") || strings.Contains(expr, "ROW ") {
		return false
	}
	for _, m := range callInExpression.FindAllStringSubmatch(expr, -1) {
		if !slices.Contains(portableCalls, strings.ToLower(m[1])) {
			return false
		}
	}
	return true
}

// respell drops the charset that MySQL writes before strings: MariaDB can't read back
// what it makes of one with a quote in it. Sessions are utf8mb4 here too.
func (tr *translation) respell(expr string) string {
	if !tr.server.mariadb() || !strings.Contains(expr, "_utf8mb") {
		return expr
	}
	var b strings.Builder
	from := 0
	for t := newTokens(expr); !t.end(); {
		word := t.next()
		if word.kind == wordToken && (word.text == "_utf8mb4" || word.text == "_utf8mb3") && t.cur.kind == stringToken {
			b.WriteString(expr[from:word.start])
			from = word.end
		}
	}
	return b.String() + expr[from:]
}

// portableCalls lists what may stand before a parenthesis in an expression that both
// servers know and compute alike.
var portableCalls = []string{
	"abs", "ceiling", "ceil", "floor", "round", "truncate", "mod", "sign", "sqrt", "pow", "power", "greatest", "least",
	"concat", "concat_ws", "lower", "lcase", "upper", "ucase", "trim", "ltrim", "rtrim", "substr", "substring", "left", "right", "length", "char_length", "character_length", "octet_length",
	"replace", "reverse", "lpad", "rpad", "locate", "instr", "hex", "unhex", "md5", "sha1", "sha2", "crc32",
	"if", "ifnull", "nullif", "coalesce", "isnull", "in", "and", "or", "not", "xor", "case", "when", "then", "else", "between", "like", "interval", "div", "is",
	"year", "month", "day", "dayofmonth", "hour", "minute", "second", "date", "time", "to_days", "dayofweek", "weekday", "quarter", "last_day", "datediff",
	"curdate", "current_date", "current_timestamp", "now", "utc_timestamp", "utc_date", "uuid",
	"json_valid", "json_object", "json_array", "json_length", "json_type",
}

// familyIndex says why an index can't be kept, "" if it can.
func (tr *translation) familyIndex(x schema.Index) string {
	s := tr.server
	switch {
	case x.Method == "vector" && (!s.mariadb() || s.num < 110701):
		return "there are no vector indexes here"
	case x.Options["without_overlaps"] != "" && !s.mariadb():
		return "MySQL has no WITHOUT OVERLAPS"
	}
	total := 0
	for _, p := range x.Parts {
		if p.Expr != "" && s.mariadb() {
			return "MariaDB has no indexes over expressions"
		}
		if c := tr.out.Column(p.Column); c != nil && p.Prefix == 0 && isLong(c.Type) && x.Method != "fulltext" && x.Method != "vector" && !s.mariadb() {
			return "MySQL has no unique index over the whole of a " + c.Type.Native
		} else if c != nil && p.Prefix == 0 {
			total += keyBytes(declared{Type: c.Type, charset: c.Charset})
		}
	}
	if total > maxKeyBytes && (x.Method == "" || x.Method == "hash") && !s.mariadb() && tr.from.System != s.system { // MariaDB keeps a hash
		return fmt.Sprintf("MySQL has no index over more than %d bytes", maxKeyBytes)
	}
	return ""
}

// familyOptions keeps the options that this server knows. Rows are written in
// transactions, so the engine is InnoDB.
func (tr *translation) familyOptions() {
	o := tr.out.Options
	if e := o["engine"]; e != "" && !strings.EqualFold(e, "InnoDB") {
		tr.note("", "the engine %s has no transactions; the table is InnoDB here", e)
		o = with(o, "engine", "InnoDB")
		for _, key := range []string{"row_format", "checksum", "delay_key_write", "pack_keys", "max_rows", "min_rows", "avg_row_length", "page_checksum", "transactional", "insert_method", "union", "data directory", "index directory"} {
			delete(o, key)
		}
		if p := tr.out.Partition; p != nil {
			q := *p
			q.Definition = strings.ReplaceAll(p.Definition, "ENGINE = "+e, "ENGINE = InnoDB")
			q.Partitions = slices.Clone(p.Partitions)
			for i := range q.Partitions {
				q.Partitions[i].Definition = strings.ReplaceAll(q.Partitions[i].Definition, "ENGINE = "+e, "ENGINE = InnoDB")
			}
			tr.out.Partition = &q
		}
		tr.numbering()
	}
	if o["collation"] != "" {
		charset, collation := tr.collation("", o["charset"], o["collation"])
		o = with(with(o, "charset", charset), "collation", collation)
	}
	if o["system_versioning"] != "" {
		tr.note("", "the rows' history is not copied, only the rows that hold now")
	}
	if tr.from.System == tr.server.system {
		tr.out.Options = o
		return
	}
	kept := map[string]string{}
	for _, key := range slices.Sorted(maps.Keys(o)) {
		switch key {
		case "engine", "charset", "collation", "row_format", "key_block_size", "stats_persistent", "stats_auto_recalc", "stats_sample_pages":
			kept[key] = o[key]
		default:
			tr.note("", "the option %s is left out", key)
		}
	}
	tr.out.Options = kept
	tr.out.Columns = slices.DeleteFunc(tr.out.Columns, func(c schema.Column) bool {
		return c.Generated != nil && strings.HasPrefix(c.Generated.Expr, "ROW ")
	})
}

// uniqueBy reports whether a key of the table has just those columns, whole.
func uniqueBy(t *schema.Table, columns []string) bool {
	is := func(parts []schema.KeyPart) bool {
		return slices.EqualFunc(parts, columns, func(p schema.KeyPart, name string) bool { return p.Column == name && p.Prefix == 0 })
	}
	return t.PrimaryKey != nil && is(t.PrimaryKey.Parts) || slices.ContainsFunc(t.Indexes, func(x schema.Index) bool { return x.Unique && is(x.Parts) })
}

// familyChecks keeps the checks that both compute alike. MySQL's names are the
// whole database's, MariaDB's may be a column's.
func (tr *translation) familyChecks() {
	tr.out.Checks = slices.DeleteFunc(tr.out.Checks, func(k schema.Check) bool {
		if !tr.portable(k.Expr) || k.NotEnforced {
			tr.note(object("check", k.Name), "it is written in the words of %s and left out: %s", tr.from.System, k.Expr)
			return true
		}
		return false
	})
	for i := range tr.out.Checks {
		k := &tr.out.Checks[i]
		k.Expr = tr.respell(k.Expr)
		if !tr.server.mariadb() {
			k.Name = short(fmt.Sprintf("%s_%s", tr.source.Name.Name, k.Name))
		}
	}
}
