package expr

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/syncform/syncform/providers/schema"
)

func (c *checker) binary(n *Node) (*typed, *Error) {
	a, err := c.all(n.Args)
	if err != nil {
		return nil, err
	}
	switch n.Name {
	case "AND", "OR", "XOR":
		for i := range a {
			if a[i], err = c.truth(a[i]); err != nil {
				return nil, err
			}
		}
		return c.logic(n, a), nil
	case "=", "<=>", "<>", "<", "<=", ">", ">=":
		return c.compare(n, n.Name, a[0], a[1])
	}
	return c.arithmetic(n, a[0], a[1])
}

// logic is AND, OR and XOR of three values.
func (c *checker) logic(n *Node, a []*typed) *typed {
	nullable := a[0].nullable || a[1].nullable
	if n.Name == "XOR" {
		return c.strict(n, cBool, typBool, a, func(_ *machine, v *value, a []*value) { v.bool(a[0].i != a[1].i) })
	}
	decides := int64(0) // the value that decides whatever the other side is
	if n.Name == "OR" {
		decides = 1
	}
	for _, x := range a {
		if x.value != nil && !x.value.null && x.value.i == decides {
			return constant(n, cBool, typBool, &value{i: decides})
		}
	}
	return c.loose(n, cBool, typBool, nullable, a, func(_ *machine, v *value, arg func(int) *value) {
		x := arg(0)
		if !x.null && x.i == decides {
			v.null, v.i = false, decides
			return
		}
		null := x.null
		y := arg(1)
		if !y.null && y.i == decides {
			v.null, v.i = false, decides
			return
		}
		v.null, v.i = null || y.null, 1-decides
	})
}

// compare is one of the comparison operators.
func (c *checker) compare(n *Node, name string, a, b *typed) (*typed, *Error) {
	if name != "<=>" {
		for _, x := range []*typed{a, b} {
			if x.class == cNull {
				other := a
				if x == a {
					other = b
				}
				e := errorAt(n, "Nothing is equal to NULL, nor different from it, so this is never true.")
				if name == "<>" {
					return nil, e.fix("Write %s IS NOT NULL.", c.part(other.node))
				}
				return nil, e.fix("Write %s IS NULL.", c.part(other.node))
			}
		}
	}
	if err := c.label(a, b); err != nil {
		return nil, err
	}
	if err := c.label(b, a); err != nil {
		return nil, err
	}
	a, b, err := c.meet(n, a, b)
	if err != nil {
		return nil, err
	}
	if (a.class == cOpaque || a.typ.Kind == schema.EnumKind && b.typ.Kind == schema.EnumKind) && name != "=" && name != "<>" && name != "<=>" {
		return nil, errorAt(n, "%s is %s, whose values have no order here: they are equal or different.", c.part(a.node), describeType(a.typ))
	}
	cmp := comparer(a, b)
	args := []*typed{a, b}
	if name == "<=>" {
		return c.loose(n, cBool, typBool, false, args, func(_ *machine, v *value, arg func(int) *value) {
			x, y := arg(0), arg(1)
			if x.null || y.null {
				v.bool(x.null && y.null)
				return
			}
			v.bool(cmp(x, y) == 0)
		}), nil
	}
	if (name == "=" || name == "<>") && (a.class == cText || a.class == cBytes) {
		want := name == "="
		return c.strict(n, cBool, typBool, args, func(_ *machine, v *value, a []*value) { v.bool(bytes.Equal(a[0].b, a[1].b) == want) }), nil
	}
	test := tests[name]
	return c.strict(n, cBool, typBool, args, func(_ *machine, v *value, a []*value) { v.bool(test(cmp(a[0], a[1]))) }), nil
}

var tests = map[string]func(int) bool{
	"=": func(r int) bool { return r == 0 }, "<>": func(r int) bool { return r != 0 },
	"<": func(r int) bool { return r < 0 }, "<=": func(r int) bool { return r <= 0 },
	">": func(r int) bool { return r > 0 }, ">=": func(r int) bool { return r >= 0 },
}

// label refuses a text that is none of an enum's labels.
func (c *checker) label(text, enum *typed) *Error {
	if enum.typ.Kind != schema.EnumKind || !text.literal || text.class != cText || len(enum.typ.Values) == 0 {
		return nil
	}
	v := string(text.value.b)
	if slices.Contains(enum.typ.Values, v) {
		return nil
	}
	e := errorAt(text.node, "%s never has the value '%s'.", c.part(enum.node), v)
	for _, l := range enum.typ.Values {
		if strings.EqualFold(l, v) || near(l, v) {
			return e.fix("Did you mean '%s'?", l)
		}
	}
	return e.fix("Its values: %s.", list(enum.typ.Values))
}

