package sqlite

import (
	"bytes"
	"math"
	"strconv"
	"unicode/utf8"

	"zombiezen.com/go/sqlite"

	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
)

// value is one value as SQLite holds it, NULL aside.
type value struct {
	class sqlite.ColumnType
	i     int64
	f     float64
	b     []byte // of text and blobs
}

const wantsText = "is a number, and its type's values are text"

// appendCanonical appends the canonical text of v read as a value of as. stored is the
// column's own type: where the two are of one kind, v must be a value that its
// declaration allows; where not (a target that is read back as its source's type),
// text is taken to be canonical already. On a problem dst is as it was.
func appendCanonical(dst []byte, v value, stored, as schema.Type) (out []byte, problem string) {
	if v.class == sqlite.TypeText && !utf8.Valid(v.b) {
		return dst, "holds text that is not valid UTF-8"
	}
	if stored.Kind != as.Kind {
		switch {
		case isTime(as.Kind) && isTime(stored.Kind) && v.class == sqlite.TypeText:
			return appendTime(dst, v.b, as)
		case v.class == sqlite.TypeText, v.class == sqlite.TypeBlob && utf8.Valid(v.b) && !isBigUnsigned(as):
			return append(dst, v.b...), ""
		}
	}
	switch as.Kind {
	case schema.Bool:
		return appendBool(dst, v)
	case schema.Int, schema.Year:
		return appendInt(dst, v, as)
	case schema.Decimal:
		switch v.class {
		case sqlite.TypeInteger:
			return appendDecimal(dst, strconv.AppendInt(nil, v.i, 10), as)
		case sqlite.TypeFloat:
			return appendReal(dst, v.f, as)
		case sqlite.TypeText:
			return appendDecimal(dst, v.b, as)
		}
		return dst, "is a blob, and its type's values are numbers"
	case schema.Float:
		switch v.class {
		case sqlite.TypeInteger:
			if f := float64(v.i); f < 1<<63 && int64(f) == v.i {
				return appendFloat(dst, f, as)
			}
			return dst, "is an integer that no float equals"
		case sqlite.TypeFloat:
			return appendFloat(dst, v.f, as)
		case sqlite.TypeText:
			if string(v.b) == "NaN" {
				return append(dst, v.b...), ""
			}
		}
		return dst, "is no number, which its type wants"
	case schema.Binary, schema.Varbinary, schema.Blob, schema.Geometry:
		return appendBytes(dst, v, as)
	}
	if v.class == sqlite.TypeBlob {
		if as.Kind == schema.UUID {
			return dst, "is a blob, whose order of bytes nobody can tell: store it as text"
		}
		return dst, "is a blob, and its type's values are text"
	}
	switch as.Kind {
	case schema.Char, schema.Varchar, schema.Text:
		return appendText(dst, v, stored, as)
	case schema.JSON, schema.JSONB, schema.Other:
		switch v.class { // a number in a column of NUMERIC affinity: it was one when it was stored
		case sqlite.TypeInteger:
			return strconv.AppendInt(dst, v.i, 10), ""
		case sqlite.TypeFloat:
			return row.AppendFloat(dst, v.f, 64), ""
		}
		return append(dst, v.b...), ""
	case schema.Date, schema.Time, schema.TimeTZ, schema.Timestamp, schema.TimestampTZ:
		if v.class != sqlite.TypeText {
			return dst, "is a number in a column of times: whether it counts seconds, milliseconds or days nobody can tell; store text, as datetime(x, 'unixepoch') gives it"
		}
		return appendTime(dst, v.b, as)
	}
	if v.class != sqlite.TypeText {
		return dst, wantsText
	}
	switch as.Kind {
	case schema.UUID:
		return appendUUID(dst, v.b)
	case schema.Bit, schema.VarBit:
		if len(bytes.Trim(v.b, "01")) == 0 {
			return append(dst, v.b...), ""
		}
		return dst, "has other characters than 0 and 1"
	}
	return append(dst, v.b...), ""
}

func isTime(k schema.Kind) bool {
	switch k {
	case schema.Date, schema.Time, schema.TimeTZ, schema.Timestamp, schema.TimestampTZ:
		return true
	}
	return false
}

