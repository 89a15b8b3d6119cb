package expr

import (
	"unicode/utf8"

	"github.com/syncform/syncform/providers/schema"
)

// class is how a value is held while it is computed with.
type class uint8

const (
	cNull     class = iota // the type of NULL alone
	cBool                  // i: 0 or 1
	cInt                   // i; of an unsigned type its bits
	cDecimal               // d
	cFloat                 // f
	cText                  // b
	cBytes                 // b
	cDate                  // i: packed date
	cTime                  // i: microseconds
	cDateTime              // i: packed date, j: microseconds of the day; in UTC
	cJSON                  // b
	cOpaque                // b: nothing can be done with it but to pass it on
)

// classOf says how values of a type are held.
func classOf(t schema.Type) class {
	switch t.Kind {
	case schema.Bool:
		return cBool
	case schema.Int, schema.Year:
		return cInt
	case schema.Decimal:
		return cDecimal
	case schema.Float:
		return cFloat
	case schema.Char, schema.Varchar, schema.Text, schema.EnumKind, schema.Set, schema.UUID, schema.XML:
		return cText
	case schema.Binary, schema.Varbinary, schema.Blob:
		return cBytes
	case schema.Date:
		return cDate
	case schema.Time:
		return cTime
	case schema.Timestamp, schema.TimestampTZ:
		return cDateTime
	case schema.JSON, schema.JSONB:
		return cJSON
	}
	return cOpaque
}

// words for classes in messages.
var classWords = map[class]string{cNull: "NULL", cBool: "a truth value", cInt: "a whole number", cDecimal: "a number", cFloat: "a number", cText: "text",
	cBytes: "bytes", cDate: "a date", cTime: "a time of day", cDateTime: "a date with time", cJSON: "JSON", cOpaque: "of a type that expressions don't know"}

func (c class) numeric() bool  { return c == cInt || c == cDecimal || c == cFloat || c == cBool }
func (c class) temporal() bool { return c == cDate || c == cDateTime || c == cTime }

// Types that results have.
var (
	typBool     = schema.Type{Kind: schema.Bool}
	typBig      = schema.Type{Kind: schema.Int, Bits: 64}
	typUnsigned = schema.Type{Kind: schema.Int, Bits: 64, Unsigned: true}
	typInt      = schema.Type{Kind: schema.Int, Bits: 32}
	typDouble   = schema.Type{Kind: schema.Float, Bits: 64}
	typText     = schema.Type{Kind: schema.Text}
	typDate     = schema.Type{Kind: schema.Date}
	typJSON     = schema.Type{Kind: schema.JSON}
	typBlob     = schema.Type{Kind: schema.Blob}
)

// maxVarchar is the longest text, in characters, that a result declares a length for.
const maxVarchar = 16383

// varchar is text of at most n characters, or of any length where that is far.
func varchar(n int) schema.Type {
	if n <= 0 || n > maxVarchar {
		return typText
	}
	return schema.Type{Kind: schema.Varchar, Length: n}
}

func varbinary(n int) schema.Type {
	if n <= 0 || n > maxVarchar {
		return typBlob
	}
	return schema.Type{Kind: schema.Varbinary, Length: n}
}

// decimalType is a decimal that holds digits before the point and scale behind it.
func decimalType(whole, scale int) schema.Type {
	scale = min(scale, 30)
	p := min(max(whole, 0)+scale, 65)
	return schema.Type{Kind: schema.Decimal, Precision: max(p, 1), Scale: scale}
}

// anyDecimal is a decimal of which nothing is known (PostgreSQL's numeric).
var anyDecimal = schema.Type{Kind: schema.Decimal}

// wholeDigits and scaleOf say what a number's type holds; ok is false for a decimal
// without limits.
func digitsOf(c class, t schema.Type) (whole, scale int, ok bool) {
	switch c {
	case cBool:
		return 1, 0, true
	case cInt:
		if t.Kind == schema.Year {
			return 4, 0, true
		}
		switch t.Bits {
		case 8:
			return 3, 0, true
		case 16:
			return 5, 0, true
		case 24:
			return 8, 0, true
		case 32:
			return 10, 0, true
		}
		return 20, 0, true
	case cDecimal:
		if t.Precision == 0 {
			return 0, 0, false
		}
		return t.Precision - t.Scale, max(t.Scale, 0), true
	}
	return 0, 0, false
}

// textLength is how many characters the text of a value can have; 0: no limit known.
func textLength(c class, t schema.Type) int {
	switch c {
	case cNull:
		return 1
	case cBool:
		return 1
	case cInt:
		w, _, _ := digitsOf(c, t)
		return w + 1
	case cDecimal:
		w, s, ok := digitsOf(c, t)
		if !ok {
			return 0
		}
		return w + s + 3
	case cFloat:
		return 24
	case cDate:
		return 13
	case cTime:
		return 17
	case cDateTime:
		return 32
	case cText:
		switch t.Kind {
		case schema.Char, schema.Varchar:
			return t.Length
		case schema.UUID:
			return 36
		case schema.EnumKind:
			return longest(t.Values)
		case schema.Set:
			n := max(len(t.Values)-1, 1)
			for _, v := range t.Values {
				n += utf8.RuneCountInString(v)
			}
			return n
		}
	case cBytes:
		if t.Kind != schema.Blob {
			return t.Length
		}
	}
	return 0
}

func longest(values []string) int {
	n := 1
	for _, v := range values {
		n = max(n, utf8.RuneCountInString(v))
	}
	return n
}

// plain drops what only a column has: the system's words, its name.
func plain(t schema.Type) schema.Type {
	if classOf(t) == cOpaque {
		return t // it can only be passed on, as what it is
	}
	t.Native, t.System, t.Domain, t.Origin, t.OriginSystem = "", "", false, "", ""
	if t.Kind != schema.EnumKind {
		t.Name = schema.Name{}
	}
	return t
}
