package lang

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// durationUnits are the units of a duration, short and in words.
var durationUnits = map[string]time.Duration{
	"ms": time.Millisecond, "millisecond": time.Millisecond, "milliseconds": time.Millisecond,
	"s": time.Second, "second": time.Second, "seconds": time.Second,
	"m": time.Minute, "minute": time.Minute, "minutes": time.Minute,
	"h": time.Hour, "hour": time.Hour, "hours": time.Hour,
	"d": 24 * time.Hour, "day": 24 * time.Hour, "days": 24 * time.Hour,
	"w": 7 * 24 * time.Hour, "week": 7 * 24 * time.Hour, "weeks": 7 * 24 * time.Hour,
}

// ParseDuration reads "5m", "1h30m", "2d" and, in words, "5_minutes" or "5 minutes".
// A duration is longer than nothing.
func ParseDuration(s string) (time.Duration, error) {
	var total time.Duration
	for rest := strings.TrimSpace(s); ; {
		if rest == "" {
			break
		}
		digits := len(rest) - len(strings.TrimLeft(rest, "0123456789"))
		if digits == 0 {
			return 0, fmt.Errorf("%q begins with no number", rest)
		}
		n, err := strconv.ParseInt(rest[:digits], 10, 64)
		if err != nil {
			return 0, fmt.Errorf("%s is too long", rest[:digits])
		}
		rest = strings.TrimLeft(rest[digits:], "_ ")
		letters := len(rest) - len(strings.TrimLeft(rest, "abcdefghijklmnopqrstuvwxyz"))
		unit, ok := durationUnits[rest[:letters]]
		if !ok {
			return 0, fmt.Errorf("%q is no unit; the units are ms, s, m, h, d and w", rest[:letters])
		}
		if n > int64(math.MaxInt64-total)/int64(unit) {
			return 0, errors.New("it is too long")
		}
		total += time.Duration(n) * unit
		rest = strings.TrimLeft(rest[letters:], "_ ")
	}
	if total <= 0 {
		return 0, errors.New("it has no length")
	}
	return total, nil
}

// sizeUnits are powers of 1024, as in PostgreSQL's settings.
var sizeUnits = map[string]int64{
	"": 1, "b": 1,
	"k": 1 << 10, "kb": 1 << 10, "kib": 1 << 10,
	"m": 1 << 20, "mb": 1 << 20, "mib": 1 << 20,
	"g": 1 << 30, "gb": 1 << 30, "gib": 1 << 30,
	"t": 1 << 40, "tb": 1 << 40, "tib": 1 << 40,
}

// ParseSize reads "10GB", "512 MB" or a number of bytes. A size is more than nothing.
func ParseSize(s string) (int64, error) {
	s = strings.TrimSpace(s)
	digits := len(s) - len(strings.TrimLeft(s, "0123456789"))
	if digits == 0 {
		return 0, fmt.Errorf("%q begins with no whole number", s)
	}
	n, err := strconv.ParseInt(s[:digits], 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%s is too large", s[:digits])
	}
	word := strings.TrimSpace(s[digits:])
	unit, ok := sizeUnits[strings.ToLower(word)]
	switch {
	case !ok:
		return 0, fmt.Errorf("%q is no unit; the units are B, KB, MB, GB and TB", word)
	case n == 0:
		return 0, errors.New("it is nothing")
	case n > math.MaxInt64/unit:
		return 0, errors.New("it is too large")
	}
	return n * unit, nil
}

// cronField is one of the five fields of a schedule.
type cronField struct {
	name     string
	min, max int
	words    []string // of the values from min on
}

var cronFields = []cronField{
	{"minute", 0, 59, nil},
	{"hour", 0, 23, nil},
	{"day", 1, 31, nil},
	{"month", 1, 12, []string{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}},
	{"weekday", 0, 7, []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}},
}

// checkCron checks a schedule of five fields: values, names of months and weekdays,
// lists, ranges and steps.
func checkCron(s string) error {
	fields := strings.Fields(s)
	if len(fields) != len(cronFields) {
		return fmt.Errorf("there are %d fields", len(fields))
	}
	for i, f := range cronFields {
		for _, part := range strings.Split(fields[i], ",") {
			if err := f.check(part); err != nil {
				return err
			}
		}
	}
	return nil
}

// check checks one element of a field's list.
func (f cronField) check(part string) error {
	span, step, stepped := strings.Cut(part, "/")
	if stepped {
		if n, err := strconv.Atoi(step); err != nil || n < 1 || n > f.max {
			return fmt.Errorf("the %s's step %q is no number between 1 and %d", f.name, step, f.max)
		}
	}
	if span == "*" {
		return nil
	}
	from, to, ranged := strings.Cut(span, "-")
	a, err := f.value(from)
	if err != nil || !ranged {
		return err
	}
	b, err := f.value(to)
	if err == nil && b < a {
		err = fmt.Errorf("the %s's range %q runs backwards", f.name, span)
	}
	return err
}

// value reads a number or name of the field.
func (f cronField) value(s string) (int, error) {
	for i, w := range f.words {
		if strings.EqualFold(s, w) {
			return f.min + i, nil
		}
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < f.min || n > f.max {
		return 0, fmt.Errorf("the %s %q is not between %d and %d", f.name, s, f.min, f.max)
	}
	return n, nil
}
