package expr

import (
	"bytes"
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/syncform/syncform/providers/schema"
)

// cast is CAST(a AS type): what can't be done without loss of meaning is a bad value.
func (c *checker) cast(n *Node) (*typed, *Error) {
	a, err := c.check(n.Args[0])
	if err != nil {
		return nil, err
	}
	to := n.Cast
	k, t := castType(to, a)
	if a.class == cNull {
		return c.as(a, k, t), nil
	}
	part := c.part(n)
	conv := c.casting(a, to, k, t)
	if conv == nil {
		return nil, errorAt(n, "%s is %s, which can't be cast to %s.", c.part(a.node), c.is2(a), to.name)
	}
	return c.strict(n, k, t, []*typed{a}, func(m *machine, v *value, a []*value) {
		if reason := conv(m, v, a[0]); reason != "" {
			m.fail(v, part, reason)
		}
	}), nil
}

func castType(to castTo, a *typed) (class, schema.Type) {
	seconds := func(k schema.Kind) schema.Type { return schema.Type{Kind: k, Precision: to.precision + 1} }
	switch to.name {
	case "CHAR":
		n := to.length
		if n < 0 {
			n = textLength(a.class, a.typ)
		}
		return cText, varchar(n)
	case "BINARY":
		return cBytes, varbinary(to.length)
	case "SIGNED":
		return cInt, typBig
	case "UNSIGNED":
		return cInt, typUnsigned
	case "DECIMAL":
		return cDecimal, schema.Type{Kind: schema.Decimal, Precision: to.precision, Scale: to.scale}
	case "FLOAT":
		return cFloat, schema.Type{Kind: schema.Float, Bits: 32}
	case "DOUBLE":
		return cFloat, typDouble
	case "DATE":
		return cDate, typDate
	case "TIME":
		return cTime, seconds(schema.Time)
	case "DATETIME":
		return cDateTime, seconds(schema.Timestamp)
	}
	return cJSON, typJSON
}

type conversion func(m *machine, v, a *value) string

// casting gives the conversion, or nil where there is none.
func (c *checker) casting(a *typed, to castTo, k class, t schema.Type) conversion {
	from, typ := a.class, a.typ
	switch to.name {
	case "CHAR":
		return castChar(from, typ, to.length)
	case "BINARY":
		inner := castChar(from, typ, -1)
		return func(m *machine, v, a *value) string {
			if from == cBytes {
				v.b = a.b
			} else if reason := inner(m, v, a); reason != "" {
				return reason
			}
			if to.length >= 0 && len(v.b) > to.length {
				v.b = v.b[:to.length]
			}
			return ""
		}
	case "SIGNED", "UNSIGNED":
		return castInt(from, typ, to.name == "UNSIGNED")
	case "DECIMAL":
		return castDecimal(from, typ, t)
	case "FLOAT", "DOUBLE":
		return castFloat(from, typ, floatBits(t))
	case "DATE":
		switch from {
		case cDate, cDateTime:
			return func(_ *machine, v, a *value) string { v.i = a.i; return "" }
		case cText:
			return func(_ *machine, v, a *value) string {
				p, _, ok := decodeDateTime(trimSpace(a.b), true)
				if v.i = p; !ok || !proper(p) {
					return errNoDate
				}
				return ""
			}
		}
	case "DATETIME":
		return castDateTime(from, to.precision)
	case "TIME":
		return castTime(from, to.precision)
	case "JSON":
		switch from {
		case cJSON:
			return func(_ *machine, v, a *value) string { v.b = a.b; return "" }
		case cText:
			return func(_ *machine, v, a *value) string {
				if v.b = a.b; !validJSON(a.b) {
					return "the text is no JSON"
				}
				return ""
			}
		case cInt, cDecimal, cBool:
			return func(m *machine, v, a *value) string {
				at := len(m.arena)
				if from == cBool {
					m.arena = strconv.AppendBool(m.arena, a.i != 0)
				} else {
					m.arena = appendText(m.arena, a, from, &typ)
				}
				m.keep(v, at)
				return ""
			}
		}
	}
	return nil
}

func trimSpace(b []byte) []byte { return bytes.TrimSpace(b) }

func castChar(from class, typ schema.Type, length int) conversion {
	return func(m *machine, v, a *value) string {
		switch from {
		case cText, cJSON, cOpaque, cBytes:
			if v.b = a.b; from == cBytes && !utf8.Valid(a.b) {
				return "the bytes are no UTF-8 text"
			}
		default:
			at := len(m.arena)
			m.arena = appendText(m.arena, a, from, &typ)
			m.keep(v, at)
		}
		if length >= 0 {
			v.b = first(v.b, int64(length))
		}
		return ""
	}
}

const errNoNumber = "the text is no number"

