package expr

import (
	"github.com/syncform/syncform/providers/schema"
)

var dateFunctions = []function{
	{name: "DATE", group: "Dates and times", args: "a", result: "date", least: 1, most: 1, text: "The day.", examples: []Example{{"DATE(TIMESTAMP'2024-02-29 12:30:00')", "2024-02-29"}}, bind: dateOf},
	{name: "TIME", group: "Dates and times", args: "a", result: "time", least: 1, most: 1, text: "The time of the day.", examples: []Example{{"TIME(TIMESTAMP'2024-02-29 12:30:00')", "12:30:00"}}, bind: timeOf},
	field("YEAR", "The year.", "2024"), field("QUARTER", "The quarter, 1 to 4.", "1"), field("MONTH", "The month, 1 to 12.", "2"),
	alias(field("DAY", "The day of the month.", "29"), "DAYOFMONTH"), field("HOUR", "The hour; also of a time.", "12"), field("MINUTE", "The minute; also of a time.", "30"),
	field("SECOND", "The second; also of a time.", "15"), field("MICROSECOND", "The microseconds of the second; also of a time.", "500000"),
	dayField("DAYOFWEEK", "1 for Sunday to 7.", "5", func(p int64) int64 { return (weekday(p)+1)%7 + 1 }), dayField("WEEKDAY", "0 for Monday to 6.", "3", weekday), dayField("DAYOFYEAR", "1 to 366.", "60", yearDay),
	{name: "WEEK", group: "Dates and times", args: "a[, mode]", result: "int", least: 1, most: 2, text: "The week, counted by MySQL's modes 0 to 7; 3 is ISO's.", examples: []Example{{"WEEK(DATE'2024-02-29', 3)", "9"}}, bind: weekOf},
	{name: "DAYNAME", group: "Dates and times", args: "a", result: "varchar(9)", least: 1, most: 1, text: "Monday to Sunday.", examples: []Example{{"DAYNAME(DATE'2024-02-29')", "Thursday"}}, bind: nameOf(func(p int64) string { return dayNames[weekday(p)] })},
	{name: "MONTHNAME", group: "Dates and times", args: "a", result: "varchar(9)", least: 1, most: 1, text: "January to December.", examples: []Example{{"MONTHNAME(DATE'2024-02-29')", "February"}}, bind: nameOf(func(p int64) string { _, m, _ := unpack(p); return monthNames[m-1] })},
	{name: "LAST_DAY", group: "Dates and times", args: "a", result: "date", least: 1, most: 1, text: "The last day of the month.", examples: []Example{{"LAST_DAY(DATE'2024-02-01')", "2024-02-29"}}, bind: lastDay},
	{name: "EXTRACT", group: "Dates and times", args: "unit FROM a", result: "int", least: 1, most: 1, unit: true, text: "A part: YEAR, QUARTER, MONTH, WEEK, DAY, HOUR, MINUTE, SECOND or MICROSECOND.", examples: []Example{{"EXTRACT(YEAR FROM DATE'2024-02-29')", "2024"}}, bind: func(c *checker, n *Node, a []*typed) (*typed, *Error) {
		return c.extract(n, n.Unit, a)
	}},
	{name: "DATEDIFF", group: "Dates and times", args: "a, b", result: "int", least: 2, most: 2, text: "Days from b to a, whatever the times.", examples: []Example{{"DATEDIFF('2024-03-01', '2024-02-28')", "2"}}, bind: dateDiff},
	{name: "TIMESTAMPDIFF", group: "Dates and times", args: "unit, a, b", result: "bigint", least: 2, most: 2, unit: true, text: "Whole units from a to b.", examples: []Example{{"TIMESTAMPDIFF(MONTH, '2024-01-31', '2024-03-30')", "1"}}, bind: timestampDiff},
	{name: "DATE_ADD", aliases: []string{"ADDDATE"}, group: "Dates and times", args: "a, INTERVAL n unit", result: "date or timestamp", least: 2, most: 2, unit: true, text: "Also `a + INTERVAL n unit`. A day that the month lacks becomes its last.", examples: []Example{{"DATE_ADD(DATE'2024-01-31', INTERVAL 1 MONTH)", "2024-02-29"}, {"TIMESTAMP'2024-01-01 00:00:00' + INTERVAL 90 MINUTE", "2024-01-01 01:30:00"}}, bind: dateAdd(1)},
	{name: "DATE_SUB", aliases: []string{"SUBDATE"}, group: "Dates and times", args: "a, INTERVAL n unit", result: "date or timestamp", least: 2, most: 2, unit: true, text: "Also `a - INTERVAL n unit`.", examples: []Example{{"DATE_SUB(DATE'2024-03-01', INTERVAL 1 DAY)", "2024-02-29"}}, bind: dateAdd(-1)},
	{name: "TIMESTAMPADD", group: "Dates and times", args: "unit, n, a", result: "date or timestamp", least: 2, most: 2, unit: true, text: "DATE_ADD with its arguments in another order.", examples: []Example{{"TIMESTAMPADD(DAY, 1, DATE'2024-02-28')", "2024-02-29"}}, bind: func(c *checker, n *Node, a []*typed) (*typed, *Error) {
		return dateAdd(1)(c, n, []*typed{a[1], a[0]})
	}},
	{name: "DATE_FORMAT", group: "Dates and times", args: "a, format", result: "text", least: 2, most: 2, text: "By MySQL's letters: %Y year, %m month, %d day, %H hour, %i minute, %s second, and the others.", examples: []Example{{"DATE_FORMAT(DATE'2024-02-29', '%d.%m.%Y')", "29.02.2024"}}, bind: dateFormat},
	{name: "STR_TO_DATE", group: "Dates and times", args: "a, format", result: "date or timestamp", least: 2, most: 2, text: "The inverse of DATE_FORMAT.", examples: []Example{{"STR_TO_DATE('29.02.2024', '%d.%m.%Y')", "2024-02-29"}}, bind: strToDate},
	{name: "UNIX_TIMESTAMP", group: "Dates and times", args: "a", result: "bigint, or decimal where there are fractions", least: 1, most: 1, text: "Seconds since 1970, in UTC.", examples: []Example{{"UNIX_TIMESTAMP(DATE'1970-01-02')", "86400"}}, bind: unixTimestamp},
	{name: "FROM_UNIXTIME", group: "Dates and times", args: "a", result: "timestamptz", least: 1, most: 1, text: "The moment so many seconds after 1970 began, in UTC.", examples: []Example{{"DATE_FORMAT(FROM_UNIXTIME(86400), '%Y-%m-%d')", "1970-01-02"}}, bind: fromUnixtime},
}

