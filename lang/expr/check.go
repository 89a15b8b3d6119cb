package expr

import (
	"slices"
	"strings"

	"github.com/syncform/syncform/providers/schema"
)

// Column is what an expression may name.
type Column struct {
	Name     string
	Type     schema.Type
	Nullable bool
}

// Options of a check.
type Options struct {
	// Metadata allows what depends on the moment or on chance: NOW(), UUID(), RAND().
	Metadata bool
}

// Checked is an expression whose types are known. It is not changed by its use.
type Checked struct {
	expr    *Expr
	root    *typed
	columns []int
}

// typed is a node with its type.
type typed struct {
	node     *Node
	class    class
	typ      schema.Type
	nullable bool
	literal  bool // takes the type of what it meets
	constant bool
	value    *value // of a constant
	make     func() eval
}

type checker struct {
	expr    *Expr
	columns []Column
	options Options
	used    []int
}

// Check gives the expression its types. Columns are the source's; names are found as
// they stand, else without regard to case where only one fits. The error is an *Error.
func (e *Expr) Check(columns []Column, o Options) (*Checked, error) {
	c := &checker{expr: e, columns: columns, options: o}
	t, err := c.check(e.root)
	if err != nil {
		return nil, err
	}
	if k := t.typ.Kind; (k == schema.EnumKind || k == schema.Set || k == schema.Char) && e.root.op != opColumn {
		x := *t // the labels, or the padding, belong to the column
		x.typ = varchar(textLength(t.class, t.typ))
		t = &x
	}
	slices.Sort(c.used)
	return &Checked{expr: e, root: t, columns: slices.Compact(c.used)}, nil
}

// Condition is Check for what must be a condition.
func (e *Expr) Condition(columns []Column, o Options) (*Checked, error) {
	x, err := e.Check(columns, o)
	if err != nil {
		return nil, err
	}
	c := &checker{expr: e, columns: columns, options: o}
	t, terr := c.truth(x.root)
	if terr != nil {
		return nil, terr
	}
	x.root = t
	return x, nil
}

// Verify finds what is wrong with an expression whatever the columns are: functions
// that there are not, a wrong number of arguments, and what Options do not allow. The
// error is an *Error.
func (e *Expr) Verify(o Options) error {
	var first *Error
	e.root.walk(func(n *Node) {
		if first != nil || n.op != opCall {
			return
		}
		if _, err := lookup(n, o); err != nil {
			first = err
		}
	})
	if first == nil {
		return nil
	}
	return first
}

// Text is the expression as it was written.
func (c *Checked) Text() string { return c.expr.Text }

// Type is the type of the result; of NULL alone it is text.
func (c *Checked) Type() schema.Type {
	if c.root.class == cNull {
		return typText
	}
	return c.root.typ
}

// Nullable reports whether the result can be NULL.
func (c *Checked) Nullable() bool { return c.root.nullable }

// Columns gives the columns, as indexes of those that were given, that a row needs.
func (c *Checked) Columns() []int { return c.columns }

// Constant reports whether the result is the same for every row, and of a condition
// whether it holds.
func (c *Checked) Constant() (constant, holds bool) {
	t := c.root
	return t.constant, t.constant && t.class == cBool && !t.value.null && t.value.i != 0
}

// Copies reports whether the result is always the value of one column, unchanged.
func (c *Checked) Copies() bool { return c.root.node.op == opColumn }

// check gives a node its type and folds it where it is constant.
func (c *checker) check(n *Node) (*typed, *Error) {
	t, err := c.node(n)
	if err != nil {
		return nil, err
	}
	return c.fold(t)
}

func (c *checker) node(n *Node) (*typed, *Error) {
	switch n.op {
	case opColumn:
		return c.column(n)
	case opString, opNumber, opBytes, opNull, opBool, opTemporal:
		return c.literal(n)
	case opUnary:
		return c.unary(n)
	case opBinary:
		return c.binary(n)
	case opIs:
		return c.is(n)
	case opIn:
		return c.in(n)
	case opBetween:
		return c.between(n)
	case opLike:
		return c.like(n)
	case opCase:
		return c.caseWhen(n)
	case opCast:
		return c.cast(n)
	}
	return c.call(n)
}