func castInt(from class, typ schema.Type, unsigned bool) conversion {
	fit := func(v *value, d decimal) string {
		var ok bool
		if v.i, ok = d.round(0).int(unsigned); !ok {
			return "the number does not fit into 64 bits" + map[bool]string{true: ", from zero on"}[unsigned]
		}
		return ""
	}
	switch from {
	case cBool:
		return func(_ *machine, v, a *value) string { v.i = a.i; return "" }
	case cInt:
		return func(_ *machine, v, a *value) string { return fit(v, decimalOfInt(a.i, typ.Unsigned)) }
	case cDecimal:
		return func(_ *machine, v, a *value) string { return fit(v, a.d) }
	case cFloat:
		return func(_ *machine, v, a *value) string {
			f := math.RoundToEven(a.f)
			if !unsigned && f >= -1<<63 && f < 1<<63 {
				v.i = int64(f)
				return ""
			}
			if unsigned && f >= 0 && f < 1<<64 {
				v.i = int64(uint64(f))
				return ""
			}
			return "the number does not fit into 64 bits"
		}
	case cText:
		return func(_ *machine, v, a *value) string {
			d, ok := parseDecimal(trimSpace(a.b))
			if !ok {
				return errNoNumber
			}
			if d.round(0).cmp(d) != 0 {
				return "the text is no whole number"
			}
			return fit(v, d)
		}
	}
	return nil
}

func castDecimal(from class, typ, t schema.Type) conversion {
	scale, whole := int32(t.Scale), t.Precision-t.Scale
	fit := func(v *value, d decimal) string {
		if v.d = d.round(scale).to(scale); !v.d.fits(whole) {
			return "the number has more digits than " + describeType(t) + " holds"
		}
		return ""
	}
	switch from {
	case cBool, cInt:
		return func(_ *machine, v, a *value) string { return fit(v, decimalOfInt(a.i, typ.Unsigned)) }
	case cDecimal:
		return func(_ *machine, v, a *value) string { return fit(v, a.d) }
	case cFloat:
		return func(m *machine, v, a *value) string {
			at := len(m.arena)
			m.arena = strconv.AppendFloat(m.arena, a.f, 'e', -1, floatBits(typ))
			d, ok := parseDecimal(m.arena[at:])
			if !ok {
				return "the number has no decimal"
			}
			return fit(v, d)
		}
	case cText:
		return func(_ *machine, v, a *value) string {
			d, ok := parseDecimal(trimSpace(a.b))
			if !ok {
				return errNoNumber
			}
			return fit(v, d)
		}
	}
	return nil
}

func castFloat(from class, typ schema.Type, bits int) conversion {
	fit := func(v *value, f float64) string {
		if bits == 32 {
			g := float32(f)
			if math.IsInf(float64(g), 0) && !math.IsInf(f, 0) {
				return "the number is too large for a float"
			}
			f = float64(g)
		}
		v.f = f
		return ""
	}
	switch from {
	case cBool, cInt:
		return func(_ *machine, v, a *value) string { return fit(v, intFloat(a.i, typ.Unsigned)) }
	case cDecimal:
		return func(_ *machine, v, a *value) string { return fit(v, a.d.float()) }
	case cFloat:
		return func(_ *machine, v, a *value) string { return fit(v, a.f) }
	case cText:
		return func(_ *machine, v, a *value) string {
			if _, ok := parseDecimal(trimSpace(a.b)); !ok {
				return errNoNumber
			}
			if reason := decodeFloat(v, trimSpace(a.b), bits); reason != "" {
				return reason
			}
			return ""
		}
	}
	return nil
}

func castDateTime(from class, digits int) conversion {
	fit := func(v *value) string {
		if v.i == afterAll || v.i == beforeAll {
			return ""
		}
		us := roundUS(v.j, digits)
		if us == v.j {
			return ""
		}
		if !proper(v.i) {
			return errNoMoment
		}
		v.i, v.j = shift(v.i, us, 0)
		return ""
	}
	switch from {
	case cDate:
		return func(_ *machine, v, a *value) string { v.i, v.j = a.i, 0; return "" }
	case cDateTime:
		return func(_ *machine, v, a *value) string { v.i, v.j = a.i, a.j; return fit(v) }
	case cText:
		return func(_ *machine, v, a *value) string {
			var ok bool
			if v.i, v.j, ok = decodeDateTime(trimSpace(a.b), true); !ok || !proper(v.i) {
				return errNoMoment
			}
			return fit(v)
		}
	}
	return nil
}

func castTime(from class, digits int) conversion {
	fit := func(v *value) string { v.i = roundUS(v.i, digits); return "" }
	switch from {
	case cTime:
		return func(_ *machine, v, a *value) string { v.i = a.i; return fit(v) }
	case cDateTime:
		return func(_ *machine, v, a *value) string { v.i = a.j; return fit(v) }
	case cText:
		return func(_ *machine, v, a *value) string {
			var ok bool
			if v.i, ok = decodeTime(trimSpace(a.b)); !ok {
				return "the text is no time"
			}
			return fit(v)
		}
	}
	return nil
}

// roundUS rounds microseconds to so many digits of a second, half away from zero.
func roundUS(us int64, digits int) int64 {
	p := pow10[6-min(max(digits, 0), 6)]
	r := us % p
	us -= r
	switch {
	case r*2 >= p:
		us += p
	case -r*2 >= p:
		us -= p
	}
	return us
}
