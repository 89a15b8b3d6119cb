package expr

import (
	"bytes"
	"math"

	"github.com/syncform/syncform/providers/schema"
)

// as makes a node of another class from one that can be held so without loss: whole
// numbers as decimals and floats, dates as moments, anything as text.
func (c *checker) as(t *typed, to class, typ schema.Type) *typed {
	if t.class == to {
		return t
	}
	if t.class == cNull {
		return constant(t.node, to, typ, &value{null: true})
	}
	conv := converter(t, to)
	out := c.strict(t.node, to, typ, []*typed{t}, func(m *machine, v *value, a []*value) { conv(m, v, a[0]) })
	out.literal = t.literal
	if out.constant {
		v := &value{}
		out.make()(&machine{missing: -1}, v)
		folded := constant(t.node, to, typ, v)
		folded.literal = t.literal
		return folded
	}
	return out
}

func converter(t *typed, to class) func(m *machine, v, a *value) {
	from, typ := t.class, t.typ
	switch to {
	case cInt:
		return func(_ *machine, v, a *value) { v.i = a.i } // of a truth value
	case cDecimal:
		return func(_ *machine, v, a *value) { v.d = decimalOfInt(a.i, typ.Unsigned) }
	case cFloat:
		if from == cDecimal {
			return func(_ *machine, v, a *value) { v.f = a.d.float() }
		}
		return func(_ *machine, v, a *value) { v.f = intFloat(a.i, typ.Unsigned) }
	case cDateTime:
		return func(_ *machine, v, a *value) { v.i, v.j = a.i, 0 } // of a date
	case cBool:
		return func(_ *machine, v, a *value) { v.bool(nonzero(a, from)) }
	case cText:
		return func(m *machine, v, a *value) {
			at := len(m.arena)
			m.arena = appendText(m.arena, a, from, &typ)
			m.keep(v, at)
		}
	}
	return func(_ *machine, v, a *value) { v.b = a.b }
}

func intFloat(i int64, unsigned bool) float64 {
	if unsigned {
		return float64(uint64(i))
	}
	return float64(i)
}

func nonzero(a *value, k class) bool {
	switch k {
	case cDecimal:
		return a.d.sign() != 0
	case cFloat:
		return a.f != 0
	}
	return a.i != 0
}

// truth makes a condition of a node: a truth value, or a number, which is true where it
// is not 0.
func (c *checker) truth(t *typed) (*typed, *Error) {
	switch {
	case t.class == cBool:
		return t, nil
	case t.class == cNull || t.class.numeric():
		return c.as(t, cBool, typBool), nil
	}
	e := errorAt(t.node, "A condition stands here, and %s is %s.", c.part(t.node), c.is2(t))
	if t.class == cText {
		e.Fix = "Compare it with something."
	}
	return nil, e
}

// is2 words what a node is.
func (c *checker) is2(t *typed) string {
	if t.literal || t.class == cNull {
		return classWords[t.class]
	}
	return describeType(t.typ)
}

// meet brings two nodes to one class in which they can be compared.
func (c *checker) meet(n *Node, a, b *typed) (*typed, *typed, *Error) {
	var err *Error
	x, y := a, b
	if a, err = c.take(x, y); err != nil {
		return nil, nil, err
	}
	if b, err = c.take(y, x); err != nil {
		return nil, nil, err
	}
	switch {
	case a.class == cNull || b.class == cNull:
		return c.as(a, b.class, b.typ), c.as(b, a.class, a.typ), nil
	case a.class == cJSON || b.class == cJSON:
		j := a
		if j.class != cJSON {
			j = b
		}
		return nil, nil, errorAt(n, "%s is JSON, which has no order and no one way to be equal.", c.part(j.node)).fix("Take a value out of it: %s ->> '$.name'.", c.part(j.node))
	case a.class == b.class:
		if a.class == cOpaque && describeType(a.typ) != describeType(b.typ) {
			break
		}
		return a, b, nil
	case a.class.numeric() && b.class.numeric():
		k, t := c.widest(a, b)
		return c.as(a, k, t), c.as(b, k, t), nil
	case a.class == cDate && b.class == cDateTime:
		return c.as(a, cDateTime, b.typ), b, nil
	case a.class == cDateTime && b.class == cDate:
		return a, c.as(b, cDateTime, a.typ), nil
	}
	e := errorAt(n, "%s is %s and %s is %s, so they can't be compared.", c.part(a.node), c.is2(a), c.part(b.node), c.is2(b))
	e.Fix = c.rewrite(a, b)
	return nil, nil, e
}