var (
	dayNames   = []string{"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"}
	monthNames = []string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"}
)

// field is a function that is EXTRACT under its own name.
func field(name, text, result string) function {
	return function{name: name, group: "Dates and times", args: "a", result: "int", least: 1, most: 1, text: text,
		examples: []Example{{name + "(TIMESTAMP'2024-02-29 12:30:15.5')", result}},
		bind:     func(c *checker, n *Node, a []*typed) (*typed, *Error) { return c.extract(n, name, a) }}
}

func alias(f function, name string) function {
	f.aliases = append(f.aliases, name)
	return f
}

// dayField is a function of a day.
func dayField(name, text, result string, f func(p int64) int64) function {
	return function{name: name, group: "Dates and times", args: "a", result: "int", least: 1, most: 1, text: text, examples: []Example{{name + "(DATE'2024-02-29')", result}},
		bind: func(c *checker, n *Node, a []*typed) (*typed, *Error) {
			return c.ofDay(n, cInt, typInt, a, func(_ *machine, v *value, p int64) { v.i = f(p) })
		}}
}

// ofDay makes a node of a day of the calendar; what is none is a bad value.
func (c *checker) ofDay(n *Node, k class, t schema.Type, a []*typed, f func(m *machine, v *value, p int64)) (*typed, *Error) {
	var err *Error
	if a[0], err = c.moment(n, a[0]); err != nil {
		return nil, err
	}
	part := c.part(n)
	return c.strict(n, k, t, a, func(m *machine, v *value, a []*value) {
		p := a[0].i
		if !proper(p) {
			m.fail(v, part, noDay)
			return
		}
		f(m, v, p)
	}), nil
}

const noDay = "the date is no day of the calendar"

func dateOf(c *checker, n *Node, a []*typed) (*typed, *Error) {
	if err := each(n, a, c.moment); err != nil {
		return nil, err
	}
	return c.strict(n, cDate, typDate, a, func(_ *machine, v *value, a []*value) { v.i = a[0].i }), nil
}

func timeOf(c *checker, n *Node, a []*typed) (*typed, *Error) {
	if a[0].class == cTime {
		return a[0], nil
	}
	if err := each(n, a, c.moment); err != nil {
		return nil, err
	}
	t := schema.Type{Kind: schema.Time, Precision: a[0].typ.FractionalDigits(6) + 1}
	date := a[0].class == cDate
	return c.strict(n, cTime, t, a, func(_ *machine, v *value, a []*value) {
		if v.i = a[0].j; date {
			v.i = 0
		}
	}), nil
}

