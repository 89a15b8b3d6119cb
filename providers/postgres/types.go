package postgres

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/agext/levenshtein"

	"github.com/syncform/syncform/providers/schema"
)

// builtin is one of the server's own types by each of its names.
type builtin struct {
	native string // as format_type writes it, without arguments
	kind   schema.Kind
	bits   int
	args   argument
}

// argument says what stands in a type's parentheses.
type argument int

const (
	none argument = iota
	length
	digits // precision, scale
	fraction
)

// builtins are the names that a user may write and that format_type gives.
var builtins = func() map[string]builtin {
	m := map[string]builtin{}
	add := func(b builtin, names ...string) {
		for _, n := range names {
			m[n] = b
		}
	}
	add(builtin{"boolean", schema.Bool, 0, none}, "boolean", "bool")
	add(builtin{"smallint", schema.Int, 16, none}, "smallint", "int2")
	add(builtin{"integer", schema.Int, 32, none}, "integer", "int", "int4")
	add(builtin{"bigint", schema.Int, 64, none}, "bigint", "int8")
	add(builtin{"numeric", schema.Decimal, 0, digits}, "numeric", "decimal", "dec")
	add(builtin{"real", schema.Float, 32, none}, "real", "float4")
	add(builtin{"double precision", schema.Float, 64, none}, "double precision", "float8")
	add(builtin{"character", schema.Char, 0, length}, "character", "char", "nchar", "national character", "national char")
	add(builtin{"bpchar", schema.Char, 0, none}, "bpchar")
	add(builtin{"character varying", schema.Varchar, 0, length}, "character varying", "char varying", "varchar", "national character varying", "nchar varying")
	add(builtin{"text", schema.Text, 0, none}, "text")
	add(builtin{"bytea", schema.Blob, 0, none}, "bytea")
	add(builtin{"date", schema.Date, 0, none}, "date")
	add(builtin{"time without time zone", schema.Time, 0, fraction}, "time", "time without time zone")
	add(builtin{"time with time zone", schema.TimeTZ, 0, fraction}, "timetz", "time with time zone")
	add(builtin{"timestamp without time zone", schema.Timestamp, 0, fraction}, "timestamp", "timestamp without time zone")
	add(builtin{"timestamp with time zone", schema.TimestampTZ, 0, fraction}, "timestamptz", "timestamp with time zone")
	add(builtin{"uuid", schema.UUID, 0, none}, "uuid")
	add(builtin{"json", schema.JSON, 0, none}, "json")
	add(builtin{"jsonb", schema.JSONB, 0, none}, "jsonb")
	add(builtin{"xml", schema.XML, 0, none}, "xml")
	add(builtin{"bit", schema.Bit, 0, length}, "bit")
	add(builtin{"bit varying", schema.VarBit, 0, length}, "bit varying", "varbit")
	for _, n := range others {
		add(builtin{n, schema.Other, 0, none}, n)
	}
	return m
}()

// others are the server's types that have no counterpart elsewhere.
var others = strings.Fields(`name money inet cidr macaddr macaddr8 point line lseg box path polygon circle tsvector tsquery oid xid xid8 cid tid
pg_lsn pg_snapshot txid_snapshot jsonpath int4range int8range numrange tsrange tstzrange daterange int4multirange int8multirange nummultirange
tsmultirange tstzmultirange datemultirange regclass regproc regprocedure regoper regoperator regtype regrole regnamespace regconfig
regdictionary regcollation aclitem refcursor int2vector oidvector`)

// ParseType reads a type of PostgreSQL by any of its names. A type that the database
// itself defines is written with its schema ("public.mood"): what it holds is only
// known once it was inspected.
func (c *Conn) ParseType(text string) (schema.Type, error) { return parseType(text) }

func parseType(text string) (schema.Type, error) {
	t, err := parseTypeWords(text)
	t.System = schema.PostgreSQL
	return t, err
}

