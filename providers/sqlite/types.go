package sqlite

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/syncform/syncform/providers/schema"
)

// untyped is the Native of a column that is declared without a type. It can't meet a
// declared name: those are kept in upper case.
const untyped = "untyped"

// affinity is what SQLite makes of a declared type.
type affinity byte

const (
	affinityNone affinity = iota // values stay as they are; SQLite calls it BLOB
	affinityText
	affinityNumeric
	affinityInteger
	affinityReal
)

// affinityOf follows SQLite's rules for a declared type's name.
func affinityOf(native string) affinity {
	words := strings.ToUpper(withoutNote(native))
	has := func(parts ...string) bool {
		for _, p := range parts {
			if strings.Contains(words, p) {
				return true
			}
		}
		return false
	}
	switch {
	case native == untyped:
		return affinityNone
	case has("INT"):
		return affinityInteger
	case has("CHAR", "CLOB", "TEXT"):
		return affinityText
	case has("BLOB"):
		return affinityNone
	case has("REAL", "FLOA", "DOUB"):
		return affinityReal
	}
	return affinityNumeric
}

// withoutNote drops the comment behind a declared type.
func withoutNote(native string) string {
	words, _, _ := strings.Cut(native, " /*")
	return words
}

// word is what a declared type's name means.
type word struct {
	kind     schema.Kind
	bits     int
	unsigned bool
	length   int
}