// extract gives a part of a date or time.
func (c *checker) extract(n *Node, unit string, a []*typed) (*typed, *Error) {
	clockPart := unit == "HOUR" || unit == "MINUTE" || unit == "SECOND" || unit == "MICROSECOND"
	x := a[0]
	if x.class == cText && x.literal && clockPart {
		v := &value{}
		if us, ok := decodeTime([]byte(x.value.b)); ok {
			v.i = us
			x = constant(x.node, cTime, schema.Type{Kind: schema.Time}, v)
		}
	}
	if x.class == cTime && clockPart {
		return c.strict(n, cInt, typInt, []*typed{x}, func(_ *machine, v *value, a []*value) { v.i = clockField(unit, abs64(a[0].i)) }), nil
	}
	x, err := c.moment(n, x)
	if err != nil {
		return nil, err
	}
	part, date := c.part(n), x.class == cDate
	return c.strict(n, cInt, typInt, []*typed{x}, func(m *machine, v *value, a []*value) {
		p, us := a[0].i, a[0].j
		if p == beforeAll || p == afterAll || unit == "WEEK" && !proper(p) {
			m.fail(v, part, noDay)
			return
		}
		if clockPart {
			if v.i = 0; !date {
				v.i = clockField(unit, us)
			}
			return
		}
		y, mo, d := unpack(p)
		switch unit {
		case "YEAR":
			if v.i = y; y < 0 {
				m.fail(v, part, "the year is before Christ")
			}
		case "QUARTER":
			v.i = (mo + 2) / 3
		case "MONTH":
			v.i = mo
		case "WEEK":
			_, v.i = week(p, 0)
		default:
			v.i = d
		}
	}), nil
}

func abs64(i int64) int64 {
	if i < 0 {
		return -i
	}
	return i
}

func clockField(unit string, us int64) int64 {
	switch unit {
	case "HOUR":
		return us / usHour
	case "MINUTE":
		return us / usMinute % 60
	case "SECOND":
		return us / usSecond % 60
	}
	return us % usSecond
}

func weekOf(c *checker, n *Node, a []*typed) (*typed, *Error) {
	mode := int64(0)
	if len(a) > 1 {
		if a[1].value == nil || a[1].class != cInt || a[1].value.i < 0 || a[1].value.i > 7 {
			return nil, errorAt(a[1].node, "The mode of WEEK is a number from 0 to 7.")
		}
		mode = a[1].value.i
	}
	return c.ofDay(n, cInt, typInt, a[:1], func(_ *machine, v *value, p int64) { _, v.i = week(p, mode) })
}

func nameOf(f func(p int64) string) func(*checker, *Node, []*typed) (*typed, *Error) {
	return func(c *checker, n *Node, a []*typed) (*typed, *Error) {
		return c.ofDay(n, cText, varchar(9), a, func(m *machine, v *value, p int64) {
			at := len(m.arena)
			m.arena = append(m.arena, f(p)...)
			m.keep(v, at)
		})
	}
}

func lastDay(c *checker, n *Node, a []*typed) (*typed, *Error) {
	return c.ofDay(n, cDate, typDate, a, func(_ *machine, v *value, p int64) {
		y, m, _ := unpack(p)
		v.i = pack(y, m, daysIn(y, m))
	})
}

func dateDiff(c *checker, n *Node, a []*typed) (*typed, *Error) {
	if err := each(n, a, c.moment); err != nil {
		return nil, err
	}
	part := c.part(n)
	return c.strict(n, cInt, typInt, a, func(m *machine, v *value, a []*value) {
		if !proper(a[0].i) || !proper(a[1].i) {
			m.fail(v, part, noDay)
			return
		}
		v.i = dayNumber(a[0].i) - dayNumber(a[1].i)
	}), nil
}

// unitUS are the units that are always as long.
var unitUS = map[string]int64{"MICROSECOND": 1, "SECOND": usSecond, "MINUTE": usMinute, "HOUR": usHour, "DAY": usDay, "WEEK": 7 * usDay}

// unitMonths are those that are as long as their months.
var unitMonths = map[string]int64{"MONTH": 1, "QUARTER": 3, "YEAR": 12}

func timestampDiff(c *checker, n *Node, a []*typed) (*typed, *Error) {
	if err := each(n, a, c.moment); err != nil {
		return nil, err
	}
	for i := range a {
		a[i] = c.as(a[i], cDateTime, schema.Type{Kind: schema.Timestamp})
	}
	part, us, months := c.part(n), unitUS[n.Unit], unitMonths[n.Unit]
	return c.strict(n, cInt, typBig, a, func(m *machine, v *value, a []*value) {
		x, y := a[0], a[1]
		if !proper(x.i) || !proper(y.i) {
			m.fail(v, part, noDay)
			return
		}
		if months == 0 {
			days := dayNumber(y.i) - dayNumber(x.i)
			if days > 1e8 || days < -1e8 {
				m.fail(v, part, "the dates are too far apart")
				return
			}
			v.i = (days*usDay + y.j - x.j) / us
			return
		}
		sign := int64(1)
		if x.i > y.i || x.i == y.i && x.j > y.j {
			x, y, sign = y, x, -1
		}
		y1, m1, d1 := unpack(x.i)
		y2, m2, d2 := unpack(y.i)
		whole := (y2-y1)*12 + m2 - m1
		if d2 < d1 || d2 == d1 && y.j < x.j {
			whole--
		}
		v.i = sign * (whole / months)
	}), nil
}

