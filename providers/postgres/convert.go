package postgres

import (
	"bytes"
	"fmt"
	"strconv"
	"unicode/utf8"

	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
)

// converter appends the text that the server is to read; reason says why the column
// can't hold the value exactly.
type converter = func(dst, v []byte) (out []byte, reason string)

// converterFor picks what stands between a value and its column: what the server
// would round, cut or reinterpret without a word. nil where nothing can happen. What the
// server refuses by itself is left to it.
func converterFor(source, t schema.Type) converter {
	if t.Native == "name" {
		return toName
	}
	if source.System == schema.PostgreSQL && source.Native == t.Native && t.System == schema.PostgreSQL {
		return nil
	}
	switch t.Kind {
	case schema.Bool:
		return toBool(source)
	case schema.Int, schema.Year:
		return toInt(source)
	case schema.Decimal:
		return toDecimal(source, t)
	case schema.Float:
		return toFloat(source, t)
	case schema.Char, schema.Varchar:
		return toLength(source, t)
	case schema.Date:
		return toDate(source)
	case schema.Time:
		return toTime(source, t)
	case schema.Timestamp, schema.TimestampTZ:
		return toTimestamp(source, t)
	case schema.TimeTZ, schema.Interval:
		return fractionOf(source, t)
	}
	return nil
}

func toBool(source schema.Type) converter {
	if source.Kind == schema.Bool {
		return nil
	}
	return func(dst, v []byte) ([]byte, string) {
		switch string(v) {
		case "0", "f", "false":
			return append(dst, 'f'), ""
		case "1", "t", "true":
			return append(dst, 't'), ""
		}
		return nil, "the value is neither 0 nor 1, so it is no boolean: make the column an integer"
	}
}

func toInt(source schema.Type) converter {
	switch source.Kind {
	case schema.Int, schema.Year:
		return nil
	case schema.Bool:
		return func(dst, v []byte) ([]byte, string) {
			if string(v) == "t" {
				return append(dst, '1'), ""
			}
			return append(dst, '0'), ""
		}
	}
	return func(dst, v []byte) ([]byte, string) {
		dst = row.Normal(dst, schema.Type{Kind: schema.Decimal}, v)
		if !isInteger(dst) {
			return nil, "the value is not a whole number"
		}
		return dst, ""
	}
}

