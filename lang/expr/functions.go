package expr

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/syncform/syncform/providers/schema"
)

// function is one row of the table of functions: what the checker does, and what
// docs/expressions.md says.
type function struct {
	name     string
	aliases  []string
	args     string // for people: text, from[, length]
	result   string
	group    string
	text     string
	examples []Example
	least    int
	most     int // -1: any number
	unit     bool
	metadata bool // only where the moment and chance are allowed
	bind     func(c *checker, n *Node, a []*typed) (*typed, *Error)
}

// Example is an expression without columns and the text of its result; NULL is "NULL".
type Example struct{ Expr, Result string }

// Function is what people are told of a function.
type Function struct {
	Group, Name, Args, Result, Text string
	Aliases                         []string
	Examples                        []Example
	Metadata                        bool
}

// Functions lists all functions by group, in the order of the documentation.
func Functions() []Function {
	out := make([]Function, 0, len(table))
	for _, f := range table {
		out = append(out, Function{f.group, f.name, f.args, f.result, f.text, f.aliases, f.examples, f.metadata})
	}
	return out
}

// table holds all functions.
var table = slices.Concat(textFunctions, hashFunctions, nullFunctions, numberFunctions, dateFunctions, jsonFunctions, regexpFunctions, momentFunctions)

// byName finds a function by its name or an alias.
var byName = func() map[string]*function {
	m := map[string]*function{}
	for i := range table {
		f := &table[i]
		for _, name := range append([]string{f.name}, f.aliases...) {
			m[name] = f
		}
	}
	return m
}()

// foreign names functions that users of other dialects look for, and what to write.
var foreign = map[string]string{
	"TO_CHAR": "Write DATE_FORMAT(a, '%Y-%m-%d'), or CAST(a AS CHAR).", "DATE_TRUNC": "Write DATE(a), or DATE_FORMAT(a, '%Y-%m-01').", "TO_DATE": "Write STR_TO_DATE(a, '%Y-%m-%d').",
	"TO_TIMESTAMP": "Write STR_TO_DATE(a, '%Y-%m-%d %H:%i:%s'), or FROM_UNIXTIME(a).", "SPLIT_PART": "Write SUBSTRING_INDEX(SUBSTRING_INDEX(a, ',', 2), ',', -1), say.", "STRPOS": "Write LOCATE(what, a).",
	"BTRIM": "Write TRIM(a).", "INITCAP": "Write CONCAT(UPPER(LEFT(a, 1)), LOWER(SUBSTRING(a, 2))).", "NVL": "Write IFNULL(a, b).", "ISNULL": "Write a IS NULL.", "DECODE": "Write CASE.", "LEN": "Write CHAR_LENGTH(a).",
	"DATE_PART": "Write EXTRACT(YEAR FROM a).", "AGE": "Write TIMESTAMPDIFF(YEAR, a, b).", "REGEXP_MATCH": "Write a REGEXP b.", "REGEXP_MATCHES": "Write a REGEXP b.", "JSONB_EXTRACT_PATH_TEXT": "Write a ->> '$.name'.", "JSON_EXTRACT_PATH_TEXT": "Write a ->> '$.name'.",
	"DATEADD": "Write DATE_ADD(a, INTERVAL 3 DAY).", "CHARINDEX": "Write LOCATE(what, a).", "STRING_AGG": "An expression sees one row.", "GEN_RANDOM_UUID": "Write UUID(), in add_metadata.", "GETDATE": "Write NOW(), in add_metadata.", "CHR": "There is no such function here.", "TRANSLATE": "Write REPLACE, once per character.",
}

// aggregates see several rows.
var aggregates = map[string]bool{"COUNT": true, "SUM": true, "AVG": true, "MIN": true, "MAX": true, "GROUP_CONCAT": true, "ARRAY_AGG": true, "JSON_ARRAYAGG": true, "ROW_NUMBER": true, "RANK": true, "LAG": true, "LEAD": true}

// lookup finds a call's function and counts its arguments.
func lookup(n *Node, o Options) (*function, *Error) {
	at := &Node{From: n.From, To: n.From + len(n.Name)}
	if at.To > n.To {
		at.To = n.To
	}
	f := byName[n.Name]
	if f == nil {
		if aggregates[n.Name] {
			e := errorAt(at, "%s counts over many rows, and an expression sees one.", n.Name)
			if n.Name == "MIN" || n.Name == "MAX" {
				e.Fix = "Of several values in one row LEAST(a, b) and GREATEST(a, b) take one."
			}
			return nil, e
		}
		e := errorAt(at, "There is no function %s.", n.Name)
		if fix := foreign[n.Name]; fix != "" {
			return nil, e.fix("%s", fix)
		}
		names := make([]string, 0, len(byName))
		for name := range byName {
			names = append(names, name)
		}
		sort.Strings(names)
		for _, name := range names {
			if near(n.Name, name) && name[0] != '-' {
				return nil, e.fix("Did you mean %s?", name)
			}
		}
		return nil, e.fix("docs/expressions.md lists all of them.")
	}
	if f.metadata && !o.Metadata {
		e := errorAt(n, "%s gives another value each time, and a mapping must give the same for the same row.", n.Name)
		return nil, e.fix("It can stand in add_metadata only.")
	}
	if len(n.Args) < f.least || f.most >= 0 && len(n.Args) > f.most {
		want := plural(f.least, "argument")
		switch {
		case f.most < 0:
			want = "at least " + want
		case f.most > f.least:
			want = fmt.Sprintf("%d to %d arguments", f.least, f.most)
		}
		return nil, errorAt(n, "%s takes %s (%s), not %d.", n.Name, want, f.args, len(n.Args))
	}
	return f, nil
}

