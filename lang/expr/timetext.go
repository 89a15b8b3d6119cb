package expr

import (
	"bytes"
	"strconv"
)

// digitsAt reads n digits or more, at most max.
func digitsAt(v []byte, i, n, most int) (val int64, next int, ok bool) {
	start := i
	for i < len(v) && digit(v[i]) && i-start < most {
		val = val*10 + int64(v[i]-'0')
		i++
	}
	return val, i, i-start >= n
}

// parseDate reads 2024-02-29, with " BC" behind where bc allows, and gives what
// follows it. What is no day of the calendar is read too where MySQL would store it.
func parseDate(v []byte) (packed int64, rest []byte, ok bool) {
	if len(v) >= 10 && v[4] == '-' && v[7] == '-' { // the usual form, at one look
		a, b, c, d := v[0]-'0', v[1]-'0', v[2]-'0', v[3]-'0'
		e, f, g, h := v[5]-'0', v[6]-'0', v[8]-'0', v[9]-'0'
		if max(a, b, c, d, e, f, g, h) <= 9 {
			y, m, d := int64(a)*1000+int64(b)*100+int64(c)*10+int64(d), int64(e)*10+int64(f), int64(g)*10+int64(h)
			if m > 12 || d > 31 || m != 0 && d > daysIn(y, m) {
				return 0, nil, false
			}
			return pack(y, m, d), v[10:], true
		}
	}
	y, i, ok := digitsAt(v, 0, 4, 7)
	if !ok || i >= len(v) || v[i] != '-' {
		return 0, nil, false
	}
	m, j, ok := digitsAt(v, i+1, 2, 2)
	if !ok || j >= len(v) || v[j] != '-' || m > 12 {
		return 0, nil, false
	}
	d, k, ok := digitsAt(v, j+1, 2, 2)
	if !ok || d > 31 {
		return 0, nil, false
	}
	if m != 0 && d > daysIn(y, m) {
		return 0, nil, false
	}
	return pack(y, m, d), v[k:], true
}

// bc turns a date's year into one before Christ.
func bc(p int64) int64 {
	y, m, d := unpack(p)
	return pack(1-y, m, d)
}

var (
	bcMark      = []byte(" BC")
	infinity    = []byte("infinity")
	minusInf    = []byte("-infinity")
	utcMark     = []byte("+00")
	utcLong     = []byte("+00:00")
	errNoDate   = "the value is no date"
	errNoMoment = "the value is no date with time"
)

func decodeDate(v []byte) (int64, bool) {
	if len(v) > 0 && v[0] == 'i' && bytes.Equal(v, infinity) {
		return afterAll, true
	}
	if len(v) > 0 && v[0] == '-' && bytes.Equal(v, minusInf) {
		return beforeAll, true
	}
	p, rest, ok := parseDate(v)
	if !ok {
		return 0, false
	}
	if len(rest) > 0 {
		if !bytes.Equal(rest, bcMark) {
			return 0, false
		}
		p = bc(p)
	}
	return p, true
}

// clock reads 15:04[:05[.ffffff]] and gives what follows.
func clock(v []byte, hours int) (us int64, rest []byte, ok bool) {
	h, i, ok := digitsAt(v, 0, 1, hours)
	if !ok || i >= len(v) || v[i] != ':' {
		return 0, nil, false
	}
	m, j, ok := digitsAt(v, i+1, 2, 2)
	if !ok || m > 59 {
		return 0, nil, false
	}
	us = h*usHour + m*usMinute
	if j >= len(v) || v[j] != ':' {
		return us, v[j:], true
	}
	s, k, ok := digitsAt(v, j+1, 2, 2)
	if !ok || s > 59 {
		return 0, nil, false
	}
	us += s * usSecond
	if k < len(v) && v[k] == '.' {
		f, n, ok := digitsAt(v, k+1, 1, 6)
		if !ok {
			return 0, nil, false
		}
		for range 6 - (n - k - 1) {
			f *= 10
		}
		for k = n; k < len(v) && v[k] == '0'; k++ { // nanoseconds are no part of any column
		}
		us += f
	}
	return us, v[k:], true
}

// decodeDateTime reads a date with or without a time; zone says whether an offset may
// stand behind it, which is worked in.
func decodeDateTime(v []byte, zone bool) (date, us int64, ok bool) {
	if len(v) > 0 && (v[0] == 'i' || v[0] == '-') {
		p, ok := decodeDate(v)
		return p, 0, ok
	}
	p, rest, ok := parseDate(v)
	if !ok {
		return 0, 0, false
	}
	if len(rest) > 0 && (rest[0] == ' ' || rest[0] == 'T') && len(rest) > 1 && digit(rest[1]) {
		if us, rest, ok = clock(rest[1:], 2); !ok || us > usDay {
			return 0, 0, false
		}
	}
	var offset int64
	if zone && len(rest) > 0 && !bytes.Equal(rest, bcMark) && rest[0] != ' ' {
		if offset, rest, ok = zoneOffset(rest); !ok {
			return 0, 0, false
		}
	}
	if bytes.Equal(rest, bcMark) {
		p, rest = bc(p), nil
	}
	if len(rest) > 0 {
		return 0, 0, false
	}
	if offset != 0 || us == usDay {
		if !proper(p) {
			return 0, 0, false
		}
		p, us = shift(p, us, -offset)
	}
	return p, us, true
}

