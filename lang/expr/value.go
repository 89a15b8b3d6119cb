package expr

import (
	"math"
	"strconv"
	"time"

	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
)

// value is one value while it is computed with; class says which fields hold it.
type value struct {
	null bool
	i, j int64
	f    float64
	d    decimal
	b    []byte
}

// eval computes a value into v, whose memory belongs to the caller. Each sets v.null.
type eval func(m *machine, v *value)

// machine is what the evals of one Program share.
type machine struct {
	batch   *row.Batch
	row     int
	at      []int // by column: its field in the batch
	arena   []byte
	now     time.Time
	err     *ValueError
	missing int // the column whose field is unchanged; -1: none
}

// fail makes the row a bad one.
func (m *machine) fail(v *value, part, reason string) {
	v.null = true
	if m.err == nil {
		m.err = &ValueError{Part: part, Reason: reason}
	}
}

// bool sets a truth value.
func (v *value) bool(b bool) {
	v.null, v.i = false, 0
	if b {
		v.i = 1
	}
}

// text begins a text in the arena; keep ends it.
func (m *machine) keep(v *value, from int) {
	v.null, v.b = false, m.arena[from:len(m.arena):len(m.arena)]
}

// columnEval reads a field.
func columnEval(i int, name string, t schema.Type) eval {
	decode := decoder(t)
	if decode == nil {
		return func(m *machine, v *value) {
			b, state := m.batch.Field(m.row, m.at[i])
			if v.null = state != row.Value; !v.null {
				v.b = b
			} else if state == row.Unchanged && m.missing < 0 {
				m.missing = i
			}
		}
	}
	return func(m *machine, v *value) {
		b, state := m.batch.Field(m.row, m.at[i])
		switch state {
		case row.Value:
			v.null = false
			if reason := decode(v, b); reason != "" {
				m.fail(v, name, reason)
			}
		case row.Unchanged:
			if m.missing < 0 {
				m.missing = i
			}
			v.null = true
		default:
			v.null = true
		}
	}
}

// decoder gives what reads canonical text of a type; it returns what is wrong with it,
// or "". nil: the text is the value.
func decoder(t schema.Type) func(v *value, b []byte) string {
	switch classOf(t) {
	case cBool:
		return func(v *value, b []byte) string {
			switch {
			case len(b) == 1 && (b[0] == 't' || b[0] == '1'):
				v.i = 1
			case len(b) == 1 && (b[0] == 'f' || b[0] == '0'):
				v.i = 0
			default:
				return "the value is no truth value"
			}
			return ""
		}
	case cInt:
		if t.Unsigned {
			return decodeUnsigned
		}
		return decodeInt
	case cDecimal:
		return decodeDecimal
	case cFloat:
		bits := floatBits(t)
		return func(v *value, b []byte) string { return decodeFloat(v, b, bits) }
	case cDate:
		return func(v *value, b []byte) string {
			var ok bool
			if v.i, ok = decodeDate(b); !ok {
				return errNoDate
			}
			return ""
		}
	case cTime:
		return func(v *value, b []byte) string {
			var ok bool
			if v.i, ok = decodeTime(b); !ok {
				return "the value is no time"
			}
			return ""
		}
	case cDateTime:
		zone := t.Kind == schema.TimestampTZ
		return func(v *value, b []byte) string {
			var ok bool
			if v.i, v.j, ok = decodeDateTime(b, zone); !ok {
				return errNoMoment
			}
			return ""
		}
	}
	return nil
}

func floatBits(t schema.Type) int {
	if t.Bits == 32 {
		return 32
	}
	return 64
}

func decodeInt(v *value, b []byte) string {
	n, i := uint64(0), 0
	negative := len(b) > 0 && b[0] == '-'
	if negative || len(b) > 0 && b[0] == '+' {
		i++
	}
	if i == len(b) || len(b)-i > 19 {
		return "the value is no whole number of 64 bits"
	}
	for ; i < len(b); i++ {
		if !digit(b[i]) {
			return "the value is no whole number"
		}
		n = n*10 + uint64(b[i]-'0')
	}
	switch {
	case n <= math.MaxInt64 && negative:
		v.i = -int64(n)
	case n <= math.MaxInt64:
		v.i = int64(n)
	case negative && n == 1<<63:
		v.i = math.MinInt64
	default:
		return "the value is no whole number of 64 bits"
	}
	return ""
}

