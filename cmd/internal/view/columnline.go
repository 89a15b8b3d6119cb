package view

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers/schema"
)

// newTable writes a table's columns and what else comes with it; what has an action of
// its own in the table's group is written there.
func (v *planView) newTable(a *plan.Action, g *tableGroup, t schema.Table, in string) {
	if a.Held != "" {
		v.entry(a, in, "+", "the table", "")
		return
	}
	key := map[string]bool{}
	if t.PrimaryKey != nil {
		for _, c := range t.PrimaryKey.Columns() {
			key[c] = true
		}
	}
	fed, computed := map[string]string{}, map[string]string{}
	if m := v.plan.Mapping(a.Addr); m != nil {
		for _, c := range m.Columns {
			if c.Expr != "" {
				computed[c.Target] = c.Expr
			} else {
				fed[c.Target] = c.Source
			}
		}
	}
	names, types := 0, 0
	for _, c := range t.Columns {
		names = fit(names, width(Safe(c.Name)), 24)
		types = fit(types, width(Safe(c.Type.String())), 20)
	}
	for _, c := range t.Columns {
		null := ""
		if !c.Nullable {
			null = "not null"
		}
		var more []string
		if key[c.Name] {
			more = append(more, "key")
		}
		more = append(more, extras(c)...)
		if src, ok := fed[c.Name]; ok && src != c.Name {
			more = append(more, "from "+src)
		}
		if text, ok := computed[c.Name]; ok {
			more = append(more, shorten(text))
		}
		v.columnLine(in, pad(Safe(c.Name), names), pad(Safe(c.Type.String()), types), null, Safe(strings.Join(more, "  ")))
	}
	own := map[string]bool{}
	if g != nil {
		for _, other := range g.actions {
			if other.Change != nil {
				_, text := describe(other.Change)
				own[text] = true
			}
		}
	}
	var more []schema.Change
	for _, k := range t.Uniques {
		more = append(more, schema.AddUnique{Key: k})
	}
	for _, k := range t.ForeignKeys {
		more = append(more, schema.AddForeignKey{Key: k})
	}
	for _, c := range t.Checks {
		more = append(more, schema.AddCheck{Check: c})
	}
	for _, c := range more {
		if _, text := describe(c); !own[text] {
			v.out.line("%s%s %s", in, v.Symbol("+"), strings.ReplaceAll(chop(Safe(text), v.Columns()-len(in)-6), "\n", "\n"+in+"      "))
		}
	}
	if t.Partition != nil {
		v.entry(&plan.Action{}, in, "+", "partitioned by "+shorten(t.Partition.Definition)+", "+Plural(int64(len(t.Partition.Partitions)), "partition"), "")
	}
	v.below(a, in)
}

// columnLine writes one column of a new table: name, type, null and the rest, on one
// line or where they don't fit on as many as it takes.
func (v *planView) columnLine(in, name, kind, null, rest string) {
	head := in + v.sign("+") + " " + name
	painted := in + v.Symbol("+") + " " + name
	left := func(s string) string { return strings.TrimRight(s, " ") }
	tail := "  " + pad(kind+"  "+null, width(kind)+10)
	switch {
	case rest != "" && width(head+tail)+2+width(rest) <= v.Columns():
		v.out.line("%s", painted+tail+"  "+rest)
		return
	case width(left(head+tail)) <= v.Columns():
		v.out.line("%s", left(painted+tail))
	default:
		v.out.line("%s", left(painted))
		rest = joined("  ", left(kind), null, rest)
	}
	if rest != "" {
		for l := range strings.SplitSeq(chop(rest, v.Columns()-len(in)-6), "\n") {
			v.out.line("%s      %s", in, l)
		}
	}
}

// fit widens a column of text for n, unless n is an outlier past limit.
func fit(w, n, limit int) int {
	if n > limit {
		return w
	}
	return max(w, n)
}

// extras says what a column has besides name, type and null.
func extras(c schema.Column) []string {
	var out []string
	if c.Default != nil {
		out = append(out, "= "+defaultText(c))
	}
	if c.Generated != nil {
		out = append(out, "as ("+shorten(c.Generated.Expr)+")")
	}
	if c.Identity != nil {
		out = append(out, "identity")
	}
	if c.OnUpdate != "" {
		out = append(out, "on update "+c.OnUpdate)
	}
	return out
}

func columnText(c schema.Column) string {
	out := []string{c.Type.String()}
	if !c.Nullable {
		out = append(out, "not null")
	}
	return strings.Join(append(out, extras(c)...), "  ")
}

