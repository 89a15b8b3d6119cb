package providertest

import (
	"fmt"
	"math"
	"math/big"
	"strings"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
)

// valuesOf is as values, for a column whose charset may hold less than its type.
func valuesOf(c schema.Column) *rapid.Generator[string] {
	if c.Charset == "latin1" && c.Type.Kind != schema.EnumKind {
		return rapid.Map(rapid.StringOfN(rapid.RuneFrom([]rune("abc XYZ\t\n\\'\"äÿ€\u0081")), 0, c.Type.Length, -1), func(s string) string {
			if c.Type.Kind == schema.Char {
				return strings.TrimRight(s, " ")
			}
			return s
		})
	}
	return values(c.Type)
}

// values generates canonical text of every value that a column of the type may hold in
// its own system (t.System), NULL left out; nil where this package knows none.
func values(t schema.Type) *rapid.Generator[string] {
	switch t.Kind {
	case schema.Bool:
		return rapid.SampledFrom([]string{"t", "f"})
	case schema.Int:
		return integers(t)
	case schema.Decimal:
		return decimals(t)
	case schema.Float:
		return floats(t)
	case schema.Char:
		return rapid.Map(characters(t), func(s string) string { return strings.TrimRight(s, " ") })
	case schema.Varchar, schema.Text:
		return textsOf(t)
	case schema.Binary:
		return binaries(t.Length, t.Length)
	case schema.Varbinary, schema.Blob:
		return binaries(0, limit(t.Length, 200))
	case schema.Date, schema.Time, schema.TimeTZ, schema.Timestamp, schema.TimestampTZ, schema.Interval, schema.Year:
		return times(t)
	case schema.UUID:
		return rapid.Map(rapid.SliceOfN(rapid.Byte(), 16, 16), func(b []byte) string {
			if t.System == schema.MariaDB { // which takes no version or variant that it does not know
				b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
			}
			return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
		})
	case schema.JSON, schema.JSONB:
		return documents(t)
	case schema.XML:
		return rapid.SampledFrom([]string{"<a/>", "<a b=\"c\">ü &lt; x</a>", "plain"})
	case schema.EnumKind:
		return rapid.SampledFrom(t.Values)
	case schema.Set:
		return sets(t.Values)
	case schema.Bit:
		return bits(t.Length, t.Length)
	case schema.VarBit:
		return bits(0, limit(t.Length, 70))
	case schema.Array:
		return arrays(*t.Elem)
	case schema.Geometry:
		return points()
	}
	if s := samples[strings.ToLower(t.Native)]; s != nil {
		return rapid.SampledFrom(s)
	}
	return nil
}

// limit is a type's length, or as much as is worth trying where it has none.
func limit(length, enough int) int {
	if length == 0 {
		return enough
	}
	return min(length, enough)
}

func integers(t schema.Type) *rapid.Generator[string] {
	size := t.Bits
	if size == 0 {
		size = 64
	}
	if t.Unsigned {
		top := uint64(1)<<size - 1
		if size == 64 {
			top = math.MaxUint64
		}
		return rapid.Map(rapid.OneOf(rapid.Uint64Range(0, top), rapid.SampledFrom([]uint64{0, 1, top, top - 1, top/2 + 1})), func(n uint64) string { return fmt.Sprint(n) })
	}
	low, high := int64(-1)<<(size-1), int64(1)<<(size-1)-1
	return rapid.Map(rapid.OneOf(rapid.Int64Range(low, high), rapid.SampledFrom([]int64{0, 1, -1, low, high})), func(n int64) string { return fmt.Sprint(n) })
}

// decimals have the type's scale, as a server writes them.
func decimals(t schema.Type) *rapid.Generator[string] {
	return rapid.Custom(func(r *rapid.T) string {
		if t.System == schema.PostgreSQL && rapid.IntRange(0, 9).Draw(r, "special") == 0 {
			if t.Precision > 0 {
				return "NaN"
			}
			return rapid.SampledFrom([]string{"NaN", "Infinity", "-Infinity"}).Draw(r, "special")
		}
		whole, scale := t.Precision-t.Scale, t.Scale
		if t.Precision == 0 {
			whole, scale = rapid.IntRange(0, 40).Draw(r, "whole"), rapid.IntRange(0, 20).Draw(r, "scale")
			if t.System == schema.SQLite {
				whole, scale = min(whole, 9), min(scale, 5) // what a REAL keeps exactly
			}
		}
		digits := rapid.StringOfN(rapid.RuneFrom([]rune("0123456789")), 0, max(whole, 0), -1).Draw(r, "digits")
		if rapid.Bool().Draw(r, "nines") {
			digits = strings.Repeat("9", max(whole, 0))
		}
		if scale < 0 && digits != "" {
			digits = digits[:min(len(digits), t.Precision)] + strings.Repeat("0", -scale)
		}
		n, ok := new(big.Int).SetString("0"+digits, 10)
		if !ok {
			panic("bug in syncform: digits that are none: " + digits)
		}
		s := n.String()
		if scale > 0 {
			s += "." + rapid.StringOfN(rapid.RuneFrom([]rune("0123456789")), scale, scale, -1).Draw(r, "fraction")
		}
		if !t.Unsigned && strings.Trim(s, "0.") != "" && rapid.Bool().Draw(r, "negative") {
			s = "-" + s
		}
		return s
	})
}

