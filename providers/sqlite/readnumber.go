package sqlite

import (
	"bytes"
	"fmt"
	"math"
	"strconv"

	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
)

// appendDecimal appends the canonical text of a decimal: no exponent, sign or zeros
// that say nothing. A value that has more digits than t allows is a problem.
func appendDecimal(dst, v []byte, t schema.Type) (out []byte, problem string) {
	switch string(v) {
	case "NaN", "Infinity", "-Infinity":
		return append(dst, v...), ""
	}
	d, ok := readDecimal(v)
	if !ok {
		return dst, "is no decimal number"
	}
	if problem := d.fits(t); problem != "" {
		return dst, problem
	}
	return d.append(dst), ""
}

// decimal is a number taken apart; its value is whole.fraction.
type decimal struct {
	negative        bool
	whole, fraction []byte // digits; whole without leading zeros
}

func readDecimal(v []byte) (d decimal, ok bool) {
	if len(v) > 0 && (v[0] == '-' || v[0] == '+') {
		d.negative, v = v[0] == '-', v[1:]
	}
	exponent := 0
	if e := bytes.IndexAny(v, "eE"); e >= 0 {
		n, err := strconv.Atoi(string(v[e+1:]))
		if err != nil || n > 2000 || n < -2000 {
			return d, false
		}
		exponent, v = n, v[:e]
	}
	whole, fraction, _ := bytes.Cut(v, []byte("."))
	if len(whole)+len(fraction) == 0 || len(whole) > 0 && !allDigits(whole) || len(fraction) > 0 && !allDigits(fraction) {
		return d, false
	}
	if exponent != 0 {
		all := append(bytes.Clone(whole), fraction...)
		point := len(whole) + exponent
		for ; point < 0; point++ {
			all = append([]byte{'0'}, all...)
		}
		for len(all) < point {
			all = append(all, '0')
		}
		whole, fraction = all[:point], all[point:]
	}
	d.whole, d.fraction = bytes.TrimLeft(whole, "0"), fraction
	if len(d.whole) == 0 && len(bytes.Trim(d.fraction, "0")) == 0 {
		d.negative = false
	}
	return d, true
}

// fits says what keeps the number from being a value of t, or "".
func (d decimal) fits(t schema.Type) string {
	if t.Kind != schema.Decimal || t.Precision == 0 {
		return ""
	}
	if t.Scale < 0 {
		if n := len(d.whole); n+t.Scale > t.Precision || len(bytes.TrimRight(d.fraction, "0")) > 0 ||
			n > 0 && n+t.Scale > 0 && len(bytes.TrimRight(d.whole[n+t.Scale:], "0")) > 0 {
			return fmt.Sprintf("has more digits than %s", t)
		}
		return ""
	}
	if len(bytes.TrimRight(d.fraction, "0")) > t.Scale {
		return fmt.Sprintf("has more than %d digits after the point, which %s does not allow: round it", t.Scale, t)
	}
	if len(d.whole) > max(t.Precision-t.Scale, 0) {
		return fmt.Sprintf("has more than %d digits before the point, which %s does not allow", t.Precision-t.Scale, t)
	}
	return ""
}

func (d decimal) append(dst []byte) []byte {
	if d.negative {
		dst = append(dst, '-')
	}
	if len(d.whole) == 0 {
		dst = append(dst, '0')
	}
	dst = append(dst, d.whole...)
	if len(d.fraction) > 0 {
		dst = append(append(dst, '.'), d.fraction...)
	}
	return dst
}

// significant counts the digits that matter.
func (d decimal) significant() int {
	n := len(d.whole) + len(bytes.TrimRight(d.fraction, "0"))
	if len(d.whole) == 0 {
		n -= len(d.fraction) - len(bytes.TrimLeft(d.fraction, "0"))
	}
	return n
}

// appendReal appends a float as a decimal: the shortest text that reads back as it.
func appendReal(dst []byte, f float64, t schema.Type) (out []byte, problem string) {
	switch {
	case math.IsInf(f, 1):
		return append(dst, "Infinity"...), ""
	case math.IsInf(f, -1):
		return append(dst, "-Infinity"...), ""
	case f == 0:
		return append(dst, '0'), ""
	}
	if t.Scale >= 0 && t.Scale < len(tens) && t.Precision > 0 && t.Precision <= exactDigits {
		// Where a whole number of the last digit's units divides to this very float, it is
		// the shortest decimal too; nearly all values are such.
		if n := math.Round(f * tens[t.Scale]); math.Abs(n) < tens[min(t.Precision, len(tens)-1)] && n/tens[t.Scale] == f {
			return appendUnits(dst, int64(n), t.Scale), ""
		}
	}
	start := len(dst)
	dst = strconv.AppendFloat(dst, f, 'f', -1, 64)
	if t.Precision == 0 {
		return dst, ""
	}
	d, _ := readDecimal(dst[start:]) // AppendFloat writes nothing else
	if problem := d.fits(t); problem != "" {
		return dst[:start], problem
	}
	return dst, ""
}

// tens are the powers of ten that are used to scale; each is exact.
var tens = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15}

// appendUnits appends n units of the scale's last digit.
func appendUnits(dst []byte, n int64, scale int) []byte {
	if n < 0 {
		dst, n = append(dst, '-'), -n
	}
	start := len(dst)
	dst = strconv.AppendInt(dst, n, 10)
	if scale == 0 {
		return dst
	}
	for len(dst)-start <= scale { // 0.05
		dst = append(dst, 0)
		copy(dst[start+1:], dst[start:])
		dst[start] = '0'
	}
	dst = append(dst, 0)
	point := len(dst) - 1 - scale
	copy(dst[point+1:], dst[point:])
	dst[point] = '.'
	return dst
}

// appendFloat appends the canonical text of a float of t's width. A 64-bit value that
// no 32-bit float stands for is a problem.
func appendFloat(dst []byte, f float64, t schema.Type) (out []byte, problem string) {
	if f == 0 {
		return append(dst, '0'), ""
	}
	if t.Bits != 32 {
		return row.AppendFloat(dst, f, 64), ""
	}
	start := len(dst)
	dst = row.AppendFloat(dst, f, 32)
	if float64(float32(f)) != f && !math.IsInf(f, 0) {
		if back, err := strconv.ParseFloat(string(dst[start:]), 64); err != nil || back != f {
			return dst[:start], "has more digits than a 32-bit float"
		}
	}
	return dst, ""
}
