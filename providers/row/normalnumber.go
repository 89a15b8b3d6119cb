package row

import (
	"bytes"
	"strconv"
)

// number is a decimal number taken apart: 0.digits × 10^point, digits without
// zeros at either end; zero has no digits.
type number struct {
	negative bool
	digits   []byte // may hold one '.', left out by eachDigit
	point    int64
}

// parseNumber reads [+-]digits[.digits][e[+-]digits]. strict asks for JSON's
// grammar: no '+', no leading zeros, digits on both sides of the point. Only the
// exponent has a limit, of 18 digits.
func parseNumber(v []byte, strict bool) (number, bool) {
	var n number
	if len(v) > 0 && (v[0] == '-' || !strict && v[0] == '+') {
		n.negative = v[0] == '-'
		v = v[1:]
	}
	mantissa := v
	var exp int64
	if e := bytes.IndexAny(v, "eE"); e >= 0 {
		text := v[e+1:]
		if len(text) > 19 || len(text) == 0 {
			return n, false
		}
		var err error
		if exp, err = strconv.ParseInt(string(text), 10, 64); err != nil || exp > 1e18 || exp < -1e18 {
			return n, false
		}
		mantissa = v[:e]
	}
	whole, dot, any := len(mantissa), false, false
	for i, c := range mantissa {
		switch {
		case c == '.' && !dot:
			whole, dot = i, true
		case c >= '0' && c <= '9':
			any = true
		default:
			return n, false
		}
	}
	if !any || strict && (whole == 0 || whole > 1 && mantissa[0] == '0' || dot && whole == len(mantissa)-1) {
		return n, false
	}
	// Zeros in front and behind carry no value; the point counts where they stood.
	first := 0
	for first < len(mantissa) && (mantissa[first] == '0' || mantissa[first] == '.') {
		first++
	}
	last := len(mantissa)
	for last > first && (mantissa[last-1] == '0' || mantissa[last-1] == '.') {
		last--
	}
	if first == last {
		return number{}, true
	}
	n.digits = mantissa[first:last]
	n.point = int64(whole-first) + exp
	if first > whole {
		n.point++ // the '.' itself was counted among the zeros
	}
	return n, true
}

// count gives how many digits there are.
func (n number) count() int64 {
	if bytes.IndexByte(n.digits, '.') >= 0 {
		return int64(len(n.digits)) - 1
	}
	return int64(len(n.digits))
}

func (n number) appendDigits(dst []byte, from, to int64) []byte {
	var i int64
	for _, c := range n.digits {
		if c == '.' {
			continue
		}
		if i >= from && i < to {
			dst = append(dst, c)
		}
		i++
	}
	return dst
}

// appendPlain writes the number without an exponent.
func (n number) appendPlain(dst []byte) []byte {
	if len(n.digits) == 0 {
		return append(dst, '0')
	}
	if n.negative {
		dst = append(dst, '-')
	}
	count := n.count()
	if n.point <= 0 {
		dst = append(dst, '0', '.')
		for i := n.point; i < 0; i++ {
			dst = append(dst, '0')
		}
		return n.appendDigits(dst, 0, count)
	}
	if n.point >= count {
		dst = n.appendDigits(dst, 0, count)
		for i := count; i < n.point; i++ {
			dst = append(dst, '0')
		}
		return dst
	}
	dst = n.appendDigits(dst, 0, n.point)
	dst = append(dst, '.')
	return n.appendDigits(dst, n.point, count)
}

// plainDigits is past what any server's decimal holds before or after the point,
// so only numbers that no decimal can be are written with an exponent.
const plainDigits = 200_000

// normalDecimal writes v without an exponent, leading zeros, trailing zeros of
// the fraction, or the sign of zero.
func normalDecimal(dst, v []byte) []byte {
	if plainInteger(v) {
		return append(dst, v...)
	}
	n, ok := parseNumber(v, false)
	if !ok || n.point > plainDigits || n.point < -plainDigits {
		return append(dst, v...)
	}
	return n.appendPlain(dst)
}

// plainInteger is the fast path: an integer that is in its normal form already.
func plainInteger(v []byte) bool {
	if len(v) > 0 && v[0] == '-' {
		v = v[1:]
		if len(v) > 0 && v[0] == '0' {
			return false
		}
	}
	if len(v) == 0 || v[0] == '0' && len(v) > 1 {
		return false
	}
	for _, c := range v {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// appendJSONNumber writes n plainly where that is short, else with an exponent;
// which of the two depends on the value alone.
func (n number) appendJSONNumber(dst []byte) []byte {
	const short = 40
	if len(n.digits) == 0 || n.point <= short && n.point >= -short {
		return n.appendPlain(dst)
	}
	if n.negative {
		dst = append(dst, '-')
	}
	count := n.count()
	dst = n.appendDigits(dst, 0, 1)
	if count > 1 {
		dst = append(dst, '.')
		dst = n.appendDigits(dst, 1, count)
	}
	dst = append(dst, 'e')
	return strconv.AppendInt(dst, n.point-1, 10)
}
