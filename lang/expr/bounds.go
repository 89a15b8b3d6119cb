package expr

import (
	"slices"
	"strings"

	"github.com/syncform/syncform/providers/schema"
)

// Bound is a comparison of one column with constants, for a server to leave out rows that
// filters would drop. A row for which a Bound is not TRUE is none that the filters keep,
// nor one that they could not decide about; the filters are still evaluated for the rest.
type Bound struct {
	Column string      `json:"column"`
	Type   schema.Type `json:"type"`
	// Op is =, <>, <, <=, >, >=, IN, NOT IN, IS NULL or IS NOT NULL.
	Op string `json:"op"`
	// Values are of the column's class, in canonical text: one, several for IN and NOT IN,
	// none for IS NULL and IS NOT NULL.
	Values []string `json:"values,omitempty"`
}

// String says the comparison to people.
func (b Bound) String() string {
	switch {
	case len(b.Values) == 0:
		return b.Column + " " + b.Op
	case b.Op == "IN" || b.Op == "NOT IN":
		return b.Column + " " + b.Op + " (" + strings.Join(b.Values, ", ") + ")"
	}
	return b.Column + " " + b.Op + " " + b.Values[0]
}

// Bounds gives the comparisons that are parts of all that conditions demand, of types
// whose equality and order are the same everywhere: whole and decimal numbers, texts,
// truth values, dates and moments. Which of them a server can take is for its provider to
// say: texts compare by bytes here. conditions, which must all hold, are what Condition
// made with the same columns.
func Bounds(conditions []*Checked, columns []Column) []Bound {
	var out []Bound
	for _, x := range conditions {
		c := &checker{expr: x.expr, columns: columns}
		parts := conjuncts(x.expr.root, nil)
		sure := make([]bool, len(parts))
		for i, n := range parts {
			sure[i] = c.sure(n)
		}
		for i, n := range parts {
			b, col, ok := c.bound(n)
			// NULL AND x is not over with the NULL: x may still be an error.
			if ok && (!col.Nullable || b.Op == "IS NULL" || b.Op == "IS NOT NULL" || !slices.Contains(sure[i+1:], false)) {
				out = append(out, b)
			}
			if !sure[i] {
				return out // a row that it can't decide about is told of
			}
		}
	}
	return out
}

// conjuncts takes ANDs apart.
func conjuncts(n *Node, to []*Node) []*Node {
	if n.op == opBinary && n.Name == "AND" {
		return conjuncts(n.Args[1], conjuncts(n.Args[0], to))
	}
	return append(to, n)
}

// sure reports whether a condition has an answer for every value of its columns.
func (c *checker) sure(n *Node) bool {
	switch n.op {
	case opColumn:
		t, err := c.column(n)
		return err == nil && (t.class == cInt || t.class == cText || t.class == cBytes || t.class == cBool)
	case opString, opNumber, opBytes, opNull, opBool, opTemporal:
		return true
	case opUnary:
		return n.Name == "NOT" && c.sure(n.Args[0]) || n.Name == "-" && n.Args[0].op == opNumber
	case opBinary:
		switch n.Name {
		case "AND", "OR", "XOR", "=", "<=>", "<>", "<", "<=", ">", ">=":
		default:
			return false
		}
	case opIs, opIn, opBetween:
	case opLike:
		return len(n.Args) == 2 && n.Args[1].op == opString && c.sure(n.Args[0])
	default:
		return false
	}
	return !slices.ContainsFunc(n.Args, func(a *Node) bool { return !c.sure(a) })
}

var mirrored = map[string]string{"=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<="}

// bound reads one conjunct.
func (c *checker) bound(n *Node) (b Bound, col Column, ok bool) {
	column := func(x *Node) (*typed, bool) {
		if x.op != opColumn {
			return nil, false
		}
		t, err := c.column(x)
		if err != nil {
			return nil, false
		}
		col = c.columns[c.used[len(c.used)-1]]
		b.Column, b.Type = col.Name, col.Type
		return t, true
	}
	switch {
	case n.op == opColumn:
		t, is := column(n)
		b.Op, b.Values = "=", []string{"t"}
		return b, col, is && t.class == cBool && plainKind(col.Type)
	case n.op == opIs && n.Name == "NULL":
		t, is := column(n.Args[0])
		b.Op = "IS NULL"
		if n.Not {
			b.Op = "IS NOT NULL"
		}
		return b, col, is && (n.Not || t.class == cInt || t.class == cText || t.class == cBytes)
	case n.op == opIn:
		t, is := column(n.Args[0])
		if !is {
			return b, col, false
		}
		b.Op = "IN"
		if n.Not {
			b.Op = "NOT IN"
		}
		for _, x := range n.Args[1:] {
			v, same := c.constantFor(x, t, col)
			if !same {
				return b, col, false
			}
			b.Values = append(b.Values, v)
		}
		return b, col, true
	case n.op == opBinary && mirrored[n.Name] != "":
		b.Op = n.Name
		left, right := n.Args[0], n.Args[1]
		if left.op != opColumn {
			left, right, b.Op = right, left, mirrored[n.Name]
		}
		t, is := column(left)
		if !is {
			return b, col, false
		}
		v, same := c.constantFor(right, t, col)
		b.Values = []string{v}
		return b, col, same
	}
	return b, col, false
}

// plainKind reports whether values of a type compare alike in all systems, text by bytes.
func plainKind(t schema.Type) bool {
	switch t.Kind {
	case schema.Bool, schema.Int, schema.Date, schema.Timestamp, schema.TimestampTZ, schema.Text, schema.Varchar, schema.UUID:
		return true
	case schema.Decimal:
		return t.Precision > 0 && t.Precision <= 60 && t.Scale >= 0
	}
	return false
}

// constantFor gives the constant that a column meets, in canonical text of its class.
func (c *checker) constantFor(n *Node, column *typed, col Column) (string, bool) {
	if !plainKind(col.Type) {
		return "", false
	}
	return c.sameConstant(n, column, col)
}

// sameConstant is constantFor whatever the column's type is.
func (c *checker) sameConstant(n *Node, column *typed, col Column) (string, bool) {
	x, err := c.check(n)
	if err != nil || !x.constant {
		return "", false
	}
	if x, err = c.take(x, column); err != nil || x.value == nil || x.value.null {
		return "", false
	}
	switch {
	case column.class == cDecimal && x.class == cDecimal:
		return string(x.value.d.append(nil)), true
	case x.class != column.class && !(column.class == cDecimal && x.class == cInt):
		return "", false
	case column.class == cDateTime && col.Type.Kind == schema.TimestampTZ:
		return string(appendDateTime(nil, x.value.i, x.value.j, true)), true
	}
	text, reason := appendValue(nil, x.value, x.class, &x.typ)
	return string(text), reason == ""
}