func list(values []string) string {
	out := make([]string, 0, 10)
	for i, v := range values {
		if i == 10 {
			out = append(out, "...")
			break
		}
		out = append(out, "'"+v+"'")
	}
	return strings.Join(out, ", ")
}

// in is IN and NOT IN.
func (c *checker) in(n *Node) (*typed, *Error) {
	a, err := c.all(n.Args)
	if err != nil {
		return nil, err
	}
	var alternatives *typed
	for _, x := range a[1:] {
		if x.class == cNull && n.Not {
			return nil, errorAt(x.node, "NOT IN with a NULL in its list is never true.").fix("Take the NULL out.")
		}
		var eq *typed
		if x.class == cNull {
			eq = constant(x.node, cBool, typBool, &value{null: true})
		} else if eq, err = c.compare(x.node, "=", a[0], x); err != nil {
			return nil, err
		}
		if alternatives == nil {
			alternatives = eq
			continue
		}
		or := &Node{op: opBinary, Name: "OR", From: n.From, To: n.To}
		alternatives = c.logic(or, []*typed{alternatives, eq})
	}
	if s := c.inSet(n, a); s != nil {
		alternatives = s
	}
	if n.Not {
		return c.not(n, alternatives), nil
	}
	alternatives.node = n
	return alternatives, nil
}

// inSet is IN with a list of texts or of whole numbers that are the same for every row:
// one look-up in place of many comparisons.
func (c *checker) inSet(n *Node, a []*typed) *typed {
	if len(a) < 6 || a[0].class != cText && (a[0].class != cInt || a[0].typ.Unsigned) {
		return nil
	}
	texts, ints := map[string]bool{}, map[int64]bool{}
	for _, x := range a[1:] {
		x, err := c.take(x, a[0])
		if err != nil || x.value == nil || x.value.null || x.class != a[0].class || x.typ.Unsigned {
			return nil
		}
		texts[string(x.value.b)], ints[x.value.i] = true, true
	}
	if a[0].class == cText {
		return c.strict(n, cBool, typBool, a[:1], func(_ *machine, v *value, a []*value) { v.bool(texts[string(a[0].b)]) })
	}
	return c.strict(n, cBool, typBool, a[:1], func(_ *machine, v *value, a []*value) { v.bool(ints[a[0].i]) })
}

func (c *checker) between(n *Node) (*typed, *Error) {
	a, err := c.all(n.Args)
	if err != nil {
		return nil, err
	}
	low, err := c.compare(n, ">=", a[0], a[1])
	if err != nil {
		return nil, err
	}
	high, err := c.compare(n, "<=", a[0], a[2])
	if err != nil {
		return nil, err
	}
	and := c.logic(&Node{op: opBinary, Name: "AND", From: n.From, To: n.To}, []*typed{low, high})
	if n.Not {
		return c.not(n, and), nil
	}
	return and, nil
}

func (c *checker) not(n *Node, a *typed) *typed {
	return c.strict(n, cBool, typBool, []*typed{a}, func(_ *machine, v *value, a []*value) { v.bool(a[0].i == 0) })
}

// is is IS [NOT] NULL, TRUE, FALSE, UNKNOWN.
func (c *checker) is(n *Node) (*typed, *Error) {
	a, err := c.check(n.Args[0])
	if err != nil {
		return nil, err
	}
	not := n.Not
	if n.Name == "NULL" || n.Name == "UNKNOWN" {
		if n.Name == "UNKNOWN" {
			if a, err = c.truth(a); err != nil {
				return nil, err
			}
		}
		return c.loose(n, cBool, typBool, false, []*typed{a}, func(_ *machine, v *value, arg func(int) *value) { v.bool(arg(0).null != not) }), nil
	}
	if a, err = c.truth(a); err != nil {
		return nil, err
	}
	want := int64(0)
	if n.Name == "TRUE" {
		want = 1
	}
	return c.loose(n, cBool, typBool, false, []*typed{a}, func(_ *machine, v *value, arg func(int) *value) {
		x := arg(0)
		v.bool((!x.null && x.i == want) != not)
	}), nil
}

