package sqlite

import (
	"bytes"
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"
	"unsafe"

	"zombiezen.com/go/sqlite"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
)

// writeColumn stores the canonical text of source in a column of target.
type writeColumn struct {
	source, target schema.Type
	affinity       affinity
	low, high      int64 // of integers
	checkTime      bool  // the text may be none of the target's, or have more digits
	checkLength    bool
	words          bool // the source's values are text: only a number's canonical text is one
	text           []byte
}

func newWriteColumn(c providers.WriteColumn) writeColumn {
	w := writeColumn{source: c.Source, target: c.Type, affinity: affinityOf(c.Type.Native)}
	w.low, w.high = math.MinInt64, math.MaxInt64
	if bits := c.Type.Bits; c.Type.Kind == schema.Int && bits > 0 {
		switch {
		case c.Type.Unsigned:
			w.low = 0
			if bits < 64 {
				w.high = 1<<bits - 1
			}
		default:
			w.low, w.high = -1<<(bits-1), 1<<(bits-1)-1
		}
	}
	switch c.Source.Kind {
	case schema.Bool, schema.Int, schema.Year, schema.Decimal, schema.Float, schema.Bit:
	default:
		w.words = true
	}
	w.checkTime = c.Source.Kind != c.Type.Kind || c.Type.FractionalDigits(6) < c.Source.FractionalDigits(6)
	// PostgreSQL and MySQL hold values to their lengths, SQLite doesn't.
	w.checkLength = c.Type.Length > 0 && (c.Source.System == schema.SQLite || c.Source.Kind != c.Type.Kind || c.Source.Length == 0 || c.Source.Length > c.Type.Length)
	return w
}

// bind binds a value; a problem says why the column can't hold it.
func (w *writeColumn) bind(stmt *sqlite.Stmt, param int, v []byte) (problem string) {
	switch w.target.Kind {
	case schema.Bool:
		return w.bindBool(stmt, param, v)
	case schema.Int, schema.Year:
		return w.bindInt(stmt, param, v)
	case schema.Decimal:
		return w.bindDecimal(stmt, param, v)
	case schema.Float:
		return w.bindFloat(stmt, param, v)
	case schema.Binary, schema.Varbinary, schema.Blob, schema.Geometry:
		if w.target.Kind == schema.Binary && w.target.Length > 0 && len(v) != w.target.Length || w.target.Kind == schema.Varbinary && w.target.Length > 0 && len(v) > w.target.Length {
			return "has not the " + strconv.Itoa(w.target.Length) + " bytes that its column's type says"
		}
		stmt.BindBytes(param, v)
		return ""
	}
	return w.bindText(stmt, param, v)
}

func (w *writeColumn) bindBool(stmt *sqlite.Stmt, param int, v []byte) string {
	switch string(v) {
	case "t", "1":
		stmt.BindInt64(param, 1)
	case "f", "0":
		stmt.BindInt64(param, 0)
	default:
		return "is neither true nor false"
	}
	return ""
}

func (w *writeColumn) bindInt(stmt *sqlite.Stmt, param int, v []byte) string {
	n, err := strconv.ParseInt(view(v), 10, 64)
	if err != nil && w.source.Kind == schema.Bool {
		return w.bindBool(stmt, param, v)
	}
	if err != nil {
		d, ok := readDecimal(v)
		if !ok || len(bytes.Trim(d.fraction, "0")) > 0 {
			return "is no integer"
		}
		w.text = decimal{negative: d.negative, whole: d.whole}.append(w.text[:0])
		n, err = strconv.ParseInt(view(w.text), 10, 64)
		if err != nil && isBigUnsigned(w.target) && !d.negative && !isRowidName(w.target.Native) {
			if _, err := strconv.ParseUint(view(w.text), 10, 64); err == nil {
				stmt.BindBytes(param, w.text) // as text it would become a float
				return ""
			}
		}
	}
	if err != nil || n < w.low || n > w.high {
		return "is out of the range of " + w.target.String()
	}
	if w.words {
		if w.text = strconv.AppendInt(w.text[:0], n, 10); !bytes.Equal(w.text, v) {
			return "is an integer in another spelling, which would be lost"
		}
	}
	stmt.BindInt64(param, n)
	return ""
}

func (w *writeColumn) bindDecimal(stmt *sqlite.Stmt, param int, v []byte) string {
	switch string(v) {
	case "NaN", "Infinity", "-Infinity": // no affinity takes them for numbers
		bindText(stmt, param, v)
		return ""
	}
	d, ok := readDecimal(v)
	if !ok {
		return "is no decimal number"
	}
	if problem := d.fits(w.target); problem != "" {
		return problem
	}
	if w.words && !w.sameWords(d, v) {
		return "is a number in another spelling, which would be lost"
	}
	if w.affinity == affinityText || w.affinity == affinityNone {
		if w.source.Kind != schema.Decimal {
			w.text = d.append(w.text[:0])
			v = w.text
		}
		bindText(stmt, param, v)
		return ""
	}
	if len(bytes.Trim(d.fraction, "0")) == 0 && len(d.whole) <= 18 {
		w.text = decimal{negative: d.negative, whole: d.whole}.append(w.text[:0])
		n, err := strconv.ParseInt(view(w.text), 10, 64)
		if err != nil {
			return "is no decimal number"
		}
		stmt.BindInt64(param, n)
		return ""
	}
	f, err := strconv.ParseFloat(view(v), 64)
	if err != nil || d.significant() > exactDigits && !sameDecimal(f, d) {
		return "has more digits than a column of NUMERIC affinity keeps: declare it DECIMAL_TEXT"
	}
	stmt.BindFloat(param, f)
	return ""
}