// rewrite says how two nodes of different classes could meet.
func (c *checker) rewrite(a, b *typed) string {
	if a.class != cText {
		a, b = b, a
	}
	if a.class != cText {
		return "Write a CAST around one of them."
	}
	if b.literal && b.class.numeric() {
		return "Write '" + c.part(b.node) + "' for the text, or CAST(" + c.part(a.node) + " AS " + castFor(b) + ")."
	}
	return "Write CAST(" + c.part(a.node) + " AS " + castFor(b) + "), or CAST(" + c.part(b.node) + " AS CHAR)."
}

// castFor names the CAST that gives a class.
func castFor(t *typed) string {
	switch t.class {
	case cInt, cBool:
		return "SIGNED"
	case cDecimal:
		return "DECIMAL(20, 4)"
	case cFloat:
		return "DOUBLE"
	case cDate:
		return "DATE"
	case cDateTime:
		return "DATETIME"
	case cTime:
		return "TIME"
	case cBytes:
		return "BINARY"
	case cJSON:
		return "JSON"
	}
	return "CHAR"
}

// widest gives the class and type that hold two numbers.
func (c *checker) widest(a, b *typed) (class, schema.Type) {
	switch {
	case a.class == cFloat || b.class == cFloat:
		if a.class == cFloat && a.typ.Bits == 32 && (b.class == cFloat && b.typ.Bits == 32) {
			return cFloat, a.typ
		}
		return cFloat, typDouble
	case a.class == cDecimal || b.class == cDecimal:
		w1, s1, ok1 := digitsOf(a.class, a.typ)
		w2, s2, ok2 := digitsOf(b.class, b.typ)
		if !ok1 || !ok2 {
			return cDecimal, anyDecimal
		}
		return cDecimal, decimalType(max(w1, w2), max(s1, s2))
	case a.class == cBool && b.class == cBool:
		return cBool, typBool
	}
	ta, tb := a.typ, b.typ
	if a.class == cBool {
		ta = schema.Type{Kind: schema.Int, Bits: 8}
	}
	if b.class == cBool {
		tb = schema.Type{Kind: schema.Int, Bits: 8}
	}
	if ta.Unsigned != tb.Unsigned {
		// A literal that is not below zero goes with either.
		if a.literal && a.value.i >= 0 {
			ta.Unsigned = tb.Unsigned
		} else if b.literal && b.value.i >= 0 {
			tb.Unsigned = ta.Unsigned
		}
	}
	bits := max(bitsOf(ta), bitsOf(tb))
	switch {
	case ta.Unsigned == tb.Unsigned:
		return cInt, schema.Type{Kind: schema.Int, Bits: bits, Unsigned: ta.Unsigned}
	case bits < 64 || !(ta.Unsigned && bitsOf(ta) == 64 || tb.Unsigned && bitsOf(tb) == 64):
		return cInt, typBig
	}
	return cDecimal, decimalType(20, 0)
}

func bitsOf(t schema.Type) int {
	if t.Kind == schema.Year {
		return 16
	}
	if t.Bits == 0 {
		return 64
	}
	return t.Bits
}

// comparer compares two values of one class: below, at or above 0.
func comparer(a, b *typed) func(x, y *value) int {
	switch a.class {
	case cInt, cBool, cTime, cDate:
		ua, ub := a.class == cInt && a.typ.Unsigned, b.class == cInt && b.typ.Unsigned
		if ua || ub {
			return func(x, y *value) int { return cmpInt(x.i, ua, y.i, ub) }
		}
		return func(x, y *value) int { return cmp64(x.i, y.i) }
	case cDateTime:
		return func(x, y *value) int {
			if r := cmp64(x.i, y.i); r != 0 {
				return r
			}
			return cmp64(x.j, y.j)
		}
	case cDecimal:
		return func(x, y *value) int { return x.d.cmp(y.d) }
	case cFloat:
		return func(x, y *value) int { return cmpFloat(x.f, y.f) }
	}
	return func(x, y *value) int { return bytes.Compare(x.b, y.b) }
}

func cmp64(a, b int64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func cmpInt(a int64, ua bool, b int64, ub bool) int {
	negA, negB := !ua && a < 0, !ub && b < 0
	switch {
	case negA && negB:
		return cmp64(a, b)
	case negA:
		return -1
	case negB:
		return 1
	case uint64(a) < uint64(b):
		return -1
	case uint64(a) > uint64(b):
		return 1
	}
	return 0
}

// cmpFloat orders NaN behind all others, as PostgreSQL does.
func cmpFloat(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	case a == b:
		return 0
	case math.IsNaN(a) && math.IsNaN(b):
		return 0
	case math.IsNaN(a):
		return 1
	}
	return -1
}
