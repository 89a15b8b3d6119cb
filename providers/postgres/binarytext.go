package postgres

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"math"
	"strconv"

	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
)

// binaryText appends the canonical text of a value in its binary form: byte for byte what
// fieldDecoder makes of the server's text. ok is false where it has another size.
type binaryText func(dst, v []byte) (out []byte, ok bool)

// binaryTextOf picks it; nil for a type whose binary form is not read here.
func binaryTextOf(t schema.Type) binaryText {
	if binaryForm(t) == "" {
		return nil
	}
	switch t.Kind {
	case schema.Bool:
		return boolText
	case schema.Int:
		return intText
	case schema.Float:
		return floatText
	case schema.Decimal:
		return numericText
	case schema.Varchar, schema.Text, schema.EnumKind:
		return func(dst, v []byte) ([]byte, bool) { return append(dst, v...), true }
	case schema.Char:
		return func(dst, v []byte) ([]byte, bool) { return append(dst, bytes.TrimRight(v, " ")...), true }
	case schema.Blob:
		return func(dst, v []byte) ([]byte, bool) { return append(dst, v...), true }
	case schema.Date:
		return dateText
	case schema.Timestamp:
		return func(dst, v []byte) ([]byte, bool) { return momentText(dst, v, "") }
	case schema.TimestampTZ:
		return func(dst, v []byte) ([]byte, bool) { return momentText(dst, v, "+00") }
	case schema.UUID:
		return uuidText
	}
	return nil
}

func boolText(dst, v []byte) ([]byte, bool) {
	if len(v) != 1 {
		return dst, false
	}
	if v[0] != 0 {
		return append(dst, 't'), true
	}
	return append(dst, 'f'), true
}

func intText(dst, v []byte) ([]byte, bool) {
	var n int64
	switch len(v) {
	case 2:
		n = int64(int16(binary.BigEndian.Uint16(v)))
	case 4:
		n = int64(int32(binary.BigEndian.Uint32(v)))
	case 8:
		n = int64(binary.BigEndian.Uint64(v))
	default:
		return dst, false
	}
	return strconv.AppendInt(dst, n, 10), true
}

func floatText(dst, v []byte) ([]byte, bool) {
	switch len(v) {
	case 4:
		return row.AppendFloat(dst, float64(math.Float32frombits(binary.BigEndian.Uint32(v))), 32), true
	case 8:
		return row.AppendFloat(dst, math.Float64frombits(binary.BigEndian.Uint64(v)), 64), true
	}
	return dst, false
}

func uuidText(dst, v []byte) ([]byte, bool) {
	if len(v) != 16 {
		return dst, false
	}
	for i, n := range [5]int{4, 2, 2, 2, 6} {
		if i > 0 {
			dst = append(dst, '-')
		}
		dst = hex.AppendEncode(dst, v[:n])
		v = v[n:]
	}
	return dst, true
}

// The signs of a numeric.
const (
	numericNegative = 0x4000
	numericNaN      = 0xc000
	numericPlusInf  = 0xd000
	numericMinusInf = 0xf000
)

// numericText reads digits to base 10000: how many, the power of the first, the sign, how
// many decimal digits stand behind the point, and the digits.
func numericText(dst, v []byte) ([]byte, bool) {
	if len(v) < 8 {
		return dst, false
	}
	n, weight := int(binary.BigEndian.Uint16(v)), int(int16(binary.BigEndian.Uint16(v[2:])))
	sign, scale := binary.BigEndian.Uint16(v[4:]), int(binary.BigEndian.Uint16(v[6:]))
	v = v[8:]
	if len(v) != 2*n {
		return dst, false
	}
	switch sign {
	case numericNaN:
		return append(dst, "NaN"...), true
	case numericPlusInf:
		return append(dst, "Infinity"...), true
	case numericMinusInf:
		return append(dst, "-Infinity"...), true
	case numericNegative:
		dst = append(dst, '-')
	}
	digit := func(i int) uint64 { // of weight i
		if at := weight - i; at >= 0 && at < n {
			return uint64(binary.BigEndian.Uint16(v[2*at:]))
		}
		return 0
	}
	dst = strconv.AppendUint(dst, digit(max(weight, 0)), 10)
	for i := weight - 1; i >= 0; i-- {
		dst = appendFour(dst, digit(i))
	}
	if scale == 0 {
		return dst, true
	}
	dst = append(dst, '.')
	end := len(dst) + scale
	for i := -1; len(dst) < end; i-- {
		dst = appendFour(dst, digit(i))
	}
	return dst[:end], true
}

func appendFour(dst []byte, n uint64) []byte {
	return append(dst, byte('0'+n/1000%10), byte('0'+n/100%10), byte('0'+n/10%10), byte('0'+n%10))
}

// days2000 is the first of January 2000, from which PostgreSQL counts, in the days from
// the first of March of the year 0.
const days2000 = 730425

func dateText(dst, v []byte) ([]byte, bool) {
	if len(v) != 4 {
		return dst, false
	}
	switch d := int32(binary.BigEndian.Uint32(v)); d {
	case math.MaxInt32:
		return append(dst, "infinity"...), true
	case math.MinInt32:
		return append(dst, "-infinity"...), true
	default:
		dst, bc := appendDay(dst, int64(d))
		if bc {
			dst = append(dst, beforeChrist...)
		}
		return dst, true
	}
}

func momentText(dst, v []byte, zone string) ([]byte, bool) {
	if len(v) != 8 {
		return dst, false
	}
	us := int64(binary.BigEndian.Uint64(v))
	switch us {
	case math.MaxInt64:
		return append(dst, "infinity"...), true
	case math.MinInt64:
		return append(dst, "-infinity"...), true
	}
	const day = 86400_000_000
	days := us / day
	if us %= day; us < 0 {
		days, us = days-1, us+day
	}
	dst, bc := appendDay(dst, days)
	s, us := us/1_000_000, us%1_000_000
	dst = append(append(dst, ' '), twoDigits(s/3600)...)
	dst = append(append(dst, ':'), twoDigits(s/60%60)...)
	dst = append(append(dst, ':'), twoDigits(s%60)...)
	if us > 0 {
		dst = append(dst, '.', byte('0'+us/100000), byte('0'+us/10000%10), byte('0'+us/1000%10), byte('0'+us/100%10), byte('0'+us/10%10), byte('0'+us%10))
		dst = bytes.TrimRight(dst, "0")
	}
	dst = append(dst, zone...)
	if bc {
		dst = append(dst, beforeChrist...)
	}
	return dst, true
}

const twoDigit = "0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243444546474849" +
	"5051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899"

func twoDigits(n int64) string { return twoDigit[2*n : 2*n+2] }

// appendDay writes the day so many days after the first of January 2000.
func appendDay(dst []byte, days int64) (out []byte, bc bool) {
	d := days + days2000
	era := d / 146097 // 400 years
	if d %= 146097; d < 0 {
		era, d = era-1, d+146097
	}
	y := (d - d/1460 + d/36524 - d/146096) / 365
	d -= 365*y + y/4 - y/100
	m := (5*d + 2) / 153 // from March
	d -= (153*m + 2) / 5
	y += 400 * era
	if m += 3; m > 12 {
		y, m = y+1, m-12
	}
	if bc = y <= 0; bc {
		y = 1 - y
	}
	if y < 10000 {
		dst = appendFour(dst, uint64(y))
	} else {
		dst = strconv.AppendInt(dst, y, 10)
	}
	dst = append(append(dst, '-'), twoDigits(m)...)
	return append(append(dst, '-'), twoDigits(d+1)...), bc
}