// words are the declared names whose meaning is known. What SQLite calls INTEGER has
// 64 bits; the names with a number of bits in them are taken at their word. A name
// that ends in _TEXT or _BLOB is one that this provider declares: its affinity keeps
// values that another name's would bend (1.10 in a DECIMAL(20,2) is 1.1 in a float).
var words = map[string]word{
	"INTEGER": {kind: schema.Int, bits: 64}, "INT": {kind: schema.Int, bits: 64}, "BIGINT": {kind: schema.Int, bits: 64},
	"INT8": {kind: schema.Int, bits: 64}, "LONG": {kind: schema.Int, bits: 64}, "BIG INT": {kind: schema.Int, bits: 64},
	"UNSIGNED BIG INT": {kind: schema.Int, bits: 64}, "INT UNSIGNED": {kind: schema.Int, bits: 64}, "INTEGER UNSIGNED": {kind: schema.Int, bits: 64},
	"INT4": {kind: schema.Int, bits: 32}, "MEDIUMINT": {kind: schema.Int, bits: 24}, "INT3": {kind: schema.Int, bits: 24},
	"SMALLINT": {kind: schema.Int, bits: 16}, "INT2": {kind: schema.Int, bits: 16}, "TINYINT": {kind: schema.Int, bits: 8}, "INT1": {kind: schema.Int, bits: 8},
	"BIGINT UNSIGNED": {kind: schema.Int, bits: 64, unsigned: true}, "INT4 UNSIGNED": {kind: schema.Int, bits: 32, unsigned: true},
	"MEDIUMINT UNSIGNED": {kind: schema.Int, bits: 24, unsigned: true}, "SMALLINT UNSIGNED": {kind: schema.Int, bits: 16, unsigned: true},
	"TINYINT UNSIGNED": {kind: schema.Int, bits: 8, unsigned: true},

	"BOOLEAN": {kind: schema.Bool}, "BOOL": {kind: schema.Bool}, "BIT": {kind: schema.Bool},

	"REAL": {kind: schema.Float, bits: 64}, "DOUBLE": {kind: schema.Float, bits: 64}, "DOUBLE PRECISION": {kind: schema.Float, bits: 64},
	"FLOAT": {kind: schema.Float, bits: 64}, "FLOAT8": {kind: schema.Float, bits: 64}, "FLOATING POINT": {kind: schema.Float, bits: 64},
	"FLOAT4": {kind: schema.Float, bits: 32},

	"NUMERIC": {kind: schema.Decimal}, "DECIMAL": {kind: schema.Decimal}, "DEC": {kind: schema.Decimal}, "NUMBER": {kind: schema.Decimal},
	"MONEY": {kind: schema.Decimal}, "DECIMAL_TEXT": {kind: schema.Decimal},

	"CHAR": {kind: schema.Char}, "CHARACTER": {kind: schema.Char}, "NCHAR": {kind: schema.Char}, "NATIVE CHARACTER": {kind: schema.Char},
	"NATIONAL CHARACTER": {kind: schema.Char},
	"VARCHAR":            {kind: schema.Varchar}, "NVARCHAR": {kind: schema.Varchar}, "VARCHAR2": {kind: schema.Varchar}, "NVARCHAR2": {kind: schema.Varchar},
	"CHARACTER VARYING": {kind: schema.Varchar}, "CHAR VARYING": {kind: schema.Varchar}, "VARYING CHARACTER": {kind: schema.Varchar},
	"NATIONAL CHARACTER VARYING": {kind: schema.Varchar}, "NATIONAL VARCHAR": {kind: schema.Varchar},
	"TEXT": {kind: schema.Text}, "CLOB": {kind: schema.Text}, "NTEXT": {kind: schema.Text}, "NCLOB": {kind: schema.Text},
	"TINYTEXT": {kind: schema.Text, length: 1<<8 - 1}, "MEDIUMTEXT": {kind: schema.Text, length: 1<<24 - 1}, "LONGTEXT": {kind: schema.Text, length: 1<<32 - 1},

	"BINARY": {kind: schema.Binary}, "VARBINARY": {kind: schema.Varbinary}, "BLOB": {kind: schema.Blob}, "BYTEA": {kind: schema.Blob},
	"TINYBLOB": {kind: schema.Blob, length: 1<<8 - 1}, "MEDIUMBLOB": {kind: schema.Blob, length: 1<<24 - 1}, "LONGBLOB": {kind: schema.Blob, length: 1<<32 - 1},
	"GEOMETRY_BLOB": {kind: schema.Geometry},

	"DATE": {kind: schema.Date}, "TIME": {kind: schema.Time}, "TIME WITHOUT TIME ZONE": {kind: schema.Time},
	"TIMETZ": {kind: schema.TimeTZ}, "TIME WITH TIME ZONE": {kind: schema.TimeTZ},
	"TIMESTAMP": {kind: schema.Timestamp}, "DATETIME": {kind: schema.Timestamp}, "DATETIME2": {kind: schema.Timestamp},
	"SMALLDATETIME": {kind: schema.Timestamp}, "TIMESTAMP WITHOUT TIME ZONE": {kind: schema.Timestamp},
	"TIMESTAMPTZ": {kind: schema.TimestampTZ}, "TIMESTAMP WITH TIME ZONE": {kind: schema.TimestampTZ}, "DATETIMEOFFSET": {kind: schema.TimestampTZ},
	"INTERVAL": {kind: schema.Interval}, "YEAR": {kind: schema.Year},

	"UUID": {kind: schema.UUID}, "GUID": {kind: schema.UUID}, "UNIQUEIDENTIFIER": {kind: schema.UUID},
	"JSON": {kind: schema.JSON}, "JSON_TEXT": {kind: schema.JSON}, "JSONB": {kind: schema.JSONB}, "JSONB_TEXT": {kind: schema.JSONB},
	"XML": {kind: schema.XML}, "XML_TEXT": {kind: schema.XML},
	"BIT_TEXT": {kind: schema.Bit}, "VARBIT_TEXT": {kind: schema.VarBit},
	"ENUM_TEXT": {kind: schema.EnumKind}, "SET_TEXT": {kind: schema.Set}, "ARRAY_TEXT": {kind: schema.Array},
}

// spelling is a declared type taken apart.
type spelling struct {
	name   string // in upper case, single spaces
	args   []int
	labels []string // of ENUM_TEXT and SET_TEXT in a note
}

// spell normalises a declared type: VARCHAR(20) for varchar( 20 ).
func (s spelling) String() string {
	if len(s.labels) > 0 {
		return s.name + "(" + quoteLabels(s.labels) + ")"
	}
	if len(s.args) == 0 {
		return s.name
	}
	text := make([]string, len(s.args))
	for i, a := range s.args {
		text[i] = strconv.Itoa(a)
	}
	return s.name + "(" + strings.Join(text, ",") + ")"
}

