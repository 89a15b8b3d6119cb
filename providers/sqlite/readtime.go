package sqlite

import (
	"bytes"
	"strconv"
	"time"

	"github.com/syncform/syncform/providers/schema"
)

// appendTime appends the canonical text of a date or time as SQLite applications
// write them: ISO 8601 with a T or a space, seconds or none, a zone where the type
// has one. What is not plain in its meaning is a problem, which it says; then dst is
// as it was.
func appendTime(dst, v []byte, t schema.Type) (out []byte, problem string) {
	if len(v) == 19 && t.Kind == schema.Timestamp && v[10] == ' ' && plainDate(v[:10]) && plainClock(v[11:]) {
		return append(dst, v...), "" // by far the most
	}
	if t.Kind == schema.Date && len(v) == 10 && plainDate(v) {
		return append(dst, v...), ""
	}
	switch string(v) {
	case "infinity", "-infinity":
		if t.Kind == schema.Time || t.Kind == schema.TimeTZ {
			return dst, "is no time of day"
		}
		return append(dst, v...), ""
	}
	rest, bc := bytes.CutSuffix(v, []byte(" BC"))
	var date []byte
	if t.Kind != schema.Time && t.Kind != schema.TimeTZ {
		var ok bool
		if date, rest, ok = cutDate(rest); !ok {
			return dst, "is no date of the form 2006-01-02 15:04:05"
		}
	}
	c, problem := readClock(rest, t)
	if problem != "" {
		return dst, problem
	}
	start := len(dst)
	switch t.Kind {
	case schema.Date:
		if !c.midnight() {
			return dst, "has a time of day in a column of dates"
		}
		dst = append(dst, date...)
	case schema.Time:
		if c.zone != nil {
			return dst, "has a time zone, which its type has not"
		}
		dst = append(dst, c.text()...)
	case schema.TimeTZ:
		if c.zone == nil {
			return dst, "has no time zone, which its type asks for"
		}
		dst = append(append(dst, c.text()...), zoneText(*c.zone)...)
	case schema.Timestamp:
		if c.zone != nil && *c.zone != 0 {
			return dst, "has a time zone, which its type has not: store it in UTC"
		}
		dst = append(append(append(dst, date...), ' '), c.text()...)
	case schema.TimestampTZ:
		// Without a zone it is UTC, as SQLite's own functions have it.
		if c.zone == nil || *c.zone == 0 {
			dst = append(append(append(dst, date...), ' '), c.text()...)
		} else {
			at, err := time.Parse("2006-01-02 15:04:05", string(date)+" "+string(c.text()[:8]))
			if err != nil || bc {
				return dst, "is too far away for its time zone to be reckoned: store it in UTC"
			}
			dst = at.Add(-time.Duration(*c.zone)*time.Second).AppendFormat(dst, "2006-01-02 15:04:05")
			dst = append(dst, c.text()[8:]...)
		}
		dst = append(dst, "+00"...)
	}
	if bc {
		if t.Kind == schema.Time || t.Kind == schema.TimeTZ {
			return dst[:start], "is no time of day"
		}
		dst = append(dst, " BC"...)
	}
	return dst, ""
}

// plainDate reports whether v is 2006-01-02, a day that there is, or MySQL's zero in
// place of a part.
func plainDate(v []byte) bool {
	if v[4] != '-' || v[7] != '-' || !allDigits(v[:4]) || !allDigits(v[5:7]) || !allDigits(v[8:]) {
		return false
	}
	month, day := two(v[5:]), two(v[8:])
	switch {
	case month > 12 || day > 31:
		return false
	case day <= 28 || month == 0:
		return true
	case month == 2:
		year := two(v)*100 + two(v[2:])
		return day == 29 && (year%4 == 0 && year%100 != 0 || year%400 == 0)
	case month == 4 || month == 6 || month == 9 || month == 11:
		return day <= 30
	}
	return true
}

// plainClock reports whether v is 15:04:05.
func plainClock(v []byte) bool {
	return v[2] == ':' && v[5] == ':' && allDigits(v[:2]) && allDigits(v[3:5]) && allDigits(v[6:]) &&
		two(v) < 24 && two(v[3:]) < 60 && two(v[6:]) < 60
}

func allDigits(v []byte) bool {
	for _, c := range v {
		if !digit(c) {
			return false
		}
	}
	return len(v) > 0
}

func two(v []byte) int { return int(v[0]-'0')*10 + int(v[1]-'0') }

// cutDate takes a date off the front; years may have more than four digits.
func cutDate(v []byte) (date, rest []byte, ok bool) {
	n := bytes.IndexByte(v, '-')
	if n < 4 || len(v) < n+6 || !allDigits(v[:n]) || n > 4 && v[0] == '0' {
		return nil, nil, false
	}
	date, rest = v[:n+6], v[n+6:]
	if !plainDate(date[n-4:]) {
		return nil, nil, false
	}
	return date, rest, true
}

