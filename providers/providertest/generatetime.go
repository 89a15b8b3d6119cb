package providertest

import (
	"fmt"
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/syncform/syncform/providers/schema"
)

// times generates values of the kinds that are about time, within what their own
// system holds.
func times(t schema.Type) *rapid.Generator[string] {
	mysql := t.System == schema.MySQL || t.System == schema.MariaDB
	digits := t.FractionalDigits(6)
	if mysql {
		digits = t.FractionalDigits(0)
	}
	return rapid.Custom(func(r *rapid.T) string {
		switch t.Kind {
		case schema.Year:
			return rapid.OneOf(rapid.Just("0"), rapid.Map(rapid.IntRange(1901, 2155), func(y int) string { return fmt.Sprint(y) })).Draw(r, "year")
		case schema.Interval:
			return interval(r, digits)
		case schema.Time:
			return timeOfDay(r, t.System, digits)
		case schema.TimeTZ:
			return timeOfDay(r, t.System, digits) + zone(r)
		case schema.Date:
			if s := specialDate(r, t.System); s != "" {
				return s
			}
			d, bc := day(r, t)
			return d + bc
		case schema.Timestamp:
			if s := specialDate(r, t.System); s != "" {
				return s
			}
			d, bc := day(r, t)
			return d + " " + clock(r, digits) + bc
		case schema.TimestampTZ:
			if mysql {
				at := time.Unix(rapid.Int64Range(1, 1<<31-1).Draw(r, "instant"), 0).UTC().Format(time.DateTime)
				return at + fraction(r, digits) + "+00"
			}
			if s := specialDate(r, t.System); s != "" {
				return s
			}
			d, bc := day(r, t)
			return d + " " + clock(r, digits) + "+00" + bc
		}
		panic("bug in syncform: not a kind of time: " + string(t.Kind))
	})
}

func specialDate(r *rapid.T, s schema.System) string {
	if s != schema.PostgreSQL || rapid.IntRange(0, 9).Draw(r, "special") > 0 {
		return ""
	}
	return rapid.SampledFrom([]string{"infinity", "-infinity"}).Draw(r, "special")
}

// day is a date and, behind all, " BC".
func day(r *rapid.T, t schema.Type) (date, bc string) {
	low, high := 1, 9999
	switch t.System {
	case schema.PostgreSQL:
		low, high = -4712, 294275
		if t.Kind == schema.Date {
			high = 5874896
		}
	case schema.MySQL, schema.MariaDB:
		low = 1000 // earlier ones may work, says the manual
	}
	year := rapid.OneOf(rapid.IntRange(low, high), rapid.IntRange(1900, 2100), rapid.SampledFrom([]int{low, high, 1582, 1970, 2000, 2024})).Draw(r, "year")
	month := rapid.IntRange(1, 12).Draw(r, "month")
	last := time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
	dom := rapid.IntRange(1, last).Draw(r, "day")
	if year <= 0 {
		year, bc = 1-year, " BC"
	}
	return fmt.Sprintf("%04d-%02d-%02d", year, month, dom), bc
}

func clock(r *rapid.T, digits int) string {
	return fmt.Sprintf("%02d:%02d:%02d", rapid.IntRange(0, 23).Draw(r, "hour"), rapid.IntRange(0, 59).Draw(r, "minute"), rapid.IntRange(0, 59).Draw(r, "second")) + fraction(r, digits)
}

// fraction has no trailing zeros.
func fraction(r *rapid.T, digits int) string {
	if digits == 0 || rapid.Bool().Draw(r, "whole") {
		return ""
	}
	f := strings.TrimRight(rapid.StringOfN(rapid.RuneFrom([]rune("0123456789")), digits, digits, -1).Draw(r, "fraction"), "0")
	if f == "" {
		return ""
	}
	return "." + f
}

func timeOfDay(r *rapid.T, s schema.System, digits int) string {
	switch {
	case s == schema.PostgreSQL && rapid.IntRange(0, 9).Draw(r, "end") == 0:
		return "24:00:00"
	case (s == schema.MySQL || s == schema.MariaDB) && rapid.Bool().Draw(r, "long"):
		sign := rapid.SampledFrom([]string{"", "-"}).Draw(r, "sign")
		if rapid.IntRange(0, 9).Draw(r, "edge") == 0 {
			return sign + "838:59:59"
		}
		// Not zero, which has no sign.
		return fmt.Sprintf("%s%02d:%02d:%02d", sign, rapid.IntRange(0, 837).Draw(r, "hours"), rapid.IntRange(0, 59).Draw(r, "minute"), rapid.IntRange(1, 59).Draw(r, "second")) + fraction(r, digits)
	}
	return clock(r, digits)
}

func zone(r *rapid.T) string {
	h, m := rapid.IntRange(-15, 15).Draw(r, "zone"), rapid.SampledFrom([]int{0, 0, 30, 45}).Draw(r, "zone minutes")
	s := fmt.Sprintf("%+03d", h)
	if m > 0 {
		s += fmt.Sprintf(":%02d", m)
	}
	return s
}

// interval writes one as PostgreSQL does: a field that is positive after a negative one
// says so.
func interval(r *rapid.T, digits int) string {
	months, days := rapid.IntRange(-30, 2_000_000).Draw(r, "months"), rapid.IntRange(-50, 2_000_000).Draw(r, "days")
	if rapid.Bool().Draw(r, "no date") {
		months, days = 0, 0
	}
	var b strings.Builder
	negative := false
	part := func(n int, unit string) {
		if n == 0 {
			return
		}
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		if negative && n > 0 {
			b.WriteByte('+')
		}
		fmt.Fprintf(&b, "%d %s", n, unit)
		if n != 1 {
			b.WriteByte('s')
		}
		negative = n < 0
	}
	part(months/12, "year")
	part(months%12, "mon")
	part(days, "day")
	c := fmt.Sprintf("%02d:", rapid.IntRange(0, 100_000).Draw(r, "hours")) + clock(r, digits)[3:]
	if b.Len() > 0 && strings.Trim(c, "0:.") == "" {
		return b.String()
	}
	sign := ""
	switch {
	case rapid.Bool().Draw(r, "negative") && strings.Trim(c, "0:.") != "":
		sign = "-"
	case negative:
		sign = "+"
	}
	if b.Len() > 0 {
		b.WriteByte(' ')
	}
	return b.String() + sign + c
}
