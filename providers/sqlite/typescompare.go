package sqlite

import (
	"slices"

	"github.com/syncform/syncform/providers/schema"
)

// CompareTypes says what changing a column from one type to another may do to its
// values: Widens where every value stays what it is, Narrows where some may not fit,
// Retypes where values are rewritten.
func (c *Conn) CompareTypes(from, to schema.Type) schema.Narrowing {
	if from.Equal(to) {
		return schema.NotNarrow
	}
	if from.Kind == to.Kind {
		return compareSameKind(from, to)
	}
	switch {
	case isCharacters(from.Kind) && isCharacters(to.Kind):
		if from.Kind == schema.Char || to.Kind == schema.Char { // padding is lost from one and gained by the other
			return schema.Retypes
		}
		return widensIf(fits(from.Length, to.Length))
	case from.Kind == schema.EnumKind && (to.Kind == schema.Varchar || to.Kind == schema.Text):
		longest := 0
		for _, v := range from.Values {
			longest = max(longest, len([]rune(v)))
		}
		return widensIf(to.Kind == schema.Text || fits(longest, to.Length))
	case from.Kind == schema.Int && to.Kind == schema.Decimal:
		return widensIf(to.Precision == 0 || to.Scale >= 0 && to.Precision-to.Scale >= intDigits(from.Bits))
	case isBytes(from.Kind) && isBytes(to.Kind) && from.Kind != schema.Binary && to.Kind != schema.Binary:
		return widensIf(fits(from.Length, to.Length))
	}
	return schema.Retypes
}

func compareSameKind(from, to schema.Type) schema.Narrowing {
	switch from.Kind {
	case schema.Int:
		switch {
		case from.Unsigned == to.Unsigned:
			return widensIf(to.Bits >= from.Bits)
		case from.Unsigned:
			return widensIf(to.Bits > from.Bits)
		}
		return schema.Narrows
	case schema.Float:
		return widensIf(to.Bits >= from.Bits)
	case schema.Decimal:
		if to.Precision == 0 {
			return schema.Widens
		}
		return widensIf(from.Precision != 0 && to.Scale >= from.Scale && to.Precision-to.Scale >= from.Precision-from.Scale)
	case schema.Char, schema.Varchar, schema.Varbinary, schema.VarBit:
		return widensIf(fits(from.Length, to.Length))
	case schema.Text, schema.Blob:
		if dynamic(from) != dynamic(to) {
			return schema.Retypes
		}
		return schema.Widens // SQLite holds none of them to a length
	case schema.Binary, schema.Bit:
		return widensIf(from.Length == to.Length)
	case schema.Time, schema.TimeTZ, schema.Timestamp, schema.TimestampTZ, schema.Interval:
		return widensIf(to.FractionalDigits(6) >= from.FractionalDigits(6))
	case schema.EnumKind, schema.Set:
		for _, v := range from.Values {
			if !slices.Contains(to.Values, v) {
				return schema.Narrows
			}
		}
		return schema.Widens
	case schema.Bool, schema.Date, schema.Year, schema.UUID, schema.JSON, schema.JSONB, schema.XML, schema.Geometry:
		return schema.Widens // another name for the same
	}
	return schema.Retypes
}

func isCharacters(k schema.Kind) bool {
	return k == schema.Char || k == schema.Varchar || k == schema.Text
}

func isBytes(k schema.Kind) bool {
	return k == schema.Binary || k == schema.Varbinary || k == schema.Blob
}

// fits compares lengths, of which 0 has no limit.
func fits(from, to int) bool { return to == 0 || from != 0 && from <= to }

func widensIf(yes bool) schema.Narrowing {
	if yes {
		return schema.Widens
	}
	return schema.Narrows
}

// intDigits is how many decimal digits an integer of so many bits may have.
func intDigits(bits int) int {
	switch bits {
	case 8:
		return 3
	case 16:
		return 5
	case 24:
		return 8
	case 32:
		return 10
	}
	return 19
}