// zoneOffset reads +00, Z, -03:30 or +05:30:15.
func zoneOffset(v []byte) (us int64, rest []byte, ok bool) {
	if bytes.HasPrefix(v, utcLong) {
		return 0, v[6:], true
	}
	if bytes.HasPrefix(v, utcMark) && (len(v) == 3 || v[3] == ' ') {
		return 0, v[3:], true
	}
	if v[0] == 'Z' {
		return 0, v[1:], true
	}
	if v[0] != '+' && v[0] != '-' {
		return 0, nil, false
	}
	h, i, ok := digitsAt(v, 1, 2, 2)
	if !ok || h > 15 {
		return 0, nil, false
	}
	us = h * usHour
	for _, unit := range []int64{usMinute, usSecond} {
		if i >= len(v) || v[i] != ':' {
			break
		}
		n, j, ok := digitsAt(v, i+1, 2, 2)
		if !ok || n > 59 {
			return 0, nil, false
		}
		us += n * unit
		i = j
	}
	if v[0] == '-' {
		us = -us
	}
	return us, v[i:], true
}

// shift adds microseconds to a moment whose date is proper.
func shift(p, us, by int64) (int64, int64) {
	us += by
	days := floorDiv(us, usDay)
	if days == 0 {
		return p, us
	}
	return ofDayNumber(dayNumber(p) + days), us - days*usDay
}

// decodeTime reads a time of day, or MySQL's of up to 838 hours.
func decodeTime(v []byte) (int64, bool) {
	negative := len(v) > 0 && v[0] == '-'
	if negative {
		v = v[1:]
	}
	us, rest, ok := clock(v, 3)
	if !ok || len(rest) > 0 || us >= 839*usHour {
		return 0, false
	}
	if negative {
		us = -us
	}
	return us, true
}

func appendPadded(dst []byte, v int64, width int) []byte {
	switch {
	case width == 2 && v >= 0 && v < 100:
		return append(dst, byte('0'+v/10), byte('0'+v%10))
	case width == 4 && v >= 0 && v < 10000:
		return append(dst, byte('0'+v/1000), byte('0'+v/100%10), byte('0'+v/10%10), byte('0'+v%10))
	}
	for p := int64(10); width > 1; width-- {
		if v < p {
			// as many zeros as digits are missing
			for range width - 1 {
				dst = append(dst, '0')
			}
			return strconv.AppendInt(dst, v, 10)
		}
		p *= 10
	}
	return strconv.AppendInt(dst, v, 10)
}

// appendYMD writes a date without the mark of years before Christ; it reports
// whether that is to follow.
func appendYMD(dst []byte, p int64) ([]byte, bool) {
	y, m, d := unpack(p)
	before := y < 0 || y == 0 && m != 0 && d != 0
	if before {
		y = 1 - y
	}
	dst = appendPadded(dst, y, 4)
	dst = append(dst, '-')
	dst = appendPadded(dst, m, 2)
	dst = append(dst, '-')
	return appendPadded(dst, d, 2), before
}

func appendDate(dst []byte, p int64) []byte {
	switch p {
	case afterAll:
		return append(dst, infinity...)
	case beforeAll:
		return append(dst, minusInf...)
	}
	dst, before := appendYMD(dst, p)
	if before {
		dst = append(dst, bcMark...)
	}
	return dst
}

func appendDateTime(dst []byte, p, us int64, zone bool) []byte {
	if p == afterAll || p == beforeAll {
		return appendDate(dst, p)
	}
	dst, before := appendYMD(dst, p)
	dst = append(dst, ' ')
	dst = appendTime(dst, us)
	if zone {
		dst = append(dst, utcMark...)
	}
	if before {
		dst = append(dst, bcMark...)
	}
	return dst
}

func appendTime(dst []byte, us int64) []byte {
	if us < 0 {
		dst, us = append(dst, '-'), -us
	}
	dst = appendPadded(dst, us/usHour, 2)
	dst = append(dst, ':')
	dst = appendPadded(dst, us/usMinute%60, 2)
	dst = append(dst, ':')
	dst = appendPadded(dst, us/usSecond%60, 2)
	if f := us % usSecond; f != 0 {
		dst = append(dst, '.')
		dst = appendPadded(dst, f, 6)
		for dst[len(dst)-1] == '0' {
			dst = dst[:len(dst)-1]
		}
	}
	return dst
}