func isInteger(v []byte) bool {
	v = bytes.TrimPrefix(v, []byte("-"))
	for _, c := range v {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(v) > 0
}

func toDecimal(source, t schema.Type) converter {
	if t.Precision == 0 || source.Kind == schema.Int && t.Scale >= 0 ||
		source.Kind == schema.Decimal && source.Precision > 0 && source.Scale <= t.Scale {
		return nil
	}
	reason := fmt.Sprintf("the number has more than the column's %d digits after the point", t.Scale)
	if t.Scale < 0 {
		reason = fmt.Sprintf("the number has digits in its last %d places, which the column rounds", -t.Scale)
	}
	return func(dst, v []byte) ([]byte, string) {
		dst = row.Normal(dst, schema.Type{Kind: schema.Decimal}, v)
		if t.Scale < 0 {
			if !bytes.Equal(dst, []byte("0")) && len(dst)-len(bytes.TrimRight(dst, "0")) < -t.Scale {
				return nil, reason
			}
			return dst, ""
		}
		if dot := bytes.IndexByte(dst, '.'); dot >= 0 && len(dst)-dot-1 > t.Scale {
			return nil, reason
		}
		return dst, ""
	}
}

// toFloat takes a number only where the float reads back as the same number.
func toFloat(source, t schema.Type) converter {
	if source.Kind == schema.Float && source.Bits <= t.Bits {
		return nil
	}
	return func(dst, v []byte) ([]byte, string) {
		f, err := strconv.ParseFloat(string(v), t.Bits)
		if err != nil {
			return nil, "the value is not a number of the column's range"
		}
		text := row.AppendFloat(dst, f, t.Bits)
		kind := schema.Type{Kind: schema.Decimal}
		if source.Kind == schema.Float {
			kind = source
		}
		if !bytes.Equal(row.Normal(nil, kind, text), row.Normal(nil, kind, v)) {
			return nil, fmt.Sprintf("a float of %d bits can't hold the number exactly", t.Bits)
		}
		return text, ""
	}
}

// toLength counts characters: the server would cut spaces off the end without a word.
func toLength(source, t schema.Type) converter {
	if t.Kind == schema.Varchar && t.Length == 0 {
		return nil
	}
	pads := t.Kind == schema.Char && source.Kind != schema.Char
	if !pads && source.Length > 0 && source.Length <= t.Length && isCharacters(source.Kind) && source.System != schema.SQLite {
		return nil
	}
	reason := fmt.Sprintf("the value is longer than the column's %d characters", t.Length)
	return func(dst, v []byte) ([]byte, string) {
		if pads && len(v) > 0 && v[len(v)-1] == ' ' {
			return nil, "the value ends in a space, which has no meaning in a column of type char: make the column varchar"
		}
		if t.Length > 0 && len(v) > t.Length && utf8.RuneCount(v) > t.Length {
			return nil, reason
		}
		return append(dst, v...), ""
	}
}

// toName: the server cuts names off without a word.
func toName(dst, v []byte) ([]byte, string) {
	if len(v) > maxName {
		return nil, "the value is longer than the 63 bytes of the type name"
	}
	return append(dst, v...), ""
}

func toDate(source schema.Type) converter {
	if source.Kind == schema.Date {
		return nil
	}
	return func(dst, v []byte) ([]byte, string) {
		rest, ok := isCanonicalDate(v)
		if !ok {
			return nil, "the value is not a date of the form 2024-02-29"
		}
		bc := bytes.HasSuffix(rest, beforeChrist)
		rest = bytes.TrimSuffix(rest, beforeChrist)
		rest = bytes.TrimSuffix(rest, utcZone)
		if len(rest) > 0 && !bytes.Equal(row.Normal(nil, schema.Type{Kind: schema.Time}, rest), midnight) {
			return nil, "the value has a time of day, which a column of type date can't hold"
		}
		date := v
		if i := bytes.IndexByte(v, ' '); i >= 0 {
			date = v[:i]
		}
		dst = append(dst, date...)
		if bc {
			dst = append(dst, beforeChrist...)
		}
		return dst, ""
	}
}

const outOfDay = "the time is not one of a day, 00:00:00 to 24:00:00: make the column's type interval or text"

func toTime(source, t schema.Type) converter {
	fraction := fractionOf(source, t)
	if source.Kind == schema.Time && source.System == schema.PostgreSQL {
		return fraction
	}
	return func(dst, v []byte) ([]byte, string) {
		if len(v) < 8 || v[2] != ':' || v[5] != ':' || bytes.Compare(v[:2], []byte("24")) > 0 {
			return nil, outOfDay
		}
		for i, c := range v {
			if (c < '0' || c > '9') && !(i == 2 || i == 5 || i == 8) {
				return nil, outOfDay
			}
		}
		if v[0] == '2' && v[1] == '4' && len(bytes.Trim(v[2:], ":.0")) > 0 {
			return nil, outOfDay
		}
		if fraction != nil {
			return fraction(dst, v)
		}
		return append(dst, v...), ""
	}
}

func toTimestamp(source, t schema.Type) converter {
	fraction := fractionOf(source, t)
	switch source.Kind {
	case schema.Timestamp, schema.TimestampTZ, schema.Date:
		return fraction
	}
	return func(dst, v []byte) ([]byte, string) {
		if _, ok := isCanonicalDate(v); !ok {
			return nil, "the value is not a date and time of the form 2024-02-29 15:04:05"
		}
		if fraction != nil {
			return fraction(dst, v)
		}
		return append(dst, v...), ""
	}
}

// fractionOf refuses more digits after the second than the column keeps.
func fractionOf(source, t schema.Type) converter {
	keeps := t.FractionalDigits(6)
	most := 9 // of a source that does not say
	switch {
	case source.System == schema.PostgreSQL || source.Precision > 0:
		most = source.FractionalDigits(6)
	case source.System == schema.MySQL || source.System == schema.MariaDB:
		most = source.FractionalDigits(0)
	}
	if source.Kind == schema.Date || most <= keeps && source.Kind != schema.Text && source.Kind != schema.Varchar && source.System != schema.SQLite {
		return nil
	}
	reason := fmt.Sprintf("the value has more than the column's %d digits after the second", keeps)
	return func(dst, v []byte) ([]byte, string) {
		start := len(dst)
		dst = row.Normal(dst, schema.Type{Kind: schema.Time}, v)
		if dot := bytes.IndexByte(dst[start:], '.'); dot >= 0 {
			n := 0
			for i := start + dot + 1; i < len(dst) && dst[i] >= '0' && dst[i] <= '9'; i++ {
				n++
			}
			if n > keeps {
				return nil, reason
			}
		}
		return dst, ""
	}
}