func parseTypeWords(text string) (schema.Type, error) {
	text = strings.TrimSpace(text)
	if elem, ok := cutArray(text); ok {
		e, err := parseType(elem)
		if err != nil {
			return schema.Type{}, err
		}
		if e.Kind == schema.Array { // integer[][] is integer[]
			return e, nil
		}
		return schema.Type{Kind: schema.Array, Elem: &e, Native: e.Native + "[]"}, nil
	}
	name, args, err := splitType(text)
	if err != nil {
		return schema.Type{}, err
	}
	if t, ok, err := specialType(text, name, args); ok || err != nil {
		return t, err
	}
	b, ok := builtins[name]
	if !ok {
		return userType(text)
	}
	t := schema.Type{Kind: b.kind, Bits: b.bits, Native: b.native}
	if len(args) > 0 {
		if err := b.apply(&t, args); err != nil {
			return schema.Type{}, fmt.Errorf("type %q: %w", text, err)
		}
		return t, nil
	}
	if b.native == "character" || b.native == "bit" {
		t.Length, t.Native = 1, b.native+"(1)"
	}
	return t, nil
}

// cutArray takes one [] or ARRAY off the end.
func cutArray(text string) (string, bool) {
	if strings.HasSuffix(text, "]") {
		if open := strings.LastIndexByte(text, '['); open > 0 {
			if _, err := strconv.Atoi("0" + text[open+1:len(text)-1]); err == nil {
				return text[:open], true
			}
		}
	}
	if len(text) > 6 && strings.EqualFold(text[len(text)-6:], " array") {
		return text[:len(text)-6], true
	}
	return text, false
}

// splitType takes the arguments out of a type: "timestamp (3) with time zone" is
// "timestamp with time zone" and 3.
func splitType(text string) (string, []int, error) {
	if strings.Contains(text, `"`) {
		return text, nil, nil
	}
	name, rest, found := strings.Cut(text, "(")
	var args []int
	if found {
		inner, after, closed := strings.Cut(rest, ")")
		if !closed {
			return "", nil, fmt.Errorf("type %q: a parenthesis is not closed", text)
		}
		for _, a := range strings.Split(inner, ",") {
			n, err := strconv.Atoi(strings.TrimSpace(a))
			if err != nil {
				return text, nil, nil // a type of an extension: geometry(Point,4326)
			}
			args = append(args, n)
		}
		name += " " + after
	}
	return strings.ToLower(strings.Join(strings.Fields(name), " ")), args, nil
}

// specialType reads what does not follow the table: float(n), interval, "char" and "bit".
func specialType(text, name string, args []int) (schema.Type, bool, error) {
	switch {
	case name == "float":
		n := 53
		if len(args) == 1 {
			n = args[0]
		}
		if len(args) > 1 || n < 1 || n > 53 {
			return schema.Type{}, false, fmt.Errorf("type %q: float takes 1 to 53 bits", text)
		}
		if n <= 24 {
			return schema.Type{Kind: schema.Float, Bits: 32, Native: "real"}, true, nil
		}
		return schema.Type{Kind: schema.Float, Bits: 64, Native: "double precision"}, true, nil
	case name == "interval" || strings.HasPrefix(name, "interval "):
		t := schema.Type{Kind: schema.Interval, Native: name}
		if len(args) == 1 && args[0] >= 0 && args[0] <= 6 {
			t.Precision = args[0] + 1
			t.Native += "(" + strconv.Itoa(args[0]) + ")"
		} else if len(args) > 0 {
			return schema.Type{}, false, fmt.Errorf("type %q: interval takes 0 to 6 digits after the second", text)
		}
		return t, true, nil
	case text == `"char"`:
		return schema.Type{Kind: schema.Other, Native: text}, true, nil
	case text == `"bit"`:
		return schema.Type{Kind: schema.Bit, Native: text}, true, nil
	}
	return schema.Type{}, false, nil
}