// columnChanges says what of a column changes: int -> bigint, default 1 -> 2.
func columnChanges(c schema.ModifyColumn) string {
	var out []string
	if c.From.Type.String() != c.To.Type.String() || !slices.Equal(c.From.Type.Values, c.To.Type.Values) {
		text := c.From.Type.String() + " -> " + c.To.Type.String()
		switch c.Type {
		case schema.Narrows:
			text += " (narrower)"
		case schema.Retypes:
			text += " (values rewritten)"
		}
		out = append(out, text)
	}
	if c.From.Nullable != c.To.Nullable {
		if c.To.Nullable {
			out = append(out, "not null -> null")
		} else {
			out = append(out, "null -> not null")
		}
	}
	swap := func(what, from, to string) {
		if from != to {
			out = append(out, what+" "+orNone(from)+" -> "+orNone(to))
		}
	}
	text := func(what, rawFrom, rawTo, from, to string) {
		switch {
		case !tooLong(rawFrom, rawTo):
			swap(what, from, to)
		case rawFrom == "":
			out = append(out, what+" added")
		case rawTo == "":
			out = append(out, what+" dropped")
		default:
			out = append(out, what+" changed")
		}
	}
	text("default", rawDefault(c.From), rawDefault(c.To), defaultText(c.From), defaultText(c.To))
	text("generated", rawGenerated(c.From), rawGenerated(c.To), generatedText(c.From), generatedText(c.To))
	swap("identity", identityText(c.From.Identity), identityText(c.To.Identity))
	swap("on update", c.From.OnUpdate, c.To.OnUpdate)
	swap("charset", c.From.Charset, c.To.Charset)
	swap("collation", c.From.Collation, c.To.Collation)
	text("comment", c.From.Comment, c.To.Comment, c.From.Comment, c.To.Comment)
	for _, k := range slices.Sorted(maps.Keys(union(c.From.Options, c.To.Options))) {
		swap(strings.ReplaceAll(k, "_", " "), c.From.Options[k], c.To.Options[k])
	}
	if c.From.Invisible != c.To.Invisible {
		swap("invisible", strconv.FormatBool(c.From.Invisible), strconv.FormatBool(c.To.Invisible))
	}
	return strings.Join(out, ", ")
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

func generatedText(c schema.Column) string {
	if c.Generated == nil {
		return ""
	}
	kind := "virtual"
	if c.Generated.Stored {
		kind = "stored"
	}
	return "(" + shorten(c.Generated.Expr) + ") " + kind
}

func identityText(i *schema.Identity) string {
	if i == nil {
		return ""
	}
	out := "by default"
	if i.Always {
		out = "always"
	}
	for _, p := range [][2]string{{"start", i.Start}, {"increment", i.Increment}, {"min", i.Min}, {"max", i.Max}, {"cache", i.Cache}} {
		if p[1] != "" {
			out += " " + p[0] + " " + p[1]
		}
	}
	if i.Cycle {
		out += " cycle"
	}
	return out
}

// defaultText writes a default: numbers and expressions as they are, other
// literals quoted; "" where there is none.
func defaultText(c schema.Column) string {
	if c.Default == nil {
		return ""
	}
	if c.Default.Literal {
		switch c.Type.Kind {
		case schema.Int, schema.Decimal, schema.Float, schema.Bool, schema.Year:
		default:
			return "'" + shorten(strings.ReplaceAll(c.Default.Text, "'", "''")) + "'"
		}
	}
	return shorten(c.Default.Text)
}

// tableChanges says what of a table's own settings changes.
func tableChanges(from, to schema.Table) string {
	var out []string
	switch {
	case tooLong(from.Comment, to.Comment):
		out = append(out, "comment changed")
	case from.Comment != to.Comment:
		out = append(out, "comment "+orNone(shorten(from.Comment))+" -> "+orNone(shorten(to.Comment)))
	}
	for _, k := range slices.Sorted(maps.Keys(union(from.Options, to.Options))) {
		if from.Options[k] != to.Options[k] {
			out = append(out, k+" "+orNone(from.Options[k])+" -> "+orNone(to.Options[k]))
		}
	}
	if len(out) == 0 {
		return "settings"
	}
	return strings.Join(out, ", ")
}

// union has the keys of both.
func union(a, b map[string]string) map[string]bool {
	keys := map[string]bool{}
	for k := range a {
		keys[k] = true
	}
	for k := range b {
		keys[k] = true
	}
	return keys
}

func parts(ps []schema.KeyPart) string {
	out := make([]string, len(ps))
	for i, p := range ps {
		out[i] = p.Column
		if p.Expr != "" {
			out[i] = "(" + shorten(p.Expr) + ")"
		}
		if p.Prefix > 0 {
			out[i] += "(" + strconv.Itoa(p.Prefix) + ")"
		}
		if p.Desc {
			out[i] += " desc"
		}
	}
	return "(" + strings.Join(out, ", ") + ")"
}

func indexText(x schema.Index) string {
	out := "index"
	if x.Unique {
		out = "unique index"
	}
	out = named(out, x.Name)
	if x.Method != "" {
		out += " " + x.Method
	}
	return out + " " + indexColumns(x)
}

// indexParts is an index without its name.
func indexParts(x schema.Index) string {
	out := ""
	if x.Unique {
		out = "unique "
	}
	if x.Method != "" {
		out += x.Method + " "
	}
	return out + indexColumns(x)
}

func indexColumns(x schema.Index) string {
	out := parts(x.Parts)
	if len(x.Include) > 0 {
		out += " include (" + strings.Join(x.Include, ", ") + ")"
	}
	if x.Where != "" {
		out += " where " + shorten(x.Where)
	}
	return out
}

func foreignKeyText(f schema.ForeignKey) string {
	return named("foreign key", f.Name) + " " + foreignKeyParts(f)
}

// foreignKeyParts is a foreign key without its name.
func foreignKeyParts(f schema.ForeignKey) string {
	out := "(" + strings.Join(f.Columns, ", ") + ") -> " + f.RefTable.String()
	if len(f.RefColumns) > 0 {
		out += " (" + strings.Join(f.RefColumns, ", ") + ")"
	}
	if f.OnDelete != "" && f.OnDelete != "NO ACTION" {
		out += " on delete " + strings.ToLower(f.OnDelete)
	}
	if f.OnUpdate != "" && f.OnUpdate != "NO ACTION" {
		out += " on update " + strings.ToLower(f.OnUpdate)
	}
	return out
}

// shorten keeps an expression to a line's length; -verbose shows all of it.
func shorten(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > 60 {
		return string(r[:59]) + "…"
	}
	return s
}