// sameWords reports whether a decimal that was text comes back as the same text.
func (w *writeColumn) sameWords(d decimal, v []byte) bool {
	if w.affinity != affinityText && w.affinity != affinityNone {
		d.fraction = bytes.TrimRight(d.fraction, "0")
	}
	w.text = d.append(w.text[:0])
	return bytes.Equal(w.text, v)
}

// sameDecimal reports whether a float's shortest text is the decimal that it was made of.
func sameDecimal(f float64, d decimal) bool {
	var buf [64]byte
	back, ok := readDecimal(strconv.AppendFloat(buf[:0], f, 'f', -1, 64))
	return ok && back.negative == d.negative && bytes.Equal(back.whole, d.whole) &&
		bytes.Equal(bytes.TrimRight(back.fraction, "0"), bytes.TrimRight(d.fraction, "0"))
}

func (w *writeColumn) bindFloat(stmt *sqlite.Stmt, param int, v []byte) string {
	switch string(v) {
	case "NaN": // SQLite makes NULL of the float
		bindText(stmt, param, v)
		return ""
	case "Infinity":
		stmt.BindFloat(param, math.Inf(1))
		return ""
	case "-Infinity":
		stmt.BindFloat(param, math.Inf(-1))
		return ""
	}
	f, err := strconv.ParseFloat(view(v), 64)
	if err != nil {
		return "is no number that a float can be"
	}
	if w.source.Kind != schema.Float {
		if d, ok := readDecimal(v); !ok || !sameDecimal(f, d) {
			return "has more digits than a float keeps"
		}
	}
	if w.words {
		if w.text = row.AppendFloat(w.text[:0], f, 64); !bytes.Equal(w.text, v) {
			return "is a number in another spelling, which would be lost"
		}
	}
	if w.source.Kind == schema.Float && w.source.Bits == 32 {
		single, err := strconv.ParseFloat(view(v), 32)
		if err != nil {
			return "is no number that a float can be"
		}
		if float32(f) != float32(single) { // twice rounded
			f = single
		}
	} else if w.target.Bits == 32 && float64(float32(f)) != f {
		if _, problem := appendFloat(nil, f, w.target); problem != "" {
			return problem
		}
	}
	stmt.BindFloat(param, f)
	return ""
}

// bindText binds what is stored as text, where the column's affinity leaves it text.
func (w *writeColumn) bindText(stmt *sqlite.Stmt, param int, v []byte) string {
	switch w.target.Kind {
	case schema.Date, schema.Time, schema.TimeTZ, schema.Timestamp, schema.TimestampTZ:
		if w.checkTime {
			var problem string
			if w.text, problem = appendTime(w.text[:0], v, w.target); problem != "" {
				return problem
			}
			v = w.text
		}
		bindText(stmt, param, v)
		return ""
	case schema.UUID:
		if w.source.Kind != schema.UUID {
			var problem string
			if w.text, problem = appendUUID(w.text[:0], v); problem != "" {
				return problem
			}
			v = w.text
		}
		bindText(stmt, param, v)
		return ""
	case schema.JSON, schema.JSONB:
		if w.source.Kind != schema.JSON && w.source.Kind != schema.JSONB && !json.Valid(v) {
			return "is no JSON"
		}
		if w.affinity == affinityNumeric && looksNumeric(v) {
			return w.bindJSONNumber(stmt, param, v)
		}
	}
	if !utf8.Valid(v) {
		return "is not valid UTF-8, and its column holds text"
	}
	if w.checkLength {
		if w.target.Kind == schema.Char {
			v = bytes.TrimRight(v, " ")
		}
		if tooLong(v, w.target) {
			return "has more than the " + strconv.Itoa(w.target.Length) + " characters that its column's type says"
		}
	}
	if w.affinity != affinityText && w.affinity != affinityNone && looksNumeric(v) {
		return "looks like a number, which a column declared " + w.target.String() + " would store as one: declare it with TEXT in the type's name"
	}
	bindText(stmt, param, v)
	return ""
}

// bindJSONNumber binds a document that is but a number as that number, which is what
// NUMERIC affinity makes of it, where the two are equal.
func (w *writeColumn) bindJSONNumber(stmt *sqlite.Stmt, param int, v []byte) string {
	if n, err := strconv.ParseInt(view(v), 10, 64); err == nil {
		stmt.BindInt64(param, n)
		return ""
	}
	f, err := strconv.ParseFloat(view(v), 64)
	if d, ok := readDecimal(v); err != nil || !ok || !sameDecimal(f, d) {
		return "is a number that a column declared " + w.target.String() + " would round: declare it JSON_TEXT"
	}
	stmt.BindFloat(param, f)
	return ""
}

// looksNumeric reports whether NUMERIC affinity might take text for a number.
func looksNumeric(v []byte) bool {
	v = bytes.TrimFunc(v, func(r rune) bool { return r == ' ' || r >= '\t' && r <= '\r' })
	if len(v) == 0 || !digit(v[len(v)-1]) && v[len(v)-1] != '.' {
		return false
	}
	return !slices.ContainsFunc(v, func(c byte) bool {
		return !digit(c) && c != '+' && c != '-' && c != '.' && c != 'e' && c != 'E'
	})
}

// view reads bytes as a string without a copy.
func view(v []byte) string { return unsafe.String(unsafe.SliceData(v), len(v)) }