// spellingOf takes a declared type apart; ok is false where it is more than words and
// numbers, and then stands as it is.
func spellingOf(declared string) (s spelling, ok bool) {
	var names []string
	toks := tokenize(declared)
	i := 0
	for ; i < len(toks) && (toks[i].kind == tokenWord); i++ {
		names = append(names, strings.ToUpper(toks[i].text))
	}
	s.name = strings.Join(names, " ")
	if i == len(toks) {
		return s, s.name != ""
	}
	if toks[i].text != "(" || toks[len(toks)-1].text != ")" {
		return s, false
	}
	for i++; i < len(toks)-1; i++ {
		t := toks[i]
		switch {
		case t.kind == tokenString:
			s.labels = append(s.labels, t.name())
		case t.kind == tokenNumber:
			n, err := strconv.Atoi(t.text)
			if err != nil {
				return s, false
			}
			if toks[i-1].text == "-" {
				n = -n
			}
			s.args = append(s.args, n)
		case t.text != "," && t.text != "-" && t.text != "+":
			return s, false
		}
	}
	return s, s.name != ""
}

// typeOf gives the logical type of a declared one. note is the comment behind it;
// labels are those of the check that goes with ENUM_TEXT. strict says that the table
// is STRICT, where ANY has no affinity.
func typeOf(declared, note string, labels []string, strict bool) schema.Type {
	t := schema.Type{System: schema.SQLite}
	s, ok := spellingOf(declared)
	switch {
	case strings.TrimSpace(declared) == "":
		t.Kind, t.Native = schema.Text, untyped
		return t
	case !ok:
		t.Native = strings.TrimSpace(declared)
		t.Kind, t.Bits = kindOf(affinityOf(t.Native))
		return t
	}
	t.Native = s.String()
	if note != "" {
		if noted, ok := notedType(s, note); ok {
			return noted
		}
	}
	if strict && s.name == "ANY" {
		t.Kind = schema.Text
		return t
	}
	w, known := words[s.name]
	if !known {
		t.Kind, t.Bits = kindOf(affinityOf(t.Native))
		return t
	}
	t.Kind, t.Bits, t.Unsigned, t.Length = w.kind, w.bits, w.unsigned, w.length
	s.apply(&t)
	switch t.Kind {
	case schema.EnumKind:
		t.Values = labels
		if len(labels) == 0 {
			t.Kind = schema.Text
		}
	case schema.Set, schema.Array: // without the note that says of what
		t.Kind = schema.Text
	}
	return t
}

// apply sets what stands in a type's parentheses, where that has a meaning.
func (s spelling) apply(t *schema.Type) {
	arg := func(i int) int {
		if i < len(s.args) {
			return s.args[i]
		}
		return 0
	}
	switch t.Kind {
	case schema.Decimal:
		t.Precision, t.Scale = max(arg(0), 0), arg(1)
		if t.Precision == 0 {
			t.Scale = 0
		}
	case schema.Char, schema.Varchar, schema.Binary, schema.Varbinary, schema.Bit, schema.VarBit:
		t.Length = max(arg(0), 0)
		if t.Length == 0 && t.Kind == schema.Char { // SQLite's CHAR is not CHAR(1)
			t.Kind = schema.Text
		}
		if t.Length == 0 && t.Kind == schema.Binary {
			t.Kind = schema.Blob
		}
	case schema.Time, schema.TimeTZ, schema.Timestamp, schema.TimestampTZ, schema.Interval:
		if len(s.args) == 1 && arg(0) >= 0 && arg(0) <= 6 {
			t.Precision = arg(0) + 1
		}
	}
}

// kindOf is what a declared name that is not known means: what its affinity makes of
// values. A column of NUMERIC affinity, or none, may hold anything: its values are read
// as text.
func kindOf(a affinity) (schema.Kind, int) {
	switch a {
	case affinityInteger:
		return schema.Int, 64
	case affinityReal:
		return schema.Float, 64
	case affinityNone:
		return schema.Blob, 0
	}
	return schema.Text, 0
}

// dynamic reports whether a column may hold values of any storage class by its own
// declaration: one without a type, of an unknown name, or ANY.
func dynamic(t schema.Type) bool {
	if t.System != schema.SQLite || t.Kind != schema.Text {
		return false
	}
	return t.Native == untyped || affinityOf(t.Native) == affinityNumeric
}

