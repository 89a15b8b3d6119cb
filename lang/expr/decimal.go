package expr

import (
	"math"
	"math/big"
	"strconv"
)

// decimal is c (or big, where it is set) / 10^scale. The zero value is 0.
type decimal struct {
	c     int64
	big   *big.Int
	scale int32
}

const maxScale = 60 // that a value keeps; a result's type says less

var pow10 = func() (p [19]int64) {
	p[0] = 1
	for i := 1; i < len(p); i++ {
		p[i] = p[i-1] * 10
	}
	return p
}()

func bigPow10(n int32) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }

// small makes a decimal of a big coefficient, held as int64 where that is enough.
func small(b *big.Int, scale int32) decimal {
	if b.IsInt64() {
		return decimal{c: b.Int64(), scale: scale}
	}
	return decimal{big: b, scale: scale}
}

func (d decimal) coefficient() *big.Int {
	if d.big != nil {
		return d.big
	}
	return big.NewInt(d.c)
}

func decimalOfInt(i int64, unsigned bool) decimal {
	if unsigned && i < 0 {
		return decimal{big: new(big.Int).SetUint64(uint64(i))}
	}
	return decimal{c: i}
}

// parseDecimal reads [+-]digits[.digits][e[+-]digits].
func parseDecimal(v []byte) (decimal, bool) {
	i, n := 0, len(v)
	negative := false
	if n > 0 && (v[0] == '-' || v[0] == '+') {
		negative = v[0] == '-'
		i++
	}
	var c int64
	var scale int32
	digits, any, dot := 0, false, false
	start := i
	for ; i < n; i++ {
		switch x := v[i]; {
		case digit(x):
			any = true
			if c != 0 || x != '0' {
				digits++
			}
			if digits <= 18 {
				c = c*10 + int64(x-'0')
			}
			if dot {
				scale++
			}
			continue
		case x == '.' && !dot:
			dot = true
			continue
		}
		break
	}
	if !any || scale > 1000 || digits > 2000 {
		return decimal{}, false
	}
	exp := int64(0)
	mantissa := v[start:i]
	if i < n {
		if v[i] != 'e' && v[i] != 'E' {
			return decimal{}, false
		}
		var err error
		if exp, err = strconv.ParseInt(string(v[i+1:]), 10, 32); err != nil || exp > 400 || exp < -400 {
			return decimal{}, false
		}
	}
	var d decimal
	if digits <= 18 {
		if negative {
			c = -c
		}
		d = decimal{c: c, scale: scale}
	} else {
		text := make([]byte, 0, len(mantissa)+1)
		if negative {
			text = append(text, '-')
		}
		for _, x := range mantissa {
			if x != '.' {
				text = append(text, x)
			}
		}
		b, ok := new(big.Int).SetString(string(text), 10)
		if !ok {
			return decimal{}, false
		}
		d = small(b, scale)
	}
	switch {
	case exp > int64(d.scale):
		return small(new(big.Int).Mul(d.coefficient(), bigPow10(int32(exp)-d.scale)), 0), true
	case exp != 0:
		d.scale -= int32(exp)
	}
	return d, true
}

// to gives the decimal with that scale, which is at least its own.
func (d decimal) to(scale int32) decimal {
	if n := scale - d.scale; n > 0 {
		if d.big == nil && int(n) < len(pow10) {
			if hi := d.c * pow10[n]; hi/pow10[n] == d.c && !(d.c == math.MinInt64) {
				return decimal{c: hi, scale: scale}
			}
		}
		return small(new(big.Int).Mul(d.coefficient(), bigPow10(n)), scale)
	}
	return d
}

func (d decimal) sign() int {
	switch {
	case d.big != nil:
		return d.big.Sign()
	case d.c > 0:
		return 1
	case d.c < 0:
		return -1
	}
	return 0
}

