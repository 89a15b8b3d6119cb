package row

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/syncform/syncform/providers/schema"
)

// Normal appends to dst the one normal form of a value: equal bytes for equal
// values of type t, whatever system wrote the canonical text. t is the logical
// type that the text was read as. Text that is not canonical for its kind is
// appended as it is, so that it equals only itself.
//
//	bool              t or f, from 1, 0, true, false too
//	int, year         without '+', leading zeros or -0
//	decimal           without leading zeros, trailing zeros of the fraction, exponent or -0
//	float             the shortest text of the type's width; -0 is 0, as SQL has it
//	char              without trailing spaces
//	json, jsonb       sorted keys, exact numbers (1.0 = 1 = 10e-1), no spaces, one spelling of strings;
//	                  of equal keys jsonb keeps the last, json all
//	time kinds        without trailing zeros of the fraction
//	uuid              lower case, with hyphens
//	set               the labels in the order of the type
//	array             each element in its normal form, quoted where it must be
//	all others        the bytes
func Normal(dst []byte, t schema.Type, canonical []byte) []byte {
	switch t.Kind {
	case schema.Bool:
		return normalBool(dst, canonical)
	case schema.Int, schema.Year, schema.Decimal:
		return normalDecimal(dst, canonical)
	case schema.Float:
		return normalFloat(dst, t.Bits, canonical)
	case schema.Char:
		return append(dst, bytes.TrimRight(canonical, " ")...)
	case schema.JSON, schema.JSONB:
		return normalJSON(dst, canonical, t.Kind == schema.JSONB)
	case schema.Time, schema.TimeTZ, schema.Timestamp, schema.TimestampTZ, schema.Interval:
		return normalTime(dst, canonical)
	case schema.UUID:
		return normalUUID(dst, canonical)
	case schema.Set:
		return normalSet(dst, t.Values, canonical)
	case schema.Array:
		return normalArray(dst, t, canonical)
	}
	return append(dst, canonical...)
}

func normalBool(dst, v []byte) []byte {
	switch string(v) {
	case "1", "true":
		return append(dst, 't')
	case "0", "false":
		return append(dst, 'f')
	}
	return append(dst, v...)
}

func normalFloat(dst []byte, bits int, v []byte) []byte {
	switch string(v) {
	case "NaN", "Infinity", "-Infinity":
		return append(dst, v...)
	}
	if len(v) == 0 || !isNumberStart(v[0]) {
		return append(dst, v...)
	}
	if bits != 32 {
		bits = 64
	}
	f, err := strconv.ParseFloat(string(v), bits)
	if err != nil {
		return append(dst, v...)
	}
	if f == 0 {
		return append(dst, '0')
	}
	return AppendFloat(dst, f, bits)
}

// isNumberStart keeps words that only Go reads as a float ("inf", "nan") apart.
func isNumberStart(c byte) bool { return c >= '0' && c <= '9' || c == '-' || c == '+' || c == '.' }

// AppendFloat appends the canonical text of a float of 32 or 64 bits: the
// shortest that reads back as the same float, with an exponent where PostgreSQL
// would write one.
func AppendFloat(dst []byte, f float64, bits int) []byte {
	switch {
	case f != f:
		return append(dst, "NaN"...)
	case f > maxFloat:
		return append(dst, "Infinity"...)
	case f < -maxFloat:
		return append(dst, "-Infinity"...)
	}
	start := len(dst)
	dst = strconv.AppendFloat(dst, f, 'e', -1, bits)
	e := bytes.LastIndexByte(dst[start:], 'e') + start
	exp, err := strconv.Atoi(string(dst[e+1:]))
	if err != nil {
		panic("bug in syncform: a float without an exponent: " + err.Error())
	}
	digits := 15
	if bits == 32 {
		digits = 6
	}
	if exp >= -4 && exp < digits {
		return strconv.AppendFloat(dst[:start], f, 'f', -1, bits)
	}
	return dst
}

const maxFloat = 1.79769313486231570814527423731704356798070e+308

// normalTime drops trailing zeros of the one fraction that a time can have.
func normalTime(dst, v []byte) []byte {
	dot := bytes.IndexByte(v, '.')
	if dot < 0 {
		return append(dst, v...)
	}
	end := dot + 1
	for end < len(v) && v[end] >= '0' && v[end] <= '9' {
		end++
	}
	if end == dot+1 || bytes.IndexByte(v[end:], '.') >= 0 {
		return append(dst, v...)
	}
	keep := end
	for keep > dot+1 && v[keep-1] == '0' {
		keep--
	}
	if keep == dot+1 {
		keep = dot
	}
	dst = append(dst, v[:keep]...)
	return append(dst, v[end:]...)
}

func normalUUID(dst, v []byte) []byte {
	var hex [32]byte
	n := 0
	for _, c := range v {
		switch {
		case c >= 'A' && c <= 'F':
			c += 'a' - 'A'
		case c >= '0' && c <= '9', c >= 'a' && c <= 'f':
		case c == '-' || c == '{' || c == '}':
			continue
		default:
			return append(dst, v...)
		}
		if n == len(hex) {
			return append(dst, v...)
		}
		hex[n] = c
		n++
	}
	if n != len(hex) {
		return append(dst, v...)
	}
	dst = append(dst, hex[:8]...)
	for i := 8; i < 20; i += 4 {
		dst = append(dst, '-')
		dst = append(dst, hex[i:i+4]...)
	}
	dst = append(dst, '-')
	return append(dst, hex[20:]...)
}

// normalSet puts labels into the order of the type; a set with a label that the
// type lacks stays as it is.
func normalSet(dst []byte, values []string, v []byte) []byte {
	if len(v) == 0 || len(values) == 0 {
		return append(dst, v...)
	}
	has := make([]bool, len(values))
	for _, label := range strings.Split(string(v), ",") {
		i := 0
		for i < len(values) && values[i] != label {
			i++
		}
		if i == len(values) {
			return append(dst, v...)
		}
		has[i] = true
	}
	sep := false
	for i, h := range has {
		if !h {
			continue
		}
		if sep {
			dst = append(dst, ',')
		}
		dst, sep = append(dst, values[i]...), true
	}
	return dst
}