// notedType reads the comment behind a declared type: what SQLite's own name for it
// can't say.
//
//	INTEGER /* INT4 */               a rowid of 32 bits: only INTEGER can be one
//	SET_TEXT /* SET_TEXT('a','b') */ the labels
//	ARRAY_TEXT /* INT4 */            the elements
//	TEXT /* postgresql inet */       another system's type without a counterpart, as its text
func notedType(s spelling, note string) (schema.Type, bool) {
	native := s.String() + " /* " + note + " */"
	switch s.name {
	case "INTEGER", "SET_TEXT":
		inner, ok := spellingOf(unescapeNote(note))
		w, known := words[inner.name]
		if !ok || !known || (s.name == "INTEGER") != (w.kind == schema.Int) || (s.name == "SET_TEXT") != (w.kind == schema.Set) {
			return schema.Type{}, false
		}
		return schema.Type{System: schema.SQLite, Native: native, Kind: w.kind, Bits: w.bits, Unsigned: w.unsigned, Values: inner.labels}, true
	case "ARRAY_TEXT":
		elem, ok := elementType(unescapeNote(note))
		return schema.Type{System: schema.SQLite, Native: native, Kind: schema.Array, Elem: &elem}, ok
	case "TEXT":
		system, origin, ok := strings.Cut(unescapeNote(note), " ")
		switch sys := schema.System(system); sys {
		case schema.PostgreSQL, schema.MySQL, schema.MariaDB:
			return schema.Type{System: schema.SQLite, Native: native, Kind: schema.Other, OriginSystem: sys, Origin: origin}, ok
		}
	}
	return schema.Type{}, false
}

// elementType reads the type of an array's elements from its note.
func elementType(text string) (schema.Type, bool) {
	if declared, note, ok := strings.Cut(text, ": "); ok {
		t := typeOf(declared, note, nil, false)
		return t, t.Kind == schema.Other
	}
	s, ok := spellingOf(text)
	if !ok {
		return schema.Type{}, false
	}
	if len(s.labels) > 0 {
		return schema.Type{System: schema.SQLite, Native: s.String(), Kind: words[s.name].kind, Values: s.labels}, true
	}
	return typeOf(text, "", nil, false), true
}

// escapeNote keeps a label's */ from ending the comment.
func escapeNote(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, `\`, `\\`), "*/", `*\/`)
}

func unescapeNote(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// ParseType reads a type as it is written in HCL. A name whose affinity would bend
// values of its kind becomes the one that keeps them: json is JSON_TEXT.
func (c *Conn) ParseType(text string) (schema.Type, error) { return parseType(text) }

func parseType(text string) (schema.Type, error) {
	s, ok := spellingOf(text)
	if !ok {
		return schema.Type{}, fmt.Errorf("type %q: SQLite's types are a name, with numbers in parentheses behind it", text)
	}
	if name := s.name + "_TEXT"; s.name == "ENUM" || s.name == "SET" {
		s.name = name
	}
	if s.name == "ENUM_TEXT" || s.name == "SET_TEXT" {
		if len(s.labels) == 0 {
			return schema.Type{}, fmt.Errorf("type %q: the labels are missing, as in enum('a', 'b')", text)
		}
		return declared(schema.Type{Kind: words[s.name].kind, Values: s.labels}), nil
	}
	if len(s.labels) > 0 {
		return schema.Type{}, fmt.Errorf("type %q takes no labels", text)
	}
	if s.name == "ANY" {
		return schema.Type{}, fmt.Errorf("type %q is known in STRICT tables only", text)
	}
	if (s.name == "BIT" || s.name == "VARBIT" || s.name == "BIT VARYING") && len(s.args) == 1 {
		kind := schema.VarBit
		if s.name == "BIT" {
			kind = schema.Bit
		}
		return declared(schema.Type{Kind: kind, Length: s.args[0]}), nil
	}
	if _, known := words[s.name]; !known {
		near := nearest(s.name)
		if near != "" {
			near = fmt.Sprintf("; did you mean %q?", near)
		}
		return schema.Type{}, fmt.Errorf("%q is not a type that is known for SQLite%s", text, near)
	}
	t := typeOf(s.String(), "", nil, false)
	if bends(t) {
		return declared(t), nil
	}
	return t, nil
}