func decodeUnsigned(v *value, b []byte) string {
	if len(b) <= 18 {
		if reason := decodeInt(v, b); reason != "" || v.i >= 0 {
			return reason
		}
		return "the value is below zero"
	}
	n, err := strconv.ParseUint(string(b), 10, 64)
	if err != nil {
		return "the value is no whole number of 64 bits from zero on"
	}
	v.i = int64(n)
	return ""
}

func decodeDecimal(v *value, b []byte) string {
	var ok bool
	if v.d, ok = parseDecimal(b); !ok {
		return "the value is no number that can be computed with"
	}
	return ""
}

func decodeFloat(v *value, b []byte, bits int) string {
	f, err := strconv.ParseFloat(string(b), bits)
	if err != nil {
		return "the value is no number that can be computed with"
	}
	v.f = f
	return ""
}

// appendValue writes a value as the canonical text of its type; it returns what is
// wrong with it, or "".
func appendValue(dst []byte, v *value, c class, t *schema.Type) ([]byte, string) {
	switch c {
	case cBool:
		if v.i != 0 {
			return append(dst, 't'), ""
		}
		return append(dst, 'f'), ""
	case cInt:
		if t.Unsigned {
			return strconv.AppendUint(dst, uint64(v.i), 10), ""
		}
		return strconv.AppendInt(dst, v.i, 10), ""
	case cDecimal:
		d := v.d
		if t.Precision > 0 {
			d = d.round(int32(t.Scale)).to(int32(t.Scale))
			if !d.fits(t.Precision - t.Scale) {
				return dst, "the result has more digits than " + typeWords(*t) + " holds"
			}
		}
		return d.append(dst), ""
	case cFloat:
		return row.AppendFloat(dst, v.f, floatBits(*t)), ""
	case cDate:
		return appendDate(dst, v.i), ""
	case cTime:
		return appendTime(dst, v.i), ""
	case cDateTime:
		return appendDateTime(dst, v.i, v.j, t.Kind == schema.TimestampTZ), ""
	}
	return append(dst, v.b...), ""
}

// appendText writes a value as CAST(... AS CHAR) does: as MySQL writes numbers, and
// times in the canonical text.
func appendText(dst []byte, v *value, c class, t *schema.Type) []byte {
	switch c {
	case cBool:
		return append(dst, byte('0'+v.i))
	case cDecimal:
		if t.Precision > 0 {
			return v.d.round(int32(t.Scale)).to(int32(t.Scale)).append(dst)
		}
		return v.d.append(dst)
	case cFloat:
		return appendFloatText(dst, v.f, floatBits(*t))
	case cDateTime:
		return appendDateTime(dst, v.i, v.j, false)
	}
	dst, _ = appendValue(dst, v, c, t) // no other class can fail
	return dst
}

// appendFloatText writes a float as MySQL does: plainly between 1e-15 and 1e15.
func appendFloatText(dst []byte, f float64, bits int) []byte {
	a := math.Abs(f)
	switch {
	case math.IsNaN(f) || math.IsInf(f, 0):
		return row.AppendFloat(dst, f, bits)
	case a == 0 || a >= 1e-15 && a < 1e15:
		return strconv.AppendFloat(dst, f, 'f', -1, bits)
	}
	start := len(dst)
	dst = strconv.AppendFloat(dst, f, 'e', -1, bits)
	for i := start; i < len(dst); i++ { // e+20 is e20, e-07 is e-7
		if dst[i] != 'e' {
			continue
		}
		to := i + 1
		from := i + 1
		if dst[from] == '+' {
			from++
		} else {
			from, to = from+1, to+1
		}
		for from < len(dst)-1 && dst[from] == '0' {
			from++
		}
		return append(dst[:to], dst[from:]...)
	}
	return dst
}
