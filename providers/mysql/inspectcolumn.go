package mysql

import (
	"encoding/hex"
	"strings"

	"github.com/syncform/syncform/providers/schema"
)

// column reads one column's line.
func (r *createReader) column() {
	c := schema.Column{Name: r.name(), Nullable: true}
	c.Type = r.server.readType(r.tokens)
	own := false
	for more := true; more; {
		switch {
		case r.accept("CHARACTER", "SET"):
			r.charsetOnly[c.Name], own = r.name(), true
		case r.accept("COLLATE"):
			c.Collation, own = r.name(), true
		case r.accept("NOT", "NULL"):
			c.Nullable = false
		case r.accept("NOT", "SECONDARY"), r.accept("NULL"):
		case r.accept("DEFAULT"):
			c.Default = r.defaultValue(&c)
		case r.accept("ON", "UPDATE"):
			c.OnUpdate = r.function()
		case r.accept("AUTO_INCREMENT"):
			c.Identity = &schema.Identity{}
		case r.accept("GENERATED", "ALWAYS", "AS"):
			c.Generated = r.generated()
		case r.accept("COMMENT"):
			c.Comment = r.next().text
		case r.accept("INVISIBLE"):
			c.Invisible = true
		case r.accept("CHECK"):
			r.inline[c.Name] = r.expression()
		case r.accept("SRID"):
			c.Type.Native += " srid " + r.name()
		case r.accept("WITHOUT", "SYSTEM", "VERSIONING"):
			r.option("without_versioning "+c.Name, "on")
		case r.cur.is(",") || r.cur.is(")"):
			more = false
		case r.cur.kind == wordToken || r.cur.kind == nameToken: // COLUMN_FORMAT DYNAMIC, `engine's own`=1
			r.next()
			r.accept("=")
			r.next()
		default:
			more = false
		}
	}
	r.bare[c.Name] = !own
	r.table.Columns = append(r.table.Columns, c)
}

func (r *createReader) generated() *schema.Generated {
	if r.accept("ROW") { // MariaDB's system versioning
		return &schema.Generated{Expr: "ROW " + strings.ToUpper(r.name()), Stored: true}
	}
	g := &schema.Generated{Expr: r.expression()}
	switch {
	case r.accept("VIRTUAL"):
	case r.accept("STORED"), r.accept("PERSISTENT"):
		g.Stored = true
	}
	return g
}

// function reads a name with its arguments, such as current_timestamp(3), as it is
// written.
func (r *createReader) function() string {
	start := r.cur.start
	end := r.next().end
	for r.cur.is(".") { // nextval of another database, qualified
		r.next()
		end = r.next().end
	}
	if r.cur.is("(") {
		r.parens()
		end = start + len(strings.TrimRight(r.src[start:r.cur.start], " \n*/"))
	}
	return r.local(r.src[start:end])
}

// defaultValue reads what stands behind DEFAULT.
func (r *createReader) defaultValue(c *schema.Column) *schema.Default {
	lit := func(text string) *schema.Default {
		return &schema.Default{Literal: true, Text: canonicalDefault(c.Type, text)}
	}
	switch {
	case r.accept("NULL"):
		return nil
	case r.cur.kind == stringToken:
		text := r.next().text
		if r.server.mariadb() && strings.Contains(text, "?") {
			r.doubtful = append(r.doubtful, c.Name)
		}
		return lit(text)
	case r.accept("-"):
		return lit("-" + r.next().text)
	case r.accept("+"):
		return lit(r.next().text)
	case r.cur.kind == numberToken:
		text := r.next().text
		if b, ok := hexBytes(text); ok {
			if c.Type.IsBinary() || c.Type.IsText() && r.charsetOnly[c.Name] == "" || r.charsetOnly[c.Name] == "utf8mb4" {
				return lit(b)
			}
			return &schema.Default{Text: text}
		}
		return lit(text)
	case r.cur.is("b") && r.cur.end < len(r.src) && r.src[r.cur.end] == '\'':
		r.next()
		return lit(r.next().text)
	case r.cur.is("x") && r.cur.end < len(r.src) && r.src[r.cur.end] == '\'':
		r.next()
		b, _ := hexBytes("0x" + r.next().text) // the server wrote it
		return lit(b)
	case r.cur.is("("):
		expr := r.expression()
		if text, ok := r.onlyLiteral(c.Type, expr); ok {
			return lit(text)
		}
		return &schema.Default{Text: expr}
	}
	return &schema.Default{Text: r.function()}
}

