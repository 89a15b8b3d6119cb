package lang

import (
	"fmt"
	"math/big"
	"slices"
	"strconv"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
)

// status says what became of an argument.
type status uint8

const (
	given   status = iota
	isNull         // as if it were not written
	unknown        // wrong (reported), or not known
)

// conv turns one argument's expression into a Go value.
type conv struct {
	b   *blk
	a   *Argument
	rng hcl.Range
}

// fail reports what is wrong with the argument.
func (c *conv) fail(summary, format string, args ...any) (any, status) {
	c.b.l.report(errorAt(c.rng, summary, format, args...))
	return nil, unknown
}

// value evaluates, checks and converts.
func (c *conv) value(expr hcl.Expression) (any, status) {
	switch c.a.Type {
	case later, typeExpr:
		return expr, given
	case address:
		return c.address(expr)
	case reference:
		addr, st := c.b.l.ref(expr, c.a, c.b.env)
		if c.a.Marked { // an argument of a provider: all of its values are cty
			return cty.StringVal(addr), st
		}
		return addr, st
	case references, notifiers:
		return c.references(expr)
	case textMap:
		if pairs, diags := hcl.ExprMap(expr); !diags.HasErrors() && !c.a.Marked {
			return c.pairs(pairs)
		}
	}
	v, diags := c.b.l.scope.eval(expr, c.b.env)
	if c.b.l.report(diags...); diags.HasErrors() {
		return nil, unknown
	}
	if c.a.Marked {
		return c.marked(v)
	}
	if v.ContainsMarked() {
		return c.fail(sumSensitive, "%s is shown in plans and messages, so it can't be a sensitive value. Where it is no secret, say nonsensitive(...).", c.a.Name)
	}
	if v.IsNull() && c.a.Type != scalar && c.a.Type != anyValue {
		return nil, isNull
	}
	if !v.IsWhollyKnown() {
		return nil, unknown
	}
	return c.plain(v)
}

// marked converts the value of an argument that may be sensitive, and keeps it as
// cty: the marks stay with it.
func (c *conv) marked(v cty.Value) (any, status) {
	bare, marks := v.UnmarkDeep()
	if c.a.Sensitive {
		marks = cty.NewValueMarks(Sensitive)
	}
	if bare.IsNull() {
		return nil, isNull
	}
	if bare.IsWhollyKnown() {
		secret := len(marks) > 0
		if secret {
			c.b.l.secretsOf(bare)
		}
		x, st := c.checked(bare, secret)
		if st != given {
			return nil, st
		}
		bare = x
	}
	return bare.WithMarks(marks), given
}

// checked converts to the argument's type in cty and checks it.
func (c *conv) checked(v cty.Value, secret bool) (cty.Value, status) {
	want := cty.DynamicPseudoType
	switch c.a.Type {
	case text:
		want = cty.String
	case wholeNum:
		want = cty.Number
	case boolean:
		want = cty.Bool
	case texts:
		want = cty.List(cty.String)
	case textMap:
		want = cty.Map(cty.String)
	}
	if containsRef(v) {
		_, st := c.wrongType(v)
		return v, st
	}
	if want != cty.DynamicPseudoType {
		w, err := convert.Convert(v, want)
		if err != nil {
			_, st := c.wrongType(v)
			return v, st
		}
		v = w
	}
	st := given
	switch c.a.Type {
	case text:
		_, st = c.text(v.AsString(), secret)
	case wholeNum:
		_, st = c.number(v)
	case texts, textMap:
		for it := v.ElementIterator(); it.Next() && st == given; {
			switch _, e := it.Element(); {
			case e.IsNull():
				_, st = c.fail(sumType, "%s holds a null. Every element is a text.", c.a.Name)
			case c.a.OneOf != nil && c.a.Marked:
				_, st = c.text(e.AsString(), secret)
			}
		}
	}
	return v, st
}