// maxYear is the last year that any of the databases holds.
const maxYear = 294276

func dateAdd(sign int64) func(*checker, *Node, []*typed) (*typed, *Error) {
	return func(c *checker, n *Node, a []*typed) (*typed, *Error) {
		var err *Error
		if a[0], err = c.moment(n, a[0]); err != nil {
			return nil, err
		}
		if n.Unit == "SECOND" && a[1].class == cDecimal {
			a[1] = c.as(a[1], cDecimal, a[1].typ)
		} else if a[1], err = c.whole(a[1], "INTERVAL"); err != nil {
			return nil, err
		}
		months, us, decimals := unitMonths[n.Unit], unitUS[n.Unit], a[1].class == cDecimal
		k, t := a[0].class, a[0].typ
		if k == cDate && us != 0 && us < usDay {
			k, t = cDateTime, schema.Type{Kind: schema.Timestamp, Precision: 1}
		}
		if n.Unit == "MICROSECOND" || decimals {
			t.Precision = 7
		}
		part := c.part(n)
		date := a[0].class == cDate
		return c.strict(n, k, t, a, func(m *machine, v *value, a []*value) {
			p, j, by := a[0].i, a[0].j, a[1].i*sign
			if date {
				j = 0
			}
			if p == afterAll || p == beforeAll {
				v.i, v.j = p, 0
				return
			}
			if !proper(p) {
				m.fail(v, part, noDay)
				return
			}
			far := int64(maxYear) * 12
			switch {
			case months != 0:
				if abs64(by) > far {
					by = far * 2
				}
				v.i, v.j = addMonths(p, by*months), j
			default:
				step := us
				if decimals {
					d := a[1].d.round(6).to(6)
					i, ok := d.int(false)
					whole, frac := i*usSecond, int64(0)
					if ok {
						_, rest := d.quoRem(decimal{c: 1})
						frac = rest.to(6).c
					}
					by, step = (whole+frac)*sign, 1
				}
				if abs64(by) > (1<<62)/step {
					m.fail(v, part, "the date is out of range")
					return
				}
				v.i, v.j = shift(p, j, by*step)
			}
			if y, _, _ := unpack(v.i); y > maxYear || y < -4712 {
				m.fail(v, part, "the date is out of range")
			}
		}), nil
	}
}

func unixTimestamp(c *checker, n *Node, a []*typed) (*typed, *Error) {
	if err := each(n, a, c.moment); err != nil {
		return nil, err
	}
	date := a[0].class == cDate
	part := c.part(n)
	if date || a[0].typ.FractionalDigits(6) == 0 {
		return c.strict(n, cInt, typBig, a, func(m *machine, v *value, a []*value) {
			if !proper(a[0].i) {
				m.fail(v, part, noDay)
				return
			}
			if v.i = dayNumber(a[0].i) * 86400; !date {
				v.i += a[0].j / usSecond
			}
		}), nil
	}
	return c.strict(n, cDecimal, decimalType(12, 6), a, func(m *machine, v *value, a []*value) {
		if !proper(a[0].i) {
			m.fail(v, part, noDay)
			return
		}
		v.d = decimal{c: dayNumber(a[0].i)*usDay + a[0].j, scale: 6}
	}), nil
}

func fromUnixtime(c *checker, n *Node, a []*typed) (*typed, *Error) {
	var err *Error
	if a[0], err = c.num(a[0], n.Name); err != nil {
		return nil, err
	}
	t := schema.Type{Kind: schema.TimestampTZ, Precision: 1}
	if a[0].class != cInt {
		t.Precision = 7
	}
	part, k, unsigned := c.part(n), a[0].class, a[0].typ.Unsigned
	return c.strict(n, cDateTime, t, a, func(m *machine, v *value, a []*value) {
		var us int64
		ok := true
		switch k {
		case cInt:
			us, ok = a[0].i*usSecond, abs64(a[0].i) < 9e12 && !(unsigned && a[0].i < 0)
		case cFloat:
			us, ok = int64(a[0].f*1e6), a[0].f < 9e12 && a[0].f > -9e12
		default:
			d := a[0].d.round(6).to(6)
			d.scale = 0
			us, ok = d.int(false)
		}
		if !ok {
			m.fail(v, part, "the date is out of range")
			return
		}
		days := floorDiv(us, usDay)
		v.i, v.j = ofDayNumber(days), us-days*usDay
		if y, _, _ := unpack(v.i); y > maxYear || y < -4712 {
			m.fail(v, part, "the date is out of range")
		}
	}), nil
}
