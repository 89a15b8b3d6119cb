package all_test

import (
	"math/big"
	"strings"

	"github.com/syncform/syncform/providers/schema"
)

// extreme is a value that some system can't hold, and what it is called.
type extreme struct{ text, name string }

// extremes are values that a type of this kind may have, in canonical text.
func extremes(t schema.Type) []extreme {
	switch t.Kind {
	case schema.Bool:
		return []extreme{{"t", "true"}}
	case schema.Int:
		return ends(t)
	case schema.Year:
		return []extreme{{"0", "0000"}, {"2155", "2155"}}
	case schema.Decimal:
		return append(digits(t), extreme{"NaN", "NaN"}, extreme{"Infinity", "infinities"})
	case schema.Float:
		list := []extreme{{"NaN", "NaN"}, {"Infinity", "infinities"}, {"0.1", "0.1"}}
		if t.Bits == 64 {
			return append(list, extreme{"1.7976931348623157e+308", "the greatest"}, extreme{"5e-324", "the least"})
		}
		return append(list, extreme{"3.4028235e+38", "the greatest"}, extreme{"1e-45", "the least"})
	case schema.Char:
		return []extreme{{"a", "a"}, {"😀", "4-byte UTF-8"}}
	case schema.Varchar, schema.Text:
		return []extreme{{"a", "a"}, {"", "the empty string"}, {"😀", "4-byte UTF-8"}, {"a\x00b", "NUL characters"}, {"a ", "trailing spaces"}}
	case schema.Binary:
		return []extreme{{"\x00\xff\x00\xff\x00", "bytes"}}
	case schema.Varbinary, schema.Blob:
		return []extreme{{"\x00\xff", "bytes"}, {"", "no bytes"}}
	case schema.Date:
		return []extreme{{"2024-02-29", "2024-02-29"}, {"9999-12-31", "9999-12-31"}, {"12024-01-01", "years past 9999"}, {"0044-03-15 BC", "BC"}, {"infinity", "infinities"}, {"0000-00-00", "zero dates"}, {"2024-01-00", "zero dates"}}
	case schema.Time:
		list := []extreme{{"12:30:00", "12:30:00"}, {"24:00:00", "24:00:00"}, {"-01:00:00", "negative times"}, {"838:59:59", "times past a day"}}
		return append(list, fractions(t, "12:30:00", "")...)
	case schema.TimeTZ:
		return []extreme{{"12:30:00+05:30", "zones"}}
	case schema.Timestamp, schema.TimestampTZ:
		zone := ""
		if t.Kind == schema.TimestampTZ {
			zone = "+00"
		}
		list := []extreme{{"2024-02-29 12:30:00" + zone, "2024-02-29 12:30:00"}, {"9999-12-31 23:59:59" + zone, "9999-12-31"}, {"1960-01-01 00:00:00" + zone, "1960"},
			{"12024-01-01 00:00:00" + zone, "years past 9999"}, {"0044-03-15 00:00:00" + zone + " BC", "BC"}, {"infinity", "infinities"}, {"0000-00-00 00:00:00" + zone, "zero dates"}}
		return append(list, fractions(t, "2024-02-29 12:30:00", zone)...)
	case schema.Interval:
		return []extreme{{"1 year 2 mons -3 days +04:05:06.7", "intervals"}}
	case schema.UUID:
		return []extreme{{"6ba7b810-9dad-11d1-80b4-00c04fd430c8", "UUIDs"}}
	case schema.JSON, schema.JSONB:
		return []extreme{{`{"a": [1, null]}`, "documents"}, {`{"a": 1, "a": 2}`, "duplicate keys"}, {"18446744073709551615", "integers of 64 bits"}, {"123456789012345678901234567890", "numbers of 30 digits"}, {`"a\u0000b"`, "NUL characters"}}
	case schema.XML:
		return []extreme{{"<a>ü</a>", "documents"}}
	case schema.EnumKind, schema.Set:
		if len(t.Values) > 0 {
			return []extreme{{t.Values[0], "labels"}, {strings.Join(t.Values[:1], ","), "labels"}, {"", "the empty string"}}
		}
	case schema.Bit, schema.VarBit:
		return []extreme{{"101010101", "bits"}}
	case schema.Array:
		if t.Elem != nil && t.Elem.Kind == schema.Int {
			return []extreme{{"{1,NULL,-2}", "arrays"}, {"{{1,2},{3,4}}", "arrays of arrays"}}
		}
		return []extreme{{`{"a b",NULL,"\"q\""}`, "arrays"}}
	}
	return nil
}

// fractions are of as many digits after the second as a type takes.
func fractions(t schema.Type, at, zone string) []extreme {
	n := t.FractionalDigits(6)
	if t.Precision == 0 && (t.System == schema.MySQL || t.System == schema.MariaDB) {
		n = 0
	}
	if n == 0 {
		return nil
	}
	return []extreme{{at + "." + "123456"[:n] + zone, "fractions of a second"}}
}

// ends are the least and the greatest integer of a type.
func ends(t schema.Type) []extreme {
	shift := func(n uint) *big.Int { return new(big.Int).Lsh(big.NewInt(1), n) }
	one := big.NewInt(1)
	if t.Unsigned {
		return []extreme{{"0", "0"}, {new(big.Int).Sub(shift(uint(t.Bits)), one).String(), "the greatest"}}
	}
	half := shift(uint(t.Bits) - 1)
	return []extreme{{new(big.Int).Neg(half).String(), "the least"}, {new(big.Int).Sub(half, one).String(), "the greatest"}}
}

// digits are numbers with as many digits as a type takes.
func digits(t schema.Type) []extreme {
	if t.Precision == 0 {
		return []extreme{{"0.1", "0.1"}, {strings.Repeat("9", 40), "more than 35 digits before the point"}, {"0." + strings.Repeat("3", 40), "more than 30 digits after the point"}}
	}
	return []extreme{{strings.Repeat("9", t.Precision-t.Scale) + "." + strings.Repeat("9", t.Scale), "all its digits"}}
}
