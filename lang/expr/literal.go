package expr

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
)

// literal gives a literal the type that it has by itself.
func (c *checker) literal(n *Node) (*typed, *Error) {
	v := &value{}
	lit := func(k class, t schema.Type) (*typed, *Error) {
		out := constant(n, k, t, v)
		out.literal = true
		return out, nil
	}
	switch n.op {
	case opNull:
		v.null = true
		return lit(cNull, schema.Type{})
	case opBool:
		v.bool(n.Name == "TRUE")
		return lit(cBool, typBool)
	case opString:
		v.b = []byte(n.Text)
		return lit(cText, varchar(max(utf8.RuneCountInString(n.Text), 1)))
	case opBytes:
		v.b = []byte(n.Text)
		return lit(cBytes, varbinary(max(len(n.Text), 1)))
	case opTemporal:
		t, k := typDate, cDate
		switch n.Name {
		case "TIME":
			t, k = schema.Type{Kind: schema.Time}, cTime
		case "TIMESTAMP":
			t, k = schema.Type{Kind: schema.Timestamp}, cDateTime
		}
		if reason := parseLiteral(v, n.Text, k, t); reason != "" {
			return nil, errorAt(n, "%s.", reason)
		}
		out, _ := lit(k, t)
		out.literal = false
		return out, nil
	}
	return c.number(n, n.Text, v, lit)
}

func (c *checker) number(n *Node, text string, v *value, lit func(class, schema.Type) (*typed, *Error)) (*typed, *Error) {
	if strings.ContainsAny(text, "eE") {
		f, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return nil, errorAt(n, "The number is too large.")
		}
		v.f = f
		return lit(cFloat, typDouble)
	}
	if !strings.Contains(text, ".") {
		if i, err := strconv.ParseInt(text, 10, 64); err == nil {
			v.i = i
			t := typBig
			if i >= math.MinInt32 && i <= math.MaxInt32 {
				t = typInt
			}
			return lit(cInt, t)
		}
		if u, err := strconv.ParseUint(text, 10, 64); err == nil {
			v.i = int64(u)
			return lit(cInt, typUnsigned)
		}
	}
	d, ok := parseDecimal([]byte(text))
	if !ok || len(text) > 67 {
		return nil, errorAt(n, "The number has too many digits.")
	}
	v.d = d
	whole := len(strings.TrimLeft(strings.SplitN(strings.TrimLeft(text, "+-"), ".", 2)[0], "0"))
	return lit(cDecimal, decimalType(whole, int(d.scale)))
}

// parseLiteral reads what stands in quotes as a value of a class; it returns what is
// wrong, or "".
func parseLiteral(v *value, text string, k class, t schema.Type) string {
	s := strings.TrimSpace(text)
	b := []byte(s)
	quoted := "'" + text + "'"
	switch k {
	case cBool:
		switch strings.ToLower(s) {
		case "t", "true", "1":
			v.bool(true)
		case "f", "false", "0":
			v.bool(false)
		default:
			return quoted + " is no truth value"
		}
	case cInt:
		if decoder(t)(v, b) != "" {
			return quoted + " is no " + describeType(t)
		}
	case cDecimal:
		var ok bool
		if v.d, ok = parseDecimal(b); !ok {
			return quoted + " is no number"
		}
	case cFloat:
		f, err := strconv.ParseFloat(s, floatBits(t))
		if err != nil || strings.ContainsAny(s, "xXpP_") {
			return quoted + " is no number"
		}
		v.f = f
	case cDate:
		var ok bool
		if v.i, ok = decodeDate(b); !ok {
			return quoted + " is no date: it is written as '2024-02-29'"
		}
	case cDateTime:
		var ok bool
		if v.i, v.j, ok = decodeDateTime(b, true); !ok {
			return quoted + " is no date with time: it is written as '2024-02-29 12:30:00'"
		}
	case cTime:
		var ok bool
		if v.i, ok = decodeTime(b); !ok {
			return quoted + " is no time: it is written as '12:30:00'"
		}
	case cJSON:
		if !validJSON(b) {
			return quoted + " is no JSON"
		}
		v.b = b
	default:
		v.b = []byte(text)
		switch t.Kind {
		case schema.UUID:
			v.b = row.Normal(nil, t, b)
			if len(v.b) != 36 {
				return quoted + " is no UUID"
			}
		case schema.Char:
			v.b = []byte(strings.TrimRight(text, " "))
		}
	}
	return ""
}

// take gives a literal the type of what it meets: t is the other side. What is no
// literal, or has the class already, stays.
func (c *checker) take(a, other *typed) (*typed, *Error) {
	if !a.literal || other.literal && a.class == other.class {
		return a, nil
	}
	v := &value{}
	switch {
	case a.class == cText && other.class != cNull && (other.class != cText || other.typ.Kind == schema.UUID || other.typ.Kind == schema.Char):
		if other.class == cOpaque {
			v.b = a.value.b
		} else if reason := parseLiteral(v, string(a.value.b), other.class, other.typ); reason != "" {
			e := errorAt(a.node, "%s, and %s is %s.", reason, c.part(other.node), describeType(other.typ))
			if a.node.op != opString {
				e.Text = "A text meets " + c.part(other.node) + ", which is " + describeType(other.typ) + "."
			}
			return nil, e
		}
		return constant(a.node, other.class, other.typ, v), nil
	case a.class.numeric() && a.class != cBool && other.class == cFloat && other.typ.Bits == 32:
		f, err := strconv.ParseFloat(string(appendText(nil, a.value, a.class, &a.typ)), 32)
		if err != nil {
			return nil, errorAt(a.node, "The number is too large for %s, which is a float.", c.part(other.node))
		}
		v.f = f
		return constant(a.node, cFloat, other.typ, v), nil
	}
	return a, nil
}
