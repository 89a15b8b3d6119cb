package mysql

import (
	"slices"

	"github.com/syncform/syncform/providers/schema"
)

// CompareTypes says what a change of type does to the values. A change that could
// lose any of them narrows; strict mode refuses it where it would.
func (c *Conn) CompareTypes(from, to schema.Type) schema.Narrowing {
	if from.Native == to.Native && slices.Equal(from.Values, to.Values) {
		return schema.NotNarrow
	}
	if from.Kind == schema.Bool {
		from = schema.Type{Kind: schema.Int, Bits: 8, Native: from.Native}
	}
	if to.Kind == schema.Bool {
		to = schema.Type{Kind: schema.Int, Bits: 8, Native: to.Native}
	}
	if from.Kind == to.Kind {
		return compareWithin(from, to)
	}
	text := func(k schema.Kind) bool { return k == schema.Char || k == schema.Varchar || k == schema.Text }
	binary := func(k schema.Kind) bool { return k == schema.Binary || k == schema.Varbinary || k == schema.Blob }
	switch {
	case text(from.Kind) && text(to.Kind), binary(from.Kind) && binary(to.Kind):
		switch {
		case to.Kind == schema.Char && from.Kind != schema.Char:
			return schema.Narrows // trailing spaces go
		case to.Kind == schema.Binary:
			return schema.Retypes // zeros are added
		}
		return widensIf(fits(from, to))
	case from.Kind == schema.Int && to.Kind == schema.Decimal:
		return widensIf(to.Precision-to.Scale >= intDigits(from))
	case from.Kind == schema.Int && to.Kind == schema.Float:
		return widensIf(to.Bits == 64 && from.Bits <= 32 || from.Bits <= 24)
	case from.Kind == schema.Date && to.Kind == schema.Timestamp:
		return schema.Widens
	case from.Kind == schema.EnumKind && text(to.Kind):
		longest := schema.Type{Kind: schema.Varchar}
		for _, l := range from.Values {
			longest.Length = max(longest.Length, len([]rune(l)))
		}
		return widensIf(to.Kind != schema.Char && fits(longest, to))
	case from.Kind == schema.JSON && to.Kind == schema.Text && to.Native == "longtext":
		return schema.Widens
	}
	return schema.Retypes
}

func widensIf(ok bool) schema.Narrowing {
	if ok {
		return schema.Widens
	}
	return schema.Narrows
}

func compareWithin(from, to schema.Type) schema.Narrowing {
	switch from.Kind {
	case schema.Int:
		switch {
		case from.Unsigned == to.Unsigned:
			return widensIf(to.Bits >= from.Bits)
		case from.Unsigned:
			return widensIf(to.Bits > from.Bits)
		}
		return schema.Narrows
	case schema.Decimal:
		return widensIf(to.Scale >= from.Scale && to.Precision-to.Scale >= from.Precision-from.Scale && (!to.Unsigned || from.Unsigned))
	case schema.Float:
		plain := !slices.Contains([]byte(to.Native), '(')
		return widensIf(to.Bits >= from.Bits && plain && (!to.Unsigned || from.Unsigned))
	case schema.Char, schema.Varchar, schema.Varbinary, schema.Bit, schema.Text, schema.Blob:
		return widensIf(fits(from, to))
	case schema.Binary:
		if to.Length > from.Length {
			return schema.Retypes // zeros are added
		}
		return schema.Narrows
	case schema.Time, schema.Timestamp, schema.TimestampTZ:
		return widensIf(to.Precision >= from.Precision)
	case schema.EnumKind, schema.Set:
		if len(to.Values) >= len(from.Values) && slices.Equal(to.Values[:len(from.Values)], from.Values) {
			return schema.Widens
		}
		for _, l := range from.Values {
			if !slices.Contains(to.Values, l) {
				return schema.Narrows
			}
		}
		return schema.Retypes
	case schema.Geometry:
		return widensIf(to.Native == "geometry")
	}
	return schema.Retypes
}

// fits reports whether whatever a text or binary type holds fits another: characters
// where both count them, else bytes.
func fits(from, to schema.Type) bool {
	if from.Native == to.Native {
		return true
	}
	most, least := from.Length, to.Length // characters, or bytes of a binary type
	if isLong(from) {
		most = longBytes[from.Native]
	}
	if isLong(to) {
		if least = longBytes[to.Native]; to.Kind == schema.Text && !isLong(from) {
			least /= 4 // bytes of a character
		}
	}
	return least >= most
}

// longBytes are the bytes that each long type holds.
var longBytes = map[string]int{
	"tinytext": 255, "text": 65535, "mediumtext": 16777215, "longtext": 1<<32 - 1,
	"tinyblob": 255, "blob": 65535, "mediumblob": 16777215, "longblob": 1<<32 - 1,
}

// intDigits is how many digits an integer type needs.
func intDigits(t schema.Type) int {
	d := map[int]int{8: 3, 16: 5, 24: 8, 32: 10, 64: 19}[t.Bits]
	if t.Unsigned && t.Bits == 64 {
		d = 20
	}
	return d
}