// apply sets a type's arguments.
func (b builtin) apply(t *schema.Type, args []int) error {
	switch {
	case b.args == none:
		return fmt.Errorf("%s takes no length", b.native)
	case len(args) > 1 && b.args != digits || len(args) > 2:
		return fmt.Errorf("%s takes fewer numbers in parentheses", b.native)
	}
	n := args[0]
	switch b.args {
	case length:
		if n < 1 || n > 10485760 && b.kind != schema.Bit && b.kind != schema.VarBit {
			return fmt.Errorf("%s takes a length of 1 to 10485760", b.native)
		}
		t.Length = n
		t.Native = fmt.Sprintf("%s(%d)", b.native, n)
	case digits:
		if n < 1 || n > 1000 {
			return fmt.Errorf("numeric takes 1 to 1000 digits")
		}
		t.Precision = n
		if len(args) == 2 {
			t.Scale = args[1]
		}
		if t.Scale < -1000 || t.Scale > 1000 {
			return fmt.Errorf("numeric takes a scale of -1000 to 1000")
		}
		t.Native = fmt.Sprintf("numeric(%d,%d)", n, t.Scale)
	case fraction:
		if n < 0 || n > 6 {
			return fmt.Errorf("%s takes 0 to 6 digits after the second", b.native)
		}
		t.Precision = n + 1
		word, rest, _ := strings.Cut(b.native, " ")
		t.Native = fmt.Sprintf("%s(%d) %s", word, n, rest)
	}
	return nil
}

// userType reads a type that the database defines.
func userType(text string) (schema.Type, error) {
	name, ok := parseName(text)
	if !ok || name.Schema == "" {
		near := nearest(strings.ToLower(text))
		if near != "" {
			near = fmt.Sprintf("; did you mean %q?", near)
		}
		return schema.Type{}, fmt.Errorf("PostgreSQL has no type %q%s (a type of the database's own is written with its schema: public.%s)", text, near, text)
	}
	t := schema.Type{Kind: schema.Other, Name: name, Native: text}
	if name.Schema == "pg_catalog" {
		return parseTypeWords(name.Name)
	}
	if name.Name == "citext" {
		t.Kind = schema.Text
	}
	return t, nil
}

// nearest finds a built-in type whose name is at most two letters away.
func nearest(name string) string {
	name, _, _ = strings.Cut(name, "(")
	best, at := "", 3
	for _, n := range sortedBuiltins {
		if d := levenshtein.Distance(name, n, nil); d < at {
			best, at = n, d
		}
	}
	return best
}

var sortedBuiltins = func() []string {
	names := make([]string, 0, len(builtins))
	for n := range builtins {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}()

// parseName reads schema.name or name, each quoted or not; unquoted ones are folded
// to lower case. Type arguments behind it are left out.
func parseName(text string) (schema.Name, bool) {
	var parts []string
	for rest := text; ; {
		var part string
		if strings.HasPrefix(rest, `"`) {
			end := 1
			var b strings.Builder
			for {
				i := strings.IndexByte(rest[end:], '"')
				if i < 0 {
					return schema.Name{}, false
				}
				b.WriteString(rest[end : end+i])
				end += i + 1
				if end == len(rest) || rest[end] != '"' {
					break
				}
				b.WriteByte('"')
				end++
			}
			part, rest = b.String(), rest[end:]
		} else {
			end := strings.IndexAny(rest, ". (\"")
			if end < 0 {
				end = len(rest)
			}
			part, rest = strings.ToLower(rest[:end]), rest[end:]
		}
		if part == "" {
			return schema.Name{}, false
		}
		parts = append(parts, part)
		if !strings.HasPrefix(rest, ".") {
			if rest != "" && rest[0] != '(' {
				return schema.Name{}, false
			}
			break
		}
		rest = rest[1:]
	}
	switch len(parts) {
	case 1:
		return schema.Name{Name: parts[0]}, true
	case 2:
		return schema.Name{Schema: parts[0], Name: parts[1]}, true
	}
	return schema.Name{}, false
}