func (d decimal) cmp(e decimal) int {
	s := max(d.scale, e.scale)
	d, e = d.to(s), e.to(s)
	if d.big == nil && e.big == nil {
		switch {
		case d.c < e.c:
			return -1
		case d.c > e.c:
			return 1
		}
		return 0
	}
	return d.coefficient().Cmp(e.coefficient())
}

func (d decimal) neg() decimal {
	if d.big == nil && d.c != math.MinInt64 {
		return decimal{c: -d.c, scale: d.scale}
	}
	return small(new(big.Int).Neg(d.coefficient()), d.scale)
}

func (d decimal) add(e decimal) decimal {
	s := max(d.scale, e.scale)
	d, e = d.to(s), e.to(s)
	if d.big == nil && e.big == nil {
		if r := d.c + e.c; (r > d.c) == (e.c > 0) {
			return decimal{c: r, scale: s}
		}
	}
	return small(new(big.Int).Add(d.coefficient(), e.coefficient()), s)
}

func (d decimal) mul(e decimal) decimal {
	s := d.scale + e.scale
	var r decimal
	if d.big == nil && e.big == nil {
		if c := d.c * e.c; d.c == 0 || (c/d.c == e.c && !(d.c == -1 && e.c == math.MinInt64)) {
			r = decimal{c: c, scale: s}
			return r.truncate(maxScale)
		}
	}
	r = small(new(big.Int).Mul(d.coefficient(), e.coefficient()), s)
	return r.truncate(maxScale)
}

// words9 rounds digits behind the point up to the words of nine in which MySQL holds
// a decimal, which show in the digits that a quotient keeps.
func words9(n int32) int32 { return (n + 8) / 9 * 9 }

// div divides; e is not 0. The result has at least four more digits than d.
func (d decimal) div(e decimal) decimal {
	f1, f2 := words9(d.scale), words9(e.scale)
	more := max(4-(f1-d.scale)-(f2-e.scale), 0)
	scale := words9(f1 + f2 + more)
	up := scale - d.scale + e.scale
	if up >= 0 {
		if n := d.to(d.scale + up); n.big == nil && e.big == nil && e.c != 0 && !(n.c == math.MinInt64 && e.c == -1) {
			return decimal{c: n.c / e.c, scale: scale}
		}
		n := new(big.Int).Mul(d.coefficient(), bigPow10(up))
		return small(n.Quo(n, e.coefficient()), scale)
	}
	n := new(big.Int).Mul(e.coefficient(), bigPow10(-up))
	return small(n.Quo(d.coefficient(), n), scale)
}

// quoRem gives the whole quotient, cut towards zero, and the rest; e is not 0.
func (d decimal) quoRem(e decimal) (decimal, decimal) {
	s := max(d.scale, e.scale)
	d, e = d.to(s), e.to(s)
	if d.big == nil && e.big == nil && !(d.c == math.MinInt64 && e.c == -1) {
		return decimal{c: d.c / e.c}, decimal{c: d.c % e.c, scale: s}
	}
	q, r := new(big.Int).QuoRem(d.coefficient(), e.coefficient(), new(big.Int))
	return small(q, 0), small(r, s)
}

// split divides by 10^n: the quotient cut towards zero, and how the rest compares
// with a half, by its size.
func (d decimal) split(n int32) (q decimal, half int) {
	if d.big == nil && int(n) < len(pow10) {
		p := pow10[n]
		r := d.c % p
		if r < 0 {
			r = -r
		}
		switch {
		case r > p-r:
			half = 1
		case r < p-r:
			half = -1
		}
		return decimal{c: d.c / p, scale: d.scale - n}, half
	}
	b, r := new(big.Int).QuoRem(d.coefficient(), bigPow10(n), new(big.Int))
	r.Abs(r).Lsh(r, 1)
	return small(b, d.scale-n), r.Cmp(bigPow10(n))
}

// truncate cuts digits behind the point past scale.
func (d decimal) truncate(scale int32) decimal {
	if d.scale <= scale {
		return d
	}
	q, _ := d.split(d.scale - scale)
	return q
}