// plain converts a known, unmarked value to the Go type of the argument.
func (c *conv) plain(v cty.Value) (any, status) {
	switch c.a.Type {
	case anyValue:
		return v, given
	case scalar:
		if !v.IsNull() && !v.Type().IsPrimitiveType() {
			return c.wrongType(v)
		}
		return v, given
	case duration, cron:
		if v.Type() != cty.String {
			return c.wrongType(v)
		}
		if c.a.Type == cron {
			if err := checkCron(v.AsString()); err != nil {
				return c.fail(sumValue, `%s is five fields, minute hour day month weekday, such as "*/5 * * * *": %s.`, c.a.Name, err)
			}
			return v.AsString(), given
		}
		d, err := ParseDuration(v.AsString())
		if err != nil {
			return c.fail(sumValue, `%s is a duration such as "30s", "5m", "5_minutes" or "1h30m": %s.`, c.a.Name, err)
		}
		return d, given
	case size:
		s, err := convert.Convert(v, cty.String)
		if err != nil || v.Type() == cty.Bool {
			return c.wrongType(v)
		}
		n, err := ParseSize(s.AsString())
		if err != nil {
			return c.fail(sumValue, `%s is a size such as "512MB" or "10GB": %s.`, c.a.Name, err)
		}
		return n, given
	}
	v, st := c.checked(v, false)
	if st != given {
		return nil, st
	}
	switch c.a.Type {
	case text:
		return v.AsString(), given
	case wholeNum:
		n, _ := v.AsBigFloat().Int64()
		return n, given
	case boolean:
		return v.True(), given
	case texts:
		return c.list(v)
	}
	m := map[string]string{}
	for it := v.ElementIterator(); it.Next(); {
		k, e := it.Element()
		m[k.AsString()] = e.AsString()
		c.b.pairs[c.a.Name] = append(c.b.pairs[c.a.Name],
			pair{key: k.AsString(), value: e.AsString(), keyRange: c.rng, valRange: c.rng})
	}
	return m, given
}

// list converts a list of texts, each with its range where it is written out.
func (c *conv) list(v cty.Value) (any, status) {
	out := []string{}
	elems, diags := hcl.ExprList(c.b.attrs[c.a.Name].Expr)
	for it := v.ElementIterator(); it.Next(); {
		_, e := it.Element()
		rng := c.rng
		if i := len(out); !diags.HasErrors() && i < len(elems) && len(elems) == v.LengthInt() {
			rng = elems[i].Range()
		}
		s := e.AsString()
		if s == "" || slices.Contains(out, s) {
			what := strconv.Quote(s) + " twice, here and at " + place(c.b.ArgRanges[c.a.Name+"."+s])
			if s == "" {
				what = "an empty text"
			}
			c.b.l.report(errorAt(rng, sumValue, "%s holds %s. Take it out.", c.a.Name, what))
			return nil, unknown
		}
		if c.a.OneOf != nil && !slices.Contains(c.a.OneOf, s) {
			c.b.l.report(errorAt(rng, sumUnknownVal, "%q is nothing that %s knows.%s", s, c.a.Name, allowed(s, "It takes", c.a.OneOf)))
			return nil, unknown
		}
		c.b.ArgRanges[c.a.Name+"."+s] = rng
		out = append(out, s)
	}
	if len(out) == 0 && !c.a.Empty {
		return c.fail(sumValue, "%s is empty. Name at least one, or take the argument out.", c.a.Name)
	}
	return out, given
}

// text checks a text: emptiness, the values allowed.
func (c *conv) text(s string, secret bool) (any, status) {
	switch {
	case c.a.OneOf != nil && !slices.Contains(c.a.OneOf, s):
		if secret {
			return c.fail(sumUnknownVal, "The sensitive value given is nothing that %s knows. It is %s.", c.a.Name, enumerate(c.a.OneOf))
		}
		return c.fail(sumUnknownVal, "%s can't be %q.%s", c.a.Name, s, allowed(s, "It is", c.a.OneOf))
	case s == "" && !c.a.Empty:
		return c.fail(sumValue, "%s is empty. Write a value, or take the argument out.", c.a.Name)
	}
	return s, given
}