// unify brings the alternatives of CASE, COALESCE, IF and the like to one class.
func (c *checker) unify(n *Node, a []*typed) ([]*typed, class, schema.Type, *Error) {
	var meets *typed // the first that is no literal
	for _, x := range a {
		if !x.literal && (meets == nil || meets.class == cDate && x.class == cDateTime) {
			meets = x
		}
	}
	out := slices.Clone(a)
	if meets != nil {
		for i, x := range out {
			var err *Error
			if out[i], err = c.takeLoose(x, meets); err != nil {
				return nil, 0, schema.Type{}, err
			}
		}
	}
	k, t := cNull, schema.Type{}
	var first *typed
	for _, x := range out {
		switch {
		case x.class == cNull:
		case first == nil:
			first, k, t = x, x.class, x.typ
		case k.numeric() && x.class.numeric():
			if k != x.class || !t.SameMeaning(x.typ) {
				k, t = c.widest(&typed{class: k, typ: t, value: first.value, literal: first.literal && t.SameMeaning(first.typ)}, x)
			}
		case x.class == k:
			t = c.wider(k, t, x)
		case k == cDate && x.class == cDateTime:
			k, t = cDateTime, x.typ
		case k == cDateTime && x.class == cDate:
		default:
			e := errorAt(x.node, "%s is %s and %s is %s, and the result has one type.", c.part(first.node), c.is2(first), c.part(x.node), c.is2(x))
			e.Fix = c.rewrite(first, x)
			return nil, 0, schema.Type{}, e
		}
	}
	for i := range out {
		out[i] = c.as(out[i], k, t)
	}
	return out, k, t, nil
}

// takeLoose is take for an alternative, which need not be of a char's, enum's or
// UUID's making.
func (c *checker) takeLoose(x, meets *typed) (*typed, *Error) {
	if meets.class == cText {
		return x, nil
	}
	return c.take(x, meets)
}

// wider gives the type that holds both t and x, which are of one class.
func (c *checker) wider(k class, t schema.Type, x *typed) schema.Type {
	if t.SameMeaning(x.typ) {
		return t
	}
	switch k {
	case cText:
		return varchar(longer(textLength(k, t), textLength(k, x.typ)))
	case cBytes:
		return varbinary(longer(textLength(k, t), textLength(k, x.typ)))
	case cDateTime:
		if x.typ.Kind == schema.TimestampTZ {
			t.Kind = schema.TimestampTZ
		}
		t.Precision = max(t.FractionalDigits(6), x.typ.FractionalDigits(6)) + 1
	case cTime:
		t.Precision = max(t.FractionalDigits(6), x.typ.FractionalDigits(6)) + 1
	}
	return t
}

// longer is the greater of two lengths of which 0 is none.
func longer(a, b int) int {
	if a == 0 || b == 0 {
		return 0
	}
	return max(a, b)
}

// choice makes a node whose value is that of one of its arguments; pick says which, or -1
// for NULL.
func (c *checker) choice(n *Node, k class, t schema.Type, nullable bool, args []*typed, pick func(m *machine, arg func(int) *value) int) *typed {
	return c.loose(n, k, t, nullable, args, func(m *machine, v *value, arg func(int) *value) {
		if i := pick(m, arg); i >= 0 {
			*v = *arg(i)
			return
		}
		v.null = true
	})
}

func (c *checker) caseWhen(n *Node) (*typed, *Error) {
	a, err := c.all(n.Args)
	if err != nil {
		return nil, err
	}
	var operand *typed
	rest := a
	if n.Has {
		operand, rest = a[0], a[1:]
	}
	var otherwise []*typed
	if n.Else {
		otherwise, rest = rest[len(rest)-1:], rest[:len(rest)-1]
	}
	var whens, thens []*typed
	nullable := !n.Else
	for i := 0; i < len(rest); i += 2 {
		w := rest[i]
		if operand != nil {
			w, err = c.compare(w.node, "=", operand, w)
		} else {
			w, err = c.truth(w)
		}
		if err != nil {
			return nil, err
		}
		whens, thens = append(whens, w), append(thens, rest[i+1])
	}
	results, k, t, err := c.unify(n, append(thens, otherwise...))
	if err != nil {
		return nil, err
	}
	for _, r := range results {
		nullable = nullable || r.nullable
	}
	args, w, r := append(slices.Clone(whens), results...), len(whens), len(results)
	return c.choice(n, k, t, nullable, args, func(_ *machine, arg func(int) *value) int {
		for i := range w {
			if x := arg(i); !x.null && x.i != 0 {
				return w + i
			}
		}
		if r > w {
			return w + w
		}
		return -1
	}), nil
}

// near reports whether two words differ in one letter or so.
func near(a, b string) bool {
	if len(a) > 60 || len(b) > 60 || len(a) < 3 {
		return false
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		last := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := last
			if a[i] != b[j] {
				cost++
			}
			last = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)] <= 1+len(a)/5
}

func plural(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}