func (c *checker) call(n *Node) (*typed, *Error) {
	f, err := lookup(n, c.options)
	if err != nil {
		return nil, err
	}
	a, err := c.all(n.Args)
	if err != nil {
		return nil, err
	}
	return f.bind(c, n, a)
}

// str makes an argument text: numbers and times become what CAST AS CHAR gives.
func (c *checker) str(n *Node, a *typed) (*typed, *Error) {
	switch {
	case a.class == cText:
		return a, nil
	case a.class == cNull:
		return c.as(a, cText, typText), nil
	case a.class == cJSON:
		return nil, errorAt(a.node, "%s takes text, and %s is JSON.", n.Name, c.part(a.node)).fix("Write %s ->> '$' for the text in it.", c.part(a.node))
	case a.class == cBytes:
		return nil, errorAt(a.node, "%s takes text, and %s is bytes.", n.Name, c.part(a.node)).fix("Write CAST(%s AS CHAR), or HEX(%s).", c.part(a.node), c.part(a.node))
	case a.class == cOpaque:
		return nil, errorAt(a.node, "%s takes text, and %s is %s.", n.Name, c.part(a.node), describeType(a.typ)).fix("Write CAST(%s AS CHAR).", c.part(a.node))
	}
	return c.as(a, cText, varchar(textLength(a.class, a.typ))), nil
}

// data makes an argument text or bytes.
func (c *checker) data(n *Node, a *typed) (*typed, *Error) {
	if a.class == cBytes {
		return a, nil
	}
	return c.str(n, a)
}

// number makes an argument a number, whole one a whole number.
func (c *checker) numberArg(n *Node, a *typed) (*typed, *Error) { return c.num(a, n.Name) }

func (c *checker) wholeArg(n *Node, a *typed) (*typed, *Error) { return c.whole(a, n.Name) }

// moment makes an argument a date or a date with time.
func (c *checker) moment(n *Node, a *typed) (*typed, *Error) {
	switch {
	case a.class == cDate || a.class == cDateTime:
		return a, nil
	case a.class == cNull:
		return c.as(a, cDateTime, schema.Type{Kind: schema.Timestamp}), nil
	case a.class == cText && a.literal:
		v := &value{}
		if decodeOnlyDate(v, string(a.value.b)) {
			return constant(a.node, cDate, typDate, v), nil
		}
		t := schema.Type{Kind: schema.Timestamp}
		if reason := parseLiteral(v, string(a.value.b), cDateTime, t); reason != "" {
			return nil, errorAt(a.node, "%s.", reason)
		}
		return constant(a.node, cDateTime, t, v), nil
	}
	e := errorAt(a.node, "%s takes a date, and %s is %s.", n.Name, c.part(a.node), c.is2(a))
	switch a.class {
	case cText:
		e.Fix = "Write CAST(" + c.part(a.node) + " AS DATETIME), or STR_TO_DATE(" + c.part(a.node) + ", '%Y-%m-%d')."
	case cInt, cDecimal:
		e.Fix = "For seconds since 1970 write FROM_UNIXTIME(" + c.part(a.node) + ")."
	}
	return nil, e
}

func decodeOnlyDate(v *value, s string) bool {
	var ok bool
	v.i, ok = decodeDate([]byte(strings.TrimSpace(s)))
	return ok
}

// constantText gives the text of an argument that must be the same for every row.
func (c *checker) constantText(n *Node, a *typed, what string) (string, *Error) {
	if a.value == nil || a.class != cText || a.value.null {
		return "", errorAt(a.node, "%s of %s is a text in quotes.", what, n.Name)
	}
	return string(a.value.b), nil
}

// each applies a conversion to all arguments.
func each(n *Node, a []*typed, f func(*Node, *typed) (*typed, *Error)) *Error {
	for i := range a {
		var err *Error
		if a[i], err = f(n, a[i]); err != nil {
			return err
		}
	}
	return nil
}

// ofText binds a function of one text.
func ofText(result func(t schema.Type) schema.Type, f func(m *machine, v *value, b []byte)) func(*checker, *Node, []*typed) (*typed, *Error) {
	return func(c *checker, n *Node, a []*typed) (*typed, *Error) {
		if err := each(n, a, c.str); err != nil {
			return nil, err
		}
		return c.strict(n, cText, result(a[0].typ), a, func(m *machine, v *value, a []*value) { f(m, v, a[0].b) }), nil
	}
}

// asLong is text of the same length.
func asLong(t schema.Type) schema.Type { return varchar(textLength(cText, t)) }