// number checks a whole number and its bounds.
func (c *conv) number(v cty.Value) (any, status) {
	f := v.AsBigFloat()
	n, acc := f.Int64()
	if !f.IsInt() {
		return c.fail(sumType, "%s is a whole number.", c.a.Name)
	}
	if acc != big.Exact || n < c.a.Min || (c.a.Max > 0 && n > c.a.Max) {
		bound := fmt.Sprintf("%d or more", c.a.Min)
		if c.a.Max > 0 {
			bound = fmt.Sprintf("between %d and %d", c.a.Min, c.a.Max)
		}
		return c.fail(sumRange, "%s is %s.", c.a.Name, bound)
	}
	return n, given
}

// wrongType says what the argument is and what stands there.
func (c *conv) wrongType(v cty.Value) (any, status) {
	hint := ""
	if c.a.Type == texts && v.Type() == cty.String {
		hint = " One element is a list as well: [...]."
	}
	return c.fail(sumType, "%s is %s; this is %s.%s", c.a.Name, c.a.Type.article(), describe(v), hint)
}

// article writes the type with its article.
func (t ArgType) article() string {
	switch t {
	case boolean, scalar, anyValue:
		return string(t)
	case address:
		return "an " + string(t)
	}
	return "a " + string(t)
}

// describe names a value's type, never the value.
func describe(v cty.Value) string {
	ty := v.Type()
	switch {
	case v.Type() == refType:
		return "a reference"
	case v.IsNull():
		return "null"
	case ty == cty.String:
		return "a text"
	case ty == cty.Number:
		return "a number"
	case ty == cty.Bool:
		return "true or false"
	case ty.IsListType() || ty.IsTupleType():
		return "a list"
	case ty.IsSetType():
		return "a set"
	case ty.IsMapType() || ty.IsObjectType():
		return "a map"
	}
	return "another value"
}

// containsRef reports whether a reference is somewhere in the value.
func containsRef(v cty.Value) bool {
	found := false
	// The callback returns no error, so the walk has none.
	_ = cty.Walk(v, func(_ cty.Path, v cty.Value) (bool, error) {
		found = found || v.Type() == refType
		return !found, nil
	})
	return found
}

// pairs converts a map that is written out, entry by entry, each with its range.
func (c *conv) pairs(entries []hcl.KeyValuePair) (any, status) {
	out := map[string]string{}
	st := given
	for _, e := range entries {
		p := pair{keyRange: e.Key.Range(), valRange: e.Value.Range()}
		key, okKey := c.entry(e.Key)
		val, okVal := c.entry(e.Value)
		if !okKey || !okVal {
			st = unknown
			continue
		}
		p.key, p.value = key, val
		if first, ok := c.b.ArgRanges[c.a.Name+"."+key]; ok {
			c.b.l.report(errorAt(p.keyRange, sumTwice, "%s has %q twice, here and at %s. Take one of them out.", c.a.Name, key, place(first)))
			st = unknown
			continue
		}
		c.b.ArgRanges[c.a.Name+"."+key] = p.keyRange
		c.b.ArgRanges[c.a.Name+"="+key] = p.valRange
		c.b.pairs[c.a.Name] = append(c.b.pairs[c.a.Name], p)
		out[key] = val
	}
	return out, st
}

// entry evaluates a key or value of a map of texts.
func (c *conv) entry(expr hcl.Expression) (string, bool) {
	at := &conv{b: c.b, a: c.a, rng: expr.Range()}
	v, diags := c.b.l.scope.eval(expr, c.b.env)
	if c.b.l.report(diags...); diags.HasErrors() {
		return "", false
	}
	if v.ContainsMarked() {
		at.fail(sumSensitive, "%s is shown in plans and messages, so it can't hold a sensitive value. Where it is no secret, say nonsensitive(...).", c.a.Name)
		return "", false
	}
	if !v.IsKnown() {
		return "", false
	}
	s, err := convert.Convert(v, cty.String)
	switch {
	case err != nil || s.IsNull():
		at.fail(sumType, "%s is %s; this is %s.", c.a.Name, c.a.Type.article(), describe(v))
		return "", false
	case s.AsString() == "":
		at.fail(sumValue, "%s holds an empty text. Write a name, or take the entry out.", c.a.Name)
		return "", false
	}
	return s.AsString(), true
}