// round rounds half away from zero; a negative scale rounds before the point.
func (d decimal) round(scale int32) decimal {
	if d.scale <= scale {
		return d
	}
	sign := d.sign()
	q, half := d.split(d.scale - scale)
	if half >= 0 {
		q.scale = scale
		q = q.bump(sign)
	}
	if scale < 0 {
		q.scale = scale
		return small(new(big.Int).Mul(q.coefficient(), bigPow10(-scale)), 0)
	}
	return q
}

// bump adds one in the last place, away from zero.
func (d decimal) bump(sign int) decimal {
	return d.add(decimal{c: int64(sign), scale: d.scale})
}

// truncateTo is truncate that also works before the point.
func (d decimal) truncateTo(scale int32) decimal {
	q := d.truncate(scale)
	if scale < 0 && d.scale > scale {
		q.scale = 0
		return small(new(big.Int).Mul(q.coefficient(), bigPow10(-scale)), 0)
	}
	return q
}

// floor and ceil give whole numbers.
func (d decimal) floor() decimal {
	q := d.truncate(0)
	if d.sign() < 0 && q.cmp(d) != 0 {
		return q.bump(-1)
	}
	return q
}

func (d decimal) ceil() decimal { return d.neg().floor().neg() }

// fits reports whether the decimal has at most that many digits before the point.
func (d decimal) fits(whole int) bool {
	if n := whole + int(d.scale); d.big == nil && d.scale >= 0 && n >= 0 && n < len(pow10) {
		return d.c < pow10[n] && -d.c < pow10[n]
	}
	w := d.truncate(0)
	if w.big == nil {
		n := 0
		for c := w.c; c != 0; c /= 10 {
			n++
		}
		return n <= whole
	}
	return new(big.Int).Abs(w.big).Cmp(bigPow10(int32(whole))) < 0
}

func (d decimal) float() float64 {
	if d.big == nil && d.scale <= 15 && d.scale >= 0 && d.c < 1<<53 && d.c > -1<<53 {
		return float64(d.c) / float64(pow10[d.scale])
	}
	f, _ := strconv.ParseFloat(string(d.append(nil)), 64) // digits of its own: it can't fail but by range
	return f
}

// int64 gives a whole decimal; ok is false where it does not fit.
func (d decimal) int(unsigned bool) (int64, bool) {
	d = d.truncate(0).to(0)
	if d.big != nil {
		if unsigned && d.big.IsUint64() {
			return int64(d.big.Uint64()), true
		}
		return 0, false
	}
	return d.c, !unsigned || d.c >= 0
}

// append writes all digits that the scale says.
func (d decimal) append(dst []byte) []byte {
	if d.scale < 0 {
		d = d.to(0)
	}
	start := len(dst)
	if d.big != nil {
		dst = d.big.Append(dst, 10)
	} else if d.scale > 0 && int(d.scale) < len(pow10) && d.c != math.MinInt64 {
		c := d.c
		if c < 0 {
			dst, c = append(dst, '-'), -c
		}
		p := pow10[d.scale]
		whole := c / p
		c -= whole * p
		dst = append(strconv.AppendInt(dst, whole, 10), ".000000000000000000"[:1+d.scale]...)
		for i := len(dst) - 1; c != 0; i-- {
			q := c / 10
			dst[i] = byte('0' + c - 10*q)
			c = q
		}
		return dst
	} else {
		dst = strconv.AppendInt(dst, d.c, 10)
	}
	if d.scale == 0 {
		return dst
	}
	if dst[start] == '-' {
		start++
	}
	for len(dst)-start <= int(d.scale) {
		dst = append(dst, 0)
		copy(dst[start+1:], dst[start:])
		dst[start] = '0'
	}
	point := len(dst) - int(d.scale)
	dst = append(dst, 0)
	copy(dst[point+1:], dst[point:])
	dst[point] = '.'
	return dst
}