// all checks several nodes.
func (c *checker) all(nodes []*Node) ([]*typed, *Error) {
	out := make([]*typed, len(nodes))
	for i, n := range nodes {
		var err *Error
		if out[i], err = c.check(n); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// column finds the column of that name.
func (c *checker) column(n *Node) (*typed, *Error) {
	at := slices.IndexFunc(c.columns, func(x Column) bool { return x.Name == n.Name })
	if at < 0 {
		for i, x := range c.columns {
			if !strings.EqualFold(x.Name, n.Name) {
				continue
			}
			if at >= 0 {
				return nil, errorAt(n, "%s may be the column %s or the column %s.", n.Name, c.columns[at].Name, x.Name).fix("Write the one that is meant in back quotes.")
			}
			at = i
		}
	}
	if at < 0 {
		e := errorAt(n, "There is no column %q.", n.Name)
		e.Column = n.Name
		return nil, e
	}
	c.used = append(c.used, at)
	col := c.columns[at]
	return &typed{node: n, class: classOf(col.Type), typ: plain(col.Type), nullable: col.Nullable,
		make: func() eval { return columnEval(at, col.Name, col.Type) }}, nil
}

// fold computes what no row changes.
func (c *checker) fold(t *typed) (*typed, *Error) {
	if !t.constant || t.value != nil {
		return t, nil
	}
	m := &machine{missing: -1}
	v := &value{}
	t.make()(m, v)
	if m.err != nil {
		return nil, errorAt(t.node, "%s can't be computed: %s.", m.err.Part, m.err.Reason)
	}
	return constant(t.node, t.class, t.typ, v), nil
}

// constant is a value that is the same for every row.
func constant(n *Node, c class, t schema.Type, v *value) *typed {
	return &typed{node: n, class: c, typ: t, nullable: v.null, constant: true, value: v,
		make: func() eval { return func(_ *machine, to *value) { *to = *v } }}
}

// part gives the words of a node, for messages about values.
func (c *checker) part(n *Node) string { return c.expr.part(n) }

// strict makes a node whose result is NULL where one of its arguments is.
func (c *checker) strict(n *Node, k class, t schema.Type, args []*typed, f func(m *machine, v *value, a []*value)) *typed {
	out := &typed{node: n, class: k, typ: t, constant: true}
	for _, a := range args {
		out.nullable = out.nullable || a.nullable
		out.constant = out.constant && a.constant
	}
	out.make = func() eval {
		fs, slots := slots(args)
		return func(m *machine, v *value) {
			for i, f := range fs {
				if f != nil {
					f(m, slots[i])
				}
				if slots[i].null {
					v.null = true
					return
				}
			}
			v.null = false
			f(m, v, slots)
		}
	}
	return out
}

// slots compiles arguments, each with a place for its value; constants are there.
func slots(args []*typed) ([]eval, []*value) {
	fs, vs := make([]eval, len(args)), make([]*value, len(args))
	for i, a := range args {
		if a.value != nil {
			vs[i] = a.value
			continue
		}
		fs[i], vs[i] = a.make(), &value{}
	}
	return fs, vs
}

// loose makes a node that looks at NULLs itself: f gets each argument unevaluated.
func (c *checker) loose(n *Node, k class, t schema.Type, nullable bool, args []*typed, f func(m *machine, v *value, arg func(i int) *value)) *typed {
	out := &typed{node: n, class: k, typ: t, nullable: nullable, constant: true}
	for _, a := range args {
		out.constant = out.constant && a.constant
	}
	out.make = func() eval {
		fs, slots := slots(args)
		var m *machine
		arg := func(i int) *value {
			if fs[i] != nil {
				fs[i](m, slots[i])
			}
			return slots[i]
		}
		return func(mm *machine, v *value) {
			m = mm
			f(mm, v, arg)
		}
	}
	return out
}

// typeWords says a type to people.
func typeWords(t schema.Type) string {
	return describeType(t)
}