// clock is a time of day, or a span as MySQL's TIME may be one.
type clock struct {
	negative bool
	hours    []byte // as written, two digits or more
	rest     []byte // :04:05
	fraction []byte // digits without trailing zeros
	zone     *int   // seconds east of UTC
}

func (c *clock) text() []byte {
	var b []byte
	if c.negative {
		b = append(b, '-')
	}
	b = append(append(b, c.hours...), c.rest...)
	if len(c.fraction) > 0 {
		b = append(append(b, '.'), c.fraction...)
	}
	return b
}

func (c *clock) midnight() bool {
	return string(c.hours) == "00" && string(c.rest) == ":00:00" && len(c.fraction) == 0 && (c.zone == nil || *c.zone == 0)
}

// readClock reads what follows a date, or a time alone.
func readClock(v []byte, t schema.Type) (clock, string) {
	const shape = "is no time of the form 15:04:05"
	alone := t.Kind == schema.Time || t.Kind == schema.TimeTZ
	c := clock{hours: []byte("00"), rest: []byte(":00:00")}
	if !alone {
		if len(v) == 0 {
			return c, ""
		}
		if v[0] != ' ' && v[0] != 'T' {
			return c, "is no date of the form 2006-01-02 15:04:05"
		}
		v = v[1:]
	}
	if alone && len(v) > 0 && v[0] == '-' {
		c.negative, v = true, v[1:]
	}
	n := bytes.IndexByte(v, ':')
	if n < 2 || n > 3 || !allDigits(v[:n]) || n == 3 && (t.Kind != schema.Time || v[0] == '0') {
		return c, shape
	}
	c.hours, v = v[:n], v[n:]
	if len(v) < 3 || !allDigits(v[1:3]) || two(v[1:]) > 59 {
		return c, shape
	}
	minutes := v[:3]
	v = v[3:]
	seconds := []byte(":00")
	if len(v) >= 3 && v[0] == ':' && allDigits(v[1:3]) && two(v[1:]) <= 59 {
		seconds, v = v[:3], v[3:]
		if len(v) > 1 && v[0] == '.' {
			end := 1
			for end < len(v) && digit(v[end]) {
				end++
			}
			c.fraction, v = bytes.TrimRight(v[1:end], "0"), v[end:]
		}
	}
	c.rest = append(append(make([]byte, 0, 6), minutes...), seconds...)
	hours, err := strconv.Atoi(string(c.hours))
	whole := hours == 24 && string(c.rest) == ":00:00" && len(c.fraction) == 0
	if err != nil || hours > 23 && !(alone && whole) && t.Kind != schema.Time {
		return c, shape
	}
	if len(c.fraction) > t.FractionalDigits(6) {
		return c, "has more digits after the second than its type keeps (" + strconv.Itoa(t.FractionalDigits(6)) + ")"
	}
	if len(v) > 0 {
		zone, ok := readZone(v)
		if !ok {
			return c, shape
		}
		c.zone = &zone
	}
	return c, ""
}

// readZone reads Z, +05, +0530, +05:30 or +05:30:15, a space before it or none.
func readZone(v []byte) (seconds int, ok bool) {
	v = bytes.TrimPrefix(v, []byte(" "))
	if string(v) == "Z" {
		return 0, true
	}
	if len(v) < 3 || v[0] != '+' && v[0] != '-' {
		return 0, false
	}
	sign := 1
	if v[0] == '-' {
		sign = -1
	}
	digits := bytes.ReplaceAll(v[1:], []byte(":"), nil)
	if colons := len(v) - 1 - len(digits); !allDigits(digits) || len(digits)%2 != 0 || len(digits) > 6 ||
		colons != 0 && colons != len(digits)/2-1 || v[len(v)-1] == ':' || colons == 0 && len(digits) == 6 {
		return 0, false
	}
	for i, unit := 0, 3600; i < len(digits); i, unit = i+2, unit/60 {
		seconds += two(digits[i:]) * unit
	}
	return sign * seconds, seconds <= 16*3600
}

// zoneText gives +05, -03:30 or +05:30:15.
func zoneText(seconds int) string {
	b := []byte{'+'}
	if seconds < 0 {
		b[0], seconds = '-', -seconds
	}
	pair := func(n int) { b = append(b, byte('0'+n/10), byte('0'+n%10)) }
	pair(seconds / 3600)
	if seconds%3600 != 0 {
		b = append(b, ':')
		pair(seconds / 60 % 60)
		if seconds%60 != 0 {
			b = append(b, ':')
			pair(seconds % 60)
		}
	}
	return string(b)
}