func appendBool(dst []byte, v value) ([]byte, string) {
	switch {
	case v.class == sqlite.TypeInteger && v.i == 1:
		return append(dst, 't'), ""
	case v.class == sqlite.TypeInteger && v.i == 0:
		return append(dst, 'f'), ""
	case v.class == sqlite.TypeText:
		switch string(bytes.ToLower(v.b)) {
		case "t", "true":
			return append(dst, 't'), ""
		case "f", "false":
			return append(dst, 'f'), ""
		}
	}
	return dst, "is neither 0 nor 1"
}

func appendInt(dst []byte, v value, as schema.Type) ([]byte, string) {
	switch v.class {
	case sqlite.TypeInteger:
		return strconv.AppendInt(dst, v.i, 10), ""
	case sqlite.TypeBlob: // write.go stores what is past 64 bits with a sign as its digits
		if isBigUnsigned(as) && allDigits(v.b) {
			return append(dst, v.b...), ""
		}
		return dst, "is a blob in a column of integers"
	case sqlite.TypeFloat:
		if f := math.Trunc(v.f); f == v.f && math.Abs(f) < 1<<53 {
			return strconv.AppendInt(dst, int64(f), 10), ""
		}
		return dst, "is a number with a fraction, or too large, in a column of integers"
	}
	return dst, "is text in a column of integers"
}

// isBigUnsigned reports whether a type has integers that SQLite's INTEGER has not.
func isBigUnsigned(t schema.Type) bool {
	return t.Kind == schema.Int && t.Unsigned && t.Bits == 64
}

func appendBytes(dst []byte, v value, as schema.Type) ([]byte, string) {
	if v.class != sqlite.TypeBlob && v.class != sqlite.TypeText {
		return dst, "is a number in a column of bytes"
	}
	switch {
	case as.Kind == schema.Binary && as.Length > 0 && len(v.b) != as.Length:
		return dst, "has not the " + strconv.Itoa(as.Length) + " bytes that its type says"
	case as.Kind == schema.Varbinary && as.Length > 0 && len(v.b) > as.Length:
		return dst, "has more than the " + strconv.Itoa(as.Length) + " bytes that its type allows"
	}
	return append(dst, v.b...), ""
}

func appendText(dst []byte, v value, stored, as schema.Type) ([]byte, string) {
	switch v.class {
	case sqlite.TypeInteger, sqlite.TypeFloat:
		if stored.Kind == as.Kind && !dynamic(stored) {
			return dst, wantsText
		}
		if v.class == sqlite.TypeInteger {
			return strconv.AppendInt(dst, v.i, 10), ""
		}
		return row.AppendFloat(dst, v.f, 64), ""
	}
	b := v.b
	if as.Kind == schema.Char {
		b = bytes.TrimRight(b, " ")
	}
	if tooLong(b, as) {
		return dst, "has more than the " + strconv.Itoa(as.Length) + " characters that its type allows"
	}
	return append(dst, b...), ""
}

// tooLong reports whether text has more characters than its type allows.
func tooLong(b []byte, t schema.Type) bool {
	return (t.Kind == schema.Char || t.Kind == schema.Varchar) && t.Length > 0 && len(b) > t.Length && utf8.RuneCount(b) > t.Length
}

func appendUUID(dst, v []byte) ([]byte, string) {
	if isUUID(v) {
		return append(dst, v...), ""
	}
	start := len(dst)
	dst = row.Normal(dst, schema.Type{Kind: schema.UUID}, v)
	if !isUUID(dst[start:]) {
		return dst[:start], "is no UUID"
	}
	return dst, ""
}

// isUUID reports whether text is a UUID in lower case, with hyphens.
func isUUID(u []byte) bool {
	ok := len(u) == 36
	for i := 0; ok && i < len(u); i++ {
		c := u[i]
		if i == 8 || i == 13 || i == 18 || i == 23 {
			ok = c == '-'
		} else {
			ok = digit(c) || c >= 'a' && c <= 'f'
		}
	}
	return ok
}
