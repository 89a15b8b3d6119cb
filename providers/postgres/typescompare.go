package postgres

import (
	"slices"

	"github.com/syncform/syncform/providers/schema"
)

// CompareTypes says what changing a column from one type to another may do to its
// values: Widens where every value stays what it is, Narrows where some may not fit
// or lose digits, Retypes where values are rewritten in another kind.
func (c *Conn) CompareTypes(from, to schema.Type) schema.Narrowing { return compareTypes(from, to) }

func compareTypes(from, to schema.Type) schema.Narrowing {
	if from.Equal(to) {
		return schema.NotNarrow
	}
	if from.Kind == schema.Array && to.Kind == schema.Array && from.Elem != nil && to.Elem != nil {
		return compareTypes(*from.Elem, *to.Elem)
	}
	if from.Domain || to.Domain || from.Kind == schema.Other || to.Kind == schema.Other {
		return schema.Retypes
	}
	if from.Kind == to.Kind {
		return compareSameKind(from, to)
	}
	if isCharacters(from.Kind) && isCharacters(to.Kind) {
		// Padding is lost from char and gained by it.
		if from.Kind == schema.Char || to.Kind == schema.Char {
			return schema.Retypes
		}
		return widensIf(fits(from.Length, to.Length))
	}
	switch {
	case from.Kind == schema.Int && to.Kind == schema.Decimal:
		whole := to.Precision - to.Scale
		return widensIf(to.Precision == 0 || to.Scale >= 0 && whole >= intDigits(from.Bits))
	case from.Kind == schema.EnumKind && isCharacters(to.Kind) && to.Kind != schema.Char:
		longest := 0
		for _, v := range from.Values {
			longest = max(longest, len([]rune(v)))
		}
		return widensIf(to.Length == 0 || to.Length >= longest)
	case from.Kind == schema.Bit && to.Kind == schema.VarBit:
		return widensIf(fits(from.Length, to.Length))
	}
	return schema.Retypes
}

func compareSameKind(from, to schema.Type) schema.Narrowing {
	switch from.Kind {
	case schema.Int, schema.Float:
		return widensIf(to.Bits >= from.Bits)
	case schema.Decimal:
		if to.Precision == 0 {
			return schema.Widens
		}
		return widensIf(from.Precision != 0 && to.Scale >= from.Scale && to.Precision-to.Scale >= from.Precision-from.Scale)
	case schema.Char, schema.Varchar, schema.Text, schema.VarBit:
		return widensIf(fits(from.Length, to.Length))
	case schema.Bit:
		return schema.Narrows // another length takes none of the old values
	case schema.Time, schema.TimeTZ, schema.Timestamp, schema.TimestampTZ, schema.Interval:
		return widensIf(to.FractionalDigits(6) >= from.FractionalDigits(6))
	case schema.EnumKind:
		for _, v := range from.Values {
			if !slices.Contains(to.Values, v) {
				return schema.Narrows
			}
		}
		return schema.Widens
	}
	return schema.Retypes
}

func isCharacters(k schema.Kind) bool {
	return k == schema.Char || k == schema.Varchar || k == schema.Text
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
	switch {
	case bits <= 8:
		return 3
	case bits <= 16:
		return 5
	case bits <= 24:
		return 8
	case bits <= 32:
		return 10
	}
	return 19
}

// textPasses reports whether the text of every value of from is, read by to's input
// function, the same value: then rows may pass as COPY text. Values that do not fit are
// refused by the server, never bent.
func textPasses(from, to schema.Type) bool {
	if from.System != schema.PostgreSQL || to.System != schema.PostgreSQL {
		return false
	}
	if from.Native != "" && from.Native == to.Native {
		return true
	}
	if from.Kind == schema.Array || to.Kind == schema.Array {
		return from.Kind == to.Kind && from.Elem != nil && to.Elem != nil && textPasses(*from.Elem, *to.Elem)
	}
	switch {
	case from.Kind == schema.Other || to.Kind == schema.Other:
		return false
	case from.Kind == schema.Int && to.Kind == schema.Int, from.Kind == schema.EnumKind && to.Kind == schema.EnumKind:
		return true
	case from.Kind == schema.Int && to.Kind == schema.Text, from.Kind == schema.UUID && to.Kind == schema.Text:
		return true
	}
	from.Domain, to.Domain = false, false
	from.Native, to.Native = "", ""
	if from.SameMeaning(to) {
		return true
	}
	return from.Kind != schema.Float && compareTypes(from, to) == schema.Widens
}

// binaryForm names the binary form of a type's values, "" where they should not pass
// as such: types that the database defines carry object ids, and those of extensions
// may differ between versions.
func binaryForm(t schema.Type) string {
	if t.System != schema.PostgreSQL {
		return ""
	}
	if t.Kind == schema.Array {
		if t.Elem == nil || t.Elem.Domain || t.Elem.Name.Name != "" || t.Domain {
			return ""
		}
		if e := binaryForm(*t.Elem); e != "" {
			return e + "[]"
		}
		return ""
	}
	if t.Kind == schema.Other {
		if binaryOthers[t.Native] {
			return t.Native
		}
		return ""
	}
	if !t.Domain && t.Kind != schema.EnumKind && t.Name.Name != "" {
		return "" // an extension's, citext
	}
	switch t.Kind {
	case schema.Int, schema.Float:
		return string(t.Kind) + string(rune('0'+t.Bits/16))
	case schema.Varchar, schema.Text, schema.EnumKind:
		return "text"
	case schema.XML:
		return "" // carries an encoding declaration
	case schema.Bool, schema.Decimal, schema.Char, schema.Blob, schema.Date, schema.Time, schema.TimeTZ, schema.Timestamp, schema.TimestampTZ,
		schema.Interval, schema.UUID, schema.JSON, schema.JSONB, schema.Bit, schema.VarBit:
		return string(t.Kind)
	}
	return ""
}

var binaryOthers = words(`name inet cidr macaddr macaddr8 point line lseg box path polygon circle tsvector tsquery oid pg_lsn xid8
int4range int8range numrange tsrange tstzrange daterange int4multirange int8multirange nummultirange tsmultirange tstzmultirange datemultirange`)
