package expr

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/syncform/syncform/providers/schema"
)

// formatLetters are those of DATE_FORMAT.
const formatLetters = "aAbBcDdefHhIijklMmprSsTUuVvWwXxYy%"

// formatOf checks the format of DATE_FORMAT and STR_TO_DATE.
func (c *checker) formatOf(n *Node, a *typed, letters string) (string, *Error) {
	f, err := c.constantText(n, a, "The format")
	if err != nil {
		return "", err
	}
	for i := 0; i < len(f); i++ {
		if f[i] != '%' {
			continue
		}
		if i++; i == len(f) || strings.IndexByte(letters, f[i]) < 0 {
			e := errorAt(a.node, "The format has %%%s, which %s does not know.", f[i:min(i+1, len(f))], n.Name)
			return "", e.fix("Its letters are %%%s.", strings.Join(strings.Split(letters, ""), ", %"))
		}
	}
	if !strings.Contains(f, "%") {
		e := errorAt(a.node, "The format '%s' has no letters behind %%.", f)
		return "", e.fix("Write '%%Y-%%m-%%d', say.")
	}
	return f, nil
}

func dateFormat(c *checker, n *Node, a []*typed) (*typed, *Error) {
	var err *Error
	if a[0], err = c.moment(n, a[0]); err != nil {
		return nil, err
	}
	f, err := c.formatOf(n, a[1], formatLetters)
	if err != nil {
		return nil, err
	}
	date, part := a[0].class == cDate, c.part(n)
	return c.strict(n, cText, varchar(formatLength(f)), a[:1], func(m *machine, v *value, a []*value) {
		if !proper(a[0].i) {
			m.fail(v, part, noDay)
			return
		}
		us := a[0].j
		if date {
			us = 0
		}
		at := len(m.arena)
		for i := 0; i < len(f); i++ {
			if f[i] != '%' {
				m.arena = append(m.arena, f[i])
				continue
			}
			i++
			m.arena = appendLetter(m.arena, f[i], a[0].i, us)
		}
		m.keep(v, at)
	}), nil
}

// formatLength is how long the result of a format can be.
func formatLength(f string) int {
	n := utf8.RuneCountInString(f)
	for i := 0; i < len(f)-1; i++ {
		if f[i] != '%' {
			continue
		}
		i++
		switch f[i] {
		case 'M', 'W':
			n += 7
		case 'r', 'T':
			n += 9
		default:
			n += 4
		}
	}
	return n
}

func appendLetter(dst []byte, letter byte, p, us int64) []byte {
	y, m, d := unpack(p)
	h := us / usHour
	h12 := (h+11)%12 + 1
	two := func(v int64) []byte { return appendPadded(dst, v, 2) }
	switch letter {
	case 'a':
		return append(dst, dayNames[weekday(p)][:3]...)
	case 'b':
		return append(dst, monthNames[m-1][:3]...)
	case 'c':
		return strconv.AppendInt(dst, m, 10)
	case 'D':
		dst = strconv.AppendInt(dst, d, 10)
		return append(dst, ordinal(d)...)
	case 'd':
		return two(d)
	case 'e':
		return strconv.AppendInt(dst, d, 10)
	case 'f':
		return appendPadded(dst, us%usSecond, 6)
	case 'H':
		return two(h)
	case 'h', 'I':
		return two(h12)
	case 'i':
		return two(us / usMinute % 60)
	case 'j':
		return appendPadded(dst, yearDay(p), 3)
	case 'k':
		return strconv.AppendInt(dst, h, 10)
	case 'l':
		return strconv.AppendInt(dst, h12, 10)
	case 'M':
		return append(dst, monthNames[m-1]...)
	case 'm':
		return two(m)
	case 'p':
		return append(dst, ampm(h)...)
	case 'r':
		dst = append(two(h12), ':')
		dst = append(appendPadded(dst, us/usMinute%60, 2), ':')
		dst = append(appendPadded(dst, us/usSecond%60, 2), ' ')
		return append(dst, ampm(h)...)
	case 'S', 's':
		return two(us / usSecond % 60)
	case 'T':
		return appendTime(dst, us-us%usSecond)
	case 'U':
		_, w := week(p, 0)
		return two(w)
	case 'u':
		_, w := week(p, 1)
		return two(w)
	case 'V':
		_, w := week(p, 2)
		return two(w)
	case 'v':
		_, w := week(p, 3)
		return two(w)
	case 'W':
		return append(dst, dayNames[weekday(p)]...)
	case 'w':
		return strconv.AppendInt(dst, (weekday(p)+1)%7, 10)
	case 'X':
		y, _ := week(p, 2)
		return appendPadded(dst, y, 4)
	case 'x':
		y, _ := week(p, 3)
		return appendPadded(dst, y, 4)
	case 'Y':
		return appendPadded(dst, y, 4)
	case 'y':
		return two((y%100 + 100) % 100)
	}
	return append(dst, letter)
}

func ampm(h int64) string {
	if h%24 >= 12 {
		return "PM"
	}
	return "AM"
}