// onlyLiteral gives the value of an expression that is one literal, for the types to
// which MySQL allows no other literal than in parentheses.
func (r *createReader) onlyLiteral(ty schema.Type, expr string) (string, bool) {
	if !r.server.literalInParens(ty) {
		return "", false
	}
	t := newTokens(expr)
	if t.cur.is("x") && strings.HasPrefix(expr[t.cur.end:], "'") { // MySQL writes X'' so, others 0x..
		t.next()
		b, ok := hexBytes("0x" + t.next().text)
		return b, ok && t.end() && t.err == nil
	}
	if t.cur.kind == wordToken && strings.HasPrefix(t.cur.text, "_") {
		t.next()
	}
	if t.cur.kind == numberToken {
		if b, ok := hexBytes(t.next().text); ok && t.end() {
			return b, true
		}
		return "", false
	}
	if t.cur.kind != stringToken {
		return "", false
	}
	text := t.next().text
	return text, t.end() && t.err == nil
}

// literalInParens reports whether the type takes a literal default only as an
// expression.
func (s *server) literalInParens(ty schema.Type) bool {
	if s.mariadb() {
		return false
	}
	switch ty.Kind {
	case schema.Text, schema.Blob, schema.JSON, schema.Geometry:
		return true
	}
	return false
}

// hexBytes reads 0x..
func hexBytes(text string) (string, bool) {
	digits, ok := strings.CutPrefix(text, "0x")
	if !ok {
		return "", false
	}
	b, err := hex.DecodeString(digits)
	return string(b), err == nil
}

// resolveCollations writes charset and collation out for every column of text.
func (r *createReader) resolveCollations() {
	o := r.table.Options
	if o["charset"] == "" && o["collation"] != "" {
		r.option("charset", r.server.charsetOf(o["collation"]))
	}
	if o["charset"] != "" && o["collation"] == "" {
		r.option("collation", r.server.defaults[o["charset"]])
	}
	o = r.table.Options
	for i := range r.table.Columns {
		c := &r.table.Columns[i]
		if !c.Type.IsText() {
			c.Collation = ""
			continue
		}
		switch {
		case r.bare[c.Name]:
			c.Collation, c.Charset = o["collation"], o["charset"]
			continue
		case c.Collation == "":
			c.Collation = r.server.defaults[r.charsetOnly[c.Name]]
		}
		if c.Charset = r.charsetOnly[c.Name]; c.Charset == "" {
			c.Charset = r.server.charsetOf(c.Collation)
		}
		if r.charsetOnly[c.Name] != "" && c.Collation == o["collation"] && c.Charset == o["charset"] {
			r.option(explicitCollation+c.Name, "on")
		}
	}
}

// explicitCollation begins the option of a table that says that a column writes out the
// collation which is the table's too: MySQL keeps that, and shows it.
const explicitCollation = "explicit_collation "

// resolveChecks takes MariaDB's json alias for the type that it is, and gives the
// other checks of a column the column's name, as the server's catalogue does.
func (r *createReader) resolveChecks() {
	for i := range r.table.Columns {
		c := &r.table.Columns[i]
		expr, ok := r.inline[c.Name]
		if !ok {
			continue
		}
		if c.Type.Native == "longtext" && c.Collation == "utf8mb4_bin" && expr == "json_valid("+ident(c.Name)+")" {
			c.Type = r.server.typeOf("json", nil, nil, false, false, "")
			c.Charset, c.Collation = "", ""
			if d := c.Default; d != nil && d.Literal {
				d.Text = canonicalDefault(c.Type, d.Text)
			}
			continue
		}
		r.table.Checks = append(r.table.Checks, schema.Check{Name: c.Name, Expr: expr})
	}
}

// resolveDefaults leaves only the doubt about text.
func (r *createReader) resolveDefaults() {
	kept := r.doubtful[:0]
	for _, name := range r.doubtful {
		if c := r.table.Column(name); c != nil && (c.Type.IsText() || c.Type.Kind == schema.JSON) {
			kept = append(kept, name)
		}
	}
	r.doubtful = kept
}
