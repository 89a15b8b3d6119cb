package expr

import "math"

// A date is packed as (year*13 + month)*32 + day, which orders like the date, holds
// years before Christ (the year 1 BC is 0) and what is no day of the calendar, as
// MySQL's 0000-00-00. The infinities are the least and the greatest number.
const (
	beforeAll = math.MinInt64
	afterAll  = math.MaxInt64
)

const (
	usSecond = int64(1_000_000)
	usMinute = 60 * usSecond
	usHour   = 60 * usMinute
	usDay    = 24 * usHour
)

func pack(y, m, d int64) int64 { return (y*13+m)*32 + d }

func unpack(p int64) (y, m, d int64) {
	d = p & 31
	p >>= 5
	y = p / 13
	m = p % 13
	if m < 0 {
		m += 13
		y--
	}
	return y, m, d
}

// proper reports whether a packed date is a day of the calendar.
func proper(p int64) bool {
	if p == beforeAll || p == afterAll {
		return false
	}
	y, m, d := unpack(p)
	return m >= 1 && d >= 1 && d <= daysIn(y, m)
}

func leap(y int64) bool { return y%4 == 0 && (y%100 != 0 || y%400 == 0) }

func daysIn(y, m int64) int64 {
	switch m {
	case 2:
		if leap(y) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// dayNumber counts days from 1970-01-01; the date is proper.
func dayNumber(p int64) int64 {
	y, m, d := unpack(p)
	if m <= 2 {
		y--
	}
	era := floorDiv(y, 400)
	yoe := y - era*400
	mp := (m + 9) % 12
	doy := (153*mp+2)/5 + d - 1
	doe := yoe*365 + yoe/4 - yoe/100 + doy
	return era*146097 + doe - 719468
}

// ofDayNumber is the inverse of dayNumber.
func ofDayNumber(z int64) int64 {
	z += 719468
	era := floorDiv(z, 146097)
	doe := z - era*146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	y := yoe + era*400
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	d := doy - (153*mp+2)/5 + 1
	m := mp + 3
	if m > 12 {
		m -= 12
		y++
	}
	return pack(y, m, d)
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}

// weekday is 0 for Monday.
func weekday(p int64) int64 {
	w := (dayNumber(p) + 3) % 7
	if w < 0 {
		w += 7
	}
	return w
}

func yearDay(p int64) int64 {
	y, _, _ := unpack(p)
	return dayNumber(p) - dayNumber(pack(y, 1, 1)) + 1
}

// week counts weeks by MySQL's mode: bit 0 Monday first, bit 1 range 1 to 53, bit 2
// the first week is the one that begins in the year. It gives the year it counts by.
func week(p int64, mode int64) (year, w int64) {
	mode &= 7
	monday, range53, firstDay := mode&1 != 0, mode&2 != 0, mode&4 != 0
	if !monday {
		firstDay = !firstDay
	}
	y, m, d := unpack(p)
	days := dayNumber(p)
	first := dayNumber(pack(y, 1, 1))
	wd := weekday(pack(y, 1, 1))
	if !monday {
		wd = (wd + 1) % 7
	}
	year = y
	if m == 1 && d <= 7-wd {
		if !range53 && (firstDay && wd != 0 || !firstDay && wd >= 4) {
			return year, 0
		}
		range53 = true
		if firstDay && wd != 0 || !firstDay && wd >= 4 {
			year--
			n := int64(365)
			if leap(year) {
				n = 366
			}
			first -= n
			wd = (wd + 53*7 - n) % 7
		}
	}
	var diff int64
	if firstDay && wd != 0 || !firstDay && wd >= 4 {
		diff = days - (first + 7 - wd)
	} else {
		diff = days - (first - wd)
	}
	if range53 && diff >= 52*7 {
		n := int64(365)
		if leap(year) {
			n = 366
		}
		wd = (wd + n) % 7
		if !firstDay && wd < 4 || firstDay && wd == 0 {
			return year + 1, 1
		}
	}
	return year, diff/7 + 1
}

// addMonths keeps the day where the month has it, else takes its last.
func addMonths(p, n int64) int64 {
	y, m, d := unpack(p)
	total := y*12 + m - 1 + n
	y, m = floorDiv(total, 12), total-floorDiv(total, 12)*12+1
	return pack(y, m, min(d, daysIn(y, m)))
}
