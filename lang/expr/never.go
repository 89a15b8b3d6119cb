package expr

import (
	"math"

	"github.com/syncform/syncform/providers/schema"
)

// Clash is a condition that leaves no row together with another one, or by itself.
type Clash struct {
	Condition int // its place among the conditions
	From, To  int // the part of its text
	Part      string
	Other     string // the other part, as written; "" where the column's type alone is against it
	Why       string // of what the column's type says
}

// Never finds conditions that no row can meet together: comparisons of one column with
// constants that exclude each other, or the column's type. It is nil where it knows of
// none. conditions are what Condition made with the same columns.
func Never(conditions []*Checked, columns []Column) *Clash {
	ranges := map[int]*interval{}
	for i, x := range conditions {
		if constant, _ := x.Constant(); constant {
			continue
		}
		c := &checker{expr: x.expr, columns: columns}
		for _, n := range conjuncts(x.expr.root, nil) {
			for _, p := range c.comparisons(n) {
				r := ranges[p.column]
				if r == nil {
					r = newInterval(p.typed, columns[p.column])
					ranges[p.column] = r
				}
				if other, why, clash := r.narrow(p, c.part(n)); clash {
					return &Clash{Condition: i, From: n.From, To: n.To, Part: c.part(n), Other: other, Why: why}
				}
			}
		}
	}
	return nil
}

// comparison is a column against constants of its own class.
type comparison struct {
	column int
	typed  *typed
	op     string
	values []*value
}

// comparisons reads one conjunct; it gives none where it can't say what it means.
func (c *checker) comparisons(n *Node) []comparison {
	if n.op == opBetween && !n.Not {
		low := c.comparison(&Node{op: opBinary, Name: ">=", Args: []*Node{n.Args[0], n.Args[1]}})
		high := c.comparison(&Node{op: opBinary, Name: "<=", Args: []*Node{n.Args[0], n.Args[2]}})
		return append(low, high...)
	}
	return c.comparison(n)
}

func (c *checker) comparison(n *Node) []comparison {
	var p comparison
	column := func(x *Node) bool {
		if x.op != opColumn {
			return false
		}
		t, err := c.column(x)
		if err != nil || !plainKind(c.columns[c.used[len(c.used)-1]].Type) && t.typ.Kind != schema.EnumKind {
			return false
		}
		p.column, p.typed = c.used[len(c.used)-1], t
		return true
	}
	values := func(nodes ...*Node) bool {
		for _, x := range nodes {
			text, ok := c.sameConstant(x, p.typed, c.columns[p.column])
			v := &value{}
			if !ok || parseLiteral(v, text, p.typed.class, p.typed.typ) != "" {
				return false
			}
			p.values = append(p.values, v)
		}
		return true
	}
	switch {
	case n.op == opIs && n.Name == "NULL" && column(n.Args[0]):
		p.op = "IS NULL"
		if n.Not {
			p.op = "IS NOT NULL"
		}
	case n.op == opIn && !n.Not && column(n.Args[0]) && values(n.Args[1:]...):
		p.op = "IN"
	case n.op == opBinary && mirrored[n.Name] != "":
		p.op = n.Name
		left, right := n.Args[0], n.Args[1]
		if left.op != opColumn {
			left, right, p.op = right, left, mirrored[n.Name]
		}
		if !column(left) || !values(right) {
			return nil
		}
	default:
		return nil
	}
	return []comparison{p}
}

// interval is what is left of a column's values; each bound with the text that set it.
type interval struct {
	cmp               func(x, y *value) int
	low, high         *value
	lowOpen, highOpen bool
	lowBy, highBy     string
	one               []*value // nil: all between the bounds
	oneBy             string
	null, some        string // the parts that ask for NULL, and for a value
	nullable          bool
	typed             string
}

func newInterval(t *typed, col Column) *interval {
	r := &interval{cmp: comparer(t, t), nullable: col.Nullable, typed: describeType(col.Type)}
	if t.class == cInt && col.Type.Bits > 0 && col.Type.Bits < 64 {
		if col.Type.Unsigned {
			r.low, r.high = &value{}, &value{i: math.MaxInt64 >> (63 - col.Type.Bits)}
		} else {
			r.low, r.high = &value{i: math.MinInt64 >> (64 - col.Type.Bits)}, &value{i: math.MaxInt64 >> (64 - col.Type.Bits)}
		}
	}
	return r
}

// narrow takes a comparison in. It reports whether nothing is left, and against which
// other part, or why.
func (r *interval) narrow(p comparison, part string) (other, why string, clash bool) {
	switch p.op {
	case "IS NULL":
		if !r.nullable {
			return "", "the column is never NULL", true
		}
		r.null = part
		return r.some, "", r.some != ""
	case "IS NOT NULL":
		r.some = part
		return r.null, "", r.null != ""
	}
	r.some = part
	if r.null != "" {
		return r.null, "", true
	}
	switch p.op {
	case "=", "IN":
		var left []*value
		for _, v := range p.values {
			by, out := r.outside(v)
			if !out {
				left = append(left, v)
			}
			other = by
		}
		if len(left) == 0 {
			return other, r.why(other), true
		}
		r.one, r.oneBy = left, part
		return "", "", false
	case "<>":
		if len(r.one) == 1 && r.cmp(r.one[0], p.values[0]) == 0 {
			return r.oneBy, "", true
		}
		return "", "", false
	}
	v, open := p.values[0], p.op == "<" || p.op == ">"
	if p.op == "<" || p.op == "<=" {
		if d := r.over(v, r.high); r.high == nil || d < 0 || d == 0 && open {
			r.high, r.highOpen, r.highBy = v, open, part
		}
		other = r.lowBy
	} else {
		if d := r.over(v, r.low); r.low == nil || d > 0 || d == 0 && open {
			r.low, r.lowOpen, r.lowBy = v, open, part
		}
		other = r.highBy
	}
	if r.low != nil && r.high != nil {
		if d := r.cmp(r.low, r.high); d > 0 || d == 0 && (r.lowOpen || r.highOpen) {
			return other, r.why(other), true
		}
	}
	if r.one == nil {
		return "", "", false
	}
	for _, x := range r.one {
		if _, out := r.outside(x); !out {
			return "", "", false
		}
	}
	return r.oneBy, "", true
}

func (r *interval) why(other string) string {
	if other != "" {
		return ""
	}
	return "the column is " + r.typed
}

func (r *interval) over(v, bound *value) int {
	if bound == nil {
		return 0
	}
	return r.cmp(v, bound)
}

// outside reports whether a value is excluded, and by which part; "" is the type.
func (r *interval) outside(v *value) (by string, out bool) {
	if r.low != nil {
		if d := r.cmp(v, r.low); d < 0 || d == 0 && r.lowOpen {
			return r.lowBy, true
		}
	}
	if r.high != nil {
		if d := r.cmp(v, r.high); d > 0 || d == 0 && r.highOpen {
			return r.highBy, true
		}
	}
	if r.one == nil {
		return "", false
	}
	for _, x := range r.one {
		if r.cmp(x, v) == 0 {
			return "", false
		}
	}
	return r.oneBy, true
}