func ordinal(d int64) string {
	if d%100 >= 11 && d%100 <= 13 {
		return "th"
	}
	switch d % 10 {
	case 1:
		return "st"
	case 2:
		return "nd"
	case 3:
		return "rd"
	}
	return "th"
}

// parseLetters are those that STR_TO_DATE reads; timeLetters make its result a moment.
const (
	parseLetters = "aWbMcmdeYyHkhIlisSfpTr%"
	timeLetters  = "HkhIlisSfpTr"
)

func strToDate(c *checker, n *Node, a []*typed) (*typed, *Error) {
	var err *Error
	if a[0], err = c.str(n, a[0]); err != nil {
		return nil, err
	}
	f, err := c.formatOf(n, a[1], parseLetters)
	if err != nil {
		return nil, err
	}
	k, t := cDate, typDate
	has := map[byte]bool{}
	for i := 0; i < len(f); i++ {
		if f[i] == '%' {
			i++
			has[f[i]] = true
			if strings.IndexByte(timeLetters, f[i]) >= 0 {
				k, t = cDateTime, schema.Type{Kind: schema.Timestamp, Precision: 1}
			}
		}
	}
	if has['f'] {
		t.Precision = 7
	}
	if !(has['Y'] || has['y']) || !(has['m'] || has['c'] || has['b'] || has['M']) || !(has['d'] || has['e']) {
		return nil, errorAt(a[1].node, "A date has a year (%%Y), a month (%%m) and a day (%%d), and the format has not all of them.")
	}
	part := c.part(n)
	return c.strict(n, k, t, a[:1], func(m *machine, v *value, a []*value) {
		p, ok := scanDate(a[0].b, f)
		if !ok || p.d < 1 || p.m < 1 || p.m > 12 || p.d > daysIn(p.y, p.m) {
			m.fail(v, part, fmt.Sprintf("the text is no date of the format '%s'", f))
			return
		}
		v.i, v.j = pack(p.y, p.m, p.d), p.us()
	}), nil
}

// dateParts is what was read of a text.
type dateParts struct {
	y, m, d, h, i, s, f int64
	twelve, pm          bool
}

func (p *dateParts) us() int64 {
	h := p.h
	if p.twelve {
		if h %= 12; p.pm {
			h += 12
		}
	}
	return h*usHour + p.i*usMinute + p.s*usSecond + p.f
}

// scanDate reads a text by a format, to its end.
func scanDate(b []byte, f string) (p dateParts, ok bool) {
	at := 0
	num := func(most int, to *int64, max int64) bool {
		v, next, ok := digitsAt(b, at, 1, most)
		*to, at = v, next
		return ok && v <= max
	}
	for i := 0; i < len(f); i++ {
		if f[i] == ' ' {
			for at < len(b) && b[at] == ' ' {
				at++
			}
			continue
		}
		if f[i] != '%' {
			if at == len(b) || b[at] != f[i] {
				return p, false
			}
			at++
			continue
		}
		i++
		ok := true
		switch f[i] {
		case 'Y':
			ok = num(4, &p.y, 9999)
		case 'y':
			if ok = num(2, &p.y, 99); p.y < 70 {
				p.y += 2000
			} else {
				p.y += 1900
			}
		case 'm', 'c':
			ok = num(2, &p.m, 12)
		case 'd', 'e':
			ok = num(2, &p.d, 31)
		case 'H', 'k':
			ok = num(2, &p.h, 23)
		case 'h', 'I', 'l':
			ok = num(2, &p.h, 12) && p.h > 0
			p.twelve = true
		case 'i':
			ok = num(2, &p.i, 59)
		case 's', 'S':
			ok = num(2, &p.s, 59)
		case 'f':
			start := at
			ok = num(6, &p.f, 999999)
			for range 6 - (at - start) {
				p.f *= 10
			}
		case 'p':
			ok = p.readAMPM(b, &at)
		case 'T', 'r':
			more := "%H:%i:%s"
			if f[i] == 'r' {
				more = "%h:%i:%s %p"
			}
			f = f[:i-1] + more + f[i+1:]
			i -= 2
		case 'b', 'M':
			ok = readName(b, &at, monthNames, f[i] == 'b', &p.m)
			p.m++
		case 'a', 'W':
			var day int64
			ok = readName(b, &at, dayNames, f[i] == 'a', &day)
		default:
			if ok = at < len(b) && b[at] == '%'; ok {
				at++
			}
		}
		if !ok {
			return p, false
		}
	}
	return p, at == len(b)
}

func (p *dateParts) readAMPM(b []byte, at *int) bool {
	if *at+2 > len(b) || b[*at+1]|32 != 'm' {
		return false
	}
	c := b[*at] | 32
	p.pm = c == 'p'
	*at += 2
	return c == 'a' || c == 'p'
}

// readName reads the name of a month or day.
func readName(b []byte, at *int, names []string, short bool, to *int64) bool {
	for i, name := range names {
		if short {
			name = name[:3]
		}
		if len(b)-*at >= len(name) && strings.EqualFold(string(b[*at:*at+len(name)]), name) {
			*to = int64(i)
			*at += len(name)
			return true
		}
	}
	return false
}
