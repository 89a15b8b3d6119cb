package mysql

import (
	"bytes"
	"math"
	"strconv"
	"strings"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// writeField turns the canonical text of a column's source into what the server is
// told, and refuses what it would bend without a word.
type writeField struct {
	nullable  bool
	binary    bool // raw bytes, written as _binary'...'
	transcode bool // LOAD DATA must say that its bytes are UTF-8
	plain     bool // what check returns needs no escapes
	// check gives the bytes to write, of v or of scratch, or why v can't be held. nil:
	// v as it is.
	check func(scratch *[]byte, v []byte) (out []byte, why string)
}

func (f *writeField) convert(scratch *[]byte, v []byte) ([]byte, string) {
	if f.check == nil {
		return v, ""
	}
	return f.check(scratch, v)
}

// writeFieldOf chooses how the values of one column are written.
func writeFieldOf(s *server, c providers.WriteColumn, fact columnFact) writeField {
	f := writeField{nullable: fact.nullable}
	from, to := c.Source, c.Type
	if from.Kind == "" {
		from = to
	}
	switch to.Kind {
	case schema.Bool, schema.Int:
		f.plain = true
		if from.Kind != schema.Int && from.Kind != schema.Year {
			f.check = checkInt(from)
		}
	case schema.Decimal:
		f.plain, f.check = true, checkDecimal(from, to)
	case schema.Float:
		f.plain, f.check = true, checkFloat(from, to)
	case schema.Year:
		f.plain, f.check = true, checkYear
	case schema.Date, schema.Time, schema.Timestamp, schema.TimestampTZ:
		f.check = checkTime(from, to)
	case schema.Bit:
		f.binary, f.check = true, checkBit(from, max(to.Length, 1))
	case schema.Binary, schema.Varbinary:
		f.binary, f.check = true, checkBinary(from, to)
	case schema.Blob, schema.Geometry:
		f.binary = true
	case schema.EnumKind:
		f.check = checkEnum(to.Values)
	case schema.Set:
		f.check = checkSet(to.Values)
	case schema.JSON:
		f.transcode = true
		if !s.mariadb() && from.System != schema.MySQL {
			f.check = checkJSON(from.Kind != schema.JSONB)
		}
	case schema.Char:
		if from.Kind != schema.Char {
			f.check = checkPadding
		}
	case schema.UUID, schema.Other:
		f.transcode = true
	}
	if to.IsText() && fact.charset != "utf8mb4" {
		f.transcode = true
	}
	return f
}

type checker = func(scratch *[]byte, v []byte) ([]byte, string)

const (
	reasonWhole    = "the value is not a whole number"
	reasonNumber   = "the value is not a number, and the column holds nothing else"
	reasonScale    = "the number has more digits after the point than the column keeps"
	reasonPrecise  = "the number has more digits than the column's floating point keeps"
	reasonCalendar = "the server knows only dates of the years 0 to 9999"
	reasonFraction = "the fraction of the second has more digits than the column keeps"
	reasonLabel    = "the value is not among the column's labels"
	reasonPadding  = "the value ends with a space, which a char column drops"
)

// checkInt takes whole numbers and bools.
func checkInt(from schema.Type) checker {
	return func(scratch *[]byte, v []byte) ([]byte, string) {
		switch {
		case wholeNumber(v):
			if from.Kind == schema.Bit {
				break
			}
			return v, ""
		case from.Kind == schema.Bool && string(v) == "t":
			return []byte{'1'}, ""
		case from.Kind == schema.Bool && string(v) == "f":
			return []byte{'0'}, ""
		}
		switch from.Kind {
		case schema.Bit:
			n, err := strconv.ParseUint(string(v), 2, 64)
			if err != nil {
				return nil, reasonWhole
			}
			*scratch = strconv.AppendUint((*scratch)[:0], n, 10)
			return *scratch, ""
		case schema.Decimal, schema.Float:
			plain, ok := plainNumber(scratch, v)
			if !ok {
				return nil, reasonNumber
			}
			whole, fraction, _ := bytes.Cut(plain, []byte("."))
			if len(bytes.Trim(fraction, "0")) > 0 {
				return nil, reasonWhole
			}
			return whole, ""
		}
		return nil, reasonWhole
	}
}

func wholeNumber(v []byte) bool {
	if len(v) > 0 && v[0] == '-' {
		v = v[1:]
	}
	for _, c := range v {
		if !isDigit(c) {
			return false
		}
	}
	return len(v) > 0
}

// plainNumber writes a decimal or float without an exponent; ok is false for what
// is no number.
func plainNumber(scratch *[]byte, v []byte) ([]byte, bool) {
	digits, points := 0, 0
	for i, c := range v {
		switch {
		case isDigit(c):
			digits++
		case c == '.':
			points++
		case c == '-' && i == 0:
		default:
			f, err := strconv.ParseFloat(string(v), 64)
			if err != nil || c != 'e' && c != 'E' {
				return nil, false
			}
			*scratch = strconv.AppendFloat((*scratch)[:0], f, 'f', -1, 64)
			return *scratch, true
		}
	}
	return v, digits > 0 && points <= 1
}

// checkDecimal drops zeros that the column does not keep and refuses other digits
// there, which the server would round away.
func checkDecimal(from, to schema.Type) checker {
	return func(scratch *[]byte, v []byte) ([]byte, string) {
		if from.Kind == schema.Bool {
			return checkInt(from)(scratch, v)
		}
		v, ok := plainNumber(scratch, v)
		if !ok {
			return nil, reasonNumber
		}
		point := bytes.IndexByte(v, '.')
		if point < 0 || len(v)-point-1 <= to.Scale {
			return v, ""
		}
		for _, c := range v[point+1+to.Scale:] {
			if c != '0' {
				return nil, reasonScale
			}
		}
		if to.Scale == 0 {
			return v[:point], ""
		}
		return v[:point+1+to.Scale], ""
	}
}

// checkFloat refuses numbers that would lose digits, and what SQL's floats lack.
func checkFloat(from, to schema.Type) checker {
	digits := -1 // after the point, of float(7,3)
	if _, args, ok := strings.Cut(to.Native, ","); ok {
		digits = atoi(leadingDigits(args))
	}
	return func(scratch *[]byte, v []byte) ([]byte, string) {
		if from.Kind == schema.Bool {
			return checkInt(from)(scratch, v)
		}
		f, err := strconv.ParseFloat(string(v), 64)
		if err != nil || f-f != 0 || !isDigit(v[len(v)-1]) {
			return nil, reasonNumber
		}
		switch {
		case from.Kind == schema.Float && from.Bits <= to.Bits: // as text each has the fewest digits that tell it
		case from.Kind == schema.Float && float64(float32(f)) == f:
		case from.Kind == schema.Float, !sameNumber(f, to.Bits, v):
			return nil, reasonPrecise
		}
		if digits >= 0 && (from.System != to.System || from.Native != to.Native) {
			*scratch = strconv.AppendFloat((*scratch)[:0], f, 'f', -1, to.Bits)
			if point := bytes.IndexByte(*scratch, '.'); point >= 0 && len(*scratch)-point-1 > digits {
				return nil, reasonScale
			}
		}
		if f == 0 && math.Signbit(f) {
			return []byte("-0e0"), "" // -0 as a literal is the integer 0
		}
		if to.Bits == 32 {
			// All its digits: the shortest text of the greatest float is past it as a double.
			*scratch = strconv.AppendFloat((*scratch)[:0], float64(float32(f)), 'g', -1, 64)
			return *scratch, ""
		}
		return v, ""
	}
}

// sameNumber reports whether the float's own shortest text is the number in v.
func sameNumber(f float64, bits int, v []byte) bool {
	short := strconv.FormatFloat(f, 'f', -1, bits)
	return canonicalNumber(short) == canonicalNumber(string(v))
}

// canonicalNumber drops the zeros that say nothing.
func canonicalNumber(v string) string {
	whole, fraction, _ := strings.Cut(v, ".")
	return canonicalDecimal(strings.TrimSuffix(canonicalInt(whole)+"."+strings.TrimRight(fraction, "0"), "."))
}

// checkYear spells the year 0, which as 0 would be 2000.
func checkYear(scratch *[]byte, v []byte) ([]byte, string) {
	n, err := strconv.Atoi(string(v))
	switch {
	case err == nil && n == 0:
		return []byte("0000"), ""
	case err != nil || n < 1901 || n > 2155:
		return nil, "a year column holds 0 and 1901 to 2155"
	}
	return v, ""
}

// checkBit packs digits into the bytes that the server keeps them in.
func checkBit(from schema.Type, length int) checker {
	return func(scratch *[]byte, v []byte) ([]byte, string) {
		switch from.Kind {
		case schema.Bool, schema.Int:
			n, err := strconv.ParseUint(strings.NewReplacer("t", "1", "f", "0").Replace(string(v)), 10, 64)
			if err != nil {
				return nil, "the value is not a number of the column's bits"
			}
			v = strconv.AppendUint(nil, n, 2)
			if missing := length - len(v); missing > 0 {
				v = append(bytes.Repeat([]byte{'0'}, missing), v...)
			}
		}
		if len(v) != length || len(bytes.Trim(v, "01")) > 0 {
			return nil, "the value does not have the column's number of bits"
		}
		out := append((*scratch)[:0], make([]byte, (length+7)/8)...)
		for i, c := range v {
			if c == '1' {
				at := length - 1 - i
				out[len(out)-1-at/8] |= 1 << (at % 8)
			}
		}
		*scratch = out
		return out, ""
	}
}

// checkBinary keeps short values out of fixed columns, which would add zeros, and
// packs a UUID into 16 bytes.
func checkBinary(from, to schema.Type) checker {
	if from.Kind == schema.UUID && to.Length == 16 {
		return packUUID
	}
	if to.Kind != schema.Binary {
		return nil
	}
	return func(_ *[]byte, v []byte) ([]byte, string) {
		if len(v) != to.Length {
			return nil, "the value does not have the column's length, and zeros would be added"
		}
		return v, ""
	}
}

func packUUID(scratch *[]byte, v []byte) ([]byte, string) {
	out, high, half := (*scratch)[:0], byte(0), false
	for _, c := range v {
		switch {
		case isDigit(c):
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		case c == '-':
			continue
		default:
			return nil, "the value is not a UUID"
		}
		if half {
			out = append(out, high<<4|c)
		}
		high, half = c, !half
	}
	*scratch = out
	if len(out) != 16 || half {
		return nil, "the value is not a UUID"
	}
	return out, ""
}

func checkPadding(_ *[]byte, v []byte) ([]byte, string) {
	if len(v) > 0 && v[len(v)-1] == ' ' {
		return nil, reasonPadding
	}
	return v, ""
}

// checkEnum takes only labels: the server would take digits for a label's number.
func checkEnum(labels []string) checker {
	known := make(map[string]bool, len(labels))
	for _, l := range labels {
		known[l] = true
	}
	return func(_ *[]byte, v []byte) ([]byte, string) {
		if !known[string(v)] {
			return nil, reasonLabel
		}
		return v, ""
	}
}

func checkSet(labels []string) checker {
	known := make(map[string]bool, len(labels))
	for _, l := range labels {
		known[l] = true
	}
	return func(_ *[]byte, v []byte) ([]byte, string) {
		for rest, more := v, len(v) > 0; more; {
			var label []byte
			label, rest, more = bytes.Cut(rest, []byte(","))
			if !known[string(label)] {
				return nil, reasonLabel
			}
		}
		return v, ""
	}
}