func floats(t schema.Type) *rapid.Generator[string] {
	special := []float64{0, 1, -1, 0.1, 1e15, 1e16, 123456.7, 1e-5, 16777217, math.MaxFloat32, math.SmallestNonzeroFloat32}
	if t.Bits == 64 {
		special = append(special, math.MaxFloat64, -math.MaxFloat64, 1<<53+1, 5e-324, 2.2250738585072014e-308)
	}
	if t.System == schema.PostgreSQL {
		special = append(special, math.NaN(), math.Inf(1), math.Inf(-1), math.Copysign(0, -1))
	}
	any := rapid.Float64Range(-math.MaxFloat64, math.MaxFloat64)
	if t.Bits == 32 {
		any = rapid.Map(rapid.Float32Range(-math.MaxFloat32, math.MaxFloat32), func(f float32) float64 { return float64(f) })
	}
	return rapid.Map(rapid.OneOf(any, rapid.SampledFrom(special)), func(f float64) string {
		if t.Bits == 32 {
			f = float64(float32(f))
		}
		return string(row.AppendFloat(nil, f, t.Bits))
	})
}

// hard are characters that formats and charsets trip over.
var hard = []rune("\t\n\r\b\f\v\x01\x1a\x1b\x7f\\'\"`,;{}()[]%_$?:@#&<>/ \u0085\u00a0ÄäßéŁżя한字\u0301\u200b\u202e\ufeff\ufffd😀🏳️\U0010ffff")

func textsOf(t schema.Type) *rapid.Generator[string] {
	special := []string{"", " ", "  x  ", "NULL", `\N`, `\.`, "null", "0", "'", `"`, `\`, `\\`, "a\x1ab", "\r\n", "{}", "{NULL}", "\u202e", "é", "e\u0301", "TRUE", "\ufeffx"}
	return rapid.OneOf(characters(t), rapid.Map(rapid.SampledFrom(special), func(s string) string { return cut(s, limit(t.Length, 1000)) }))
}

// characters have up to the type's length in characters.
func characters(t schema.Type) *rapid.Generator[string] {
	runes := append([]rune("abcXYZ019 "), hard...)
	if t.System == schema.MySQL || t.System == schema.MariaDB {
		runes = append(runes, 0)
	}
	return rapid.StringOfN(rapid.OneOf(rapid.RuneFrom(runes), rapid.RuneFrom([]rune("ab "))), 0, limit(t.Length, 60), -1)
}

// cut keeps the first n characters.
func cut(s string, n int) string {
	for utf8.RuneCountInString(s) > n {
		_, size := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-size]
	}
	return s
}

func binaries(least, most int) *rapid.Generator[string] {
	return rapid.Map(rapid.SliceOfN(rapid.OneOf(rapid.Byte(), rapid.SampledFrom([]byte("\x00\t\n\r\\'\"\x80\xff\x1a,"))), least, most), func(b []byte) string { return string(b) })
}

func bits(least, most int) *rapid.Generator[string] {
	return rapid.StringOfN(rapid.RuneFrom([]rune("01")), least, most, -1)
}

// sets join labels in the order of the type.
func sets(labels []string) *rapid.Generator[string] {
	return rapid.Map(rapid.Uint64Range(0, 1<<len(labels)-1), func(mask uint64) string {
		var in []string
		for i, l := range labels {
			if mask&(1<<i) != 0 {
				in = append(in, l)
			}
		}
		return strings.Join(in, ",")
	})
}

// points are in MySQL's form: SRID 0, then WKB.
func points() *rapid.Generator[string] {
	return rapid.Map(rapid.SliceOfN(rapid.Float64Range(-90, 90), 2, 2), func(xy []float64) string {
		b := []byte{0, 0, 0, 0, 1, 1, 0, 0, 0}
		for _, v := range xy {
			for shift := 0; shift < 64; shift += 8 {
				b = append(b, byte(math.Float64bits(v)>>shift))
			}
		}
		return string(b)
	})
}

// arrays are PostgreSQL's literals, of one dimension, several, or a lower bound of its own.
func arrays(elem schema.Type) *rapid.Generator[string] {
	inner := values(elem)
	if inner == nil {
		return nil
	}
	element := rapid.Custom(func(r *rapid.T) string {
		if rapid.IntRange(0, 5).Draw(r, "null") == 0 {
			return "NULL"
		}
		v := inner.Draw(r, "element")
		if elem.IsBinary() {
			v = fmt.Sprintf(`\x%x`, v)
		}
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(v) + `"`
	})
	return rapid.Custom(func(r *rapid.T) string {
		line := func(n int) string {
			return "{" + strings.Join(rapid.SliceOfN(element, n, n).Draw(r, "elements"), ",") + "}"
		}
		n := rapid.IntRange(0, 4).Draw(r, "length")
		switch rapid.IntRange(0, 5).Draw(r, "shape") {
		case 0:
			return "{" + line(n+1) + "," + line(n+1) + "}"
		case 1:
			return fmt.Sprintf("[-1:%d]=%s", n-1, line(n+1))
		}
		return line(n)
	})
}
