package schema

import "slices"

// Kind is a logical type: what a value means, whatever system holds it. Package
// row says which canonical text a value of each kind has.
type Kind string

// The kinds. Other is a type without a counterpart elsewhere: its values pass as
// the text that its server writes and reads.
const (
	Bool        Kind = "bool"
	Int         Kind = "int" // Bits 8, 16, 24, 32, 64; Unsigned
	Decimal     Kind = "decimal"
	Float       Kind = "float" // Bits 32, 64
	Char        Kind = "char"  // Length characters, padded: trailing spaces have no meaning
	Varchar     Kind = "varchar"
	Text        Kind = "text"
	Binary      Kind = "binary" // Length bytes, fixed
	Varbinary   Kind = "varbinary"
	Blob        Kind = "blob"
	Date        Kind = "date"
	Time        Kind = "time" // of day, without zone; MySQL's also spans -838 to 838 hours
	TimeTZ      Kind = "timetz"
	Timestamp   Kind = "timestamp"   // without zone (MySQL DATETIME)
	TimestampTZ Kind = "timestamptz" // an instant (MySQL TIMESTAMP)
	Interval    Kind = "interval"
	Year        Kind = "year"
	UUID        Kind = "uuid"
	JSON        Kind = "json"  // text kept as written, where the system does
	JSONB       Kind = "jsonb" // parsed
	XML         Kind = "xml"
	EnumKind    Kind = "enum" // Values, and Name where the system names it
	Set         Kind = "set"  // Values
	Bit         Kind = "bit"  // Length bits, fixed
	VarBit      Kind = "varbit"
	Array       Kind = "array" // Elem
	Geometry    Kind = "geometry"
	Other       Kind = "other"
)

// Type is a column's type: what it means (Kind and its parameters) and, where a
// server said it or a provider made it, the words for it (Native).
type Type struct {
	Kind      Kind     `json:"kind"`
	Bits      int      `json:"bits,omitempty"`
	Unsigned  bool     `json:"unsigned,omitempty"`
	Length    int      `json:"length,omitempty"`    // characters, bytes or bits; 0: no limit said
	Precision int      `json:"precision,omitempty"` // Decimal: digits, 0 no limit. Time kinds: fractional digits plus one (1 is 0 digits, 7 is 6), 0 the system's default
	Scale     int      `json:"scale,omitempty"`     // Decimal: digits after the point, may be negative in PostgreSQL 15
	Elem      *Type    `json:"elem,omitempty"`
	Values    []string `json:"values,omitempty"`
	Name      Name     `json:"name,omitzero"`    // of a named type: enum, domain, composite
	Domain    bool     `json:"domain,omitempty"` // Name is a domain, the other fields its base

	// Native is the type in the words of System, in that server's own normal form
	// ("character varying(20)", "bigint unsigned", "VARCHAR(20)"): what DDL says and
	// what two types of one system are compared by. Empty for a type that was only
	// described.
	Native string `json:"native,omitempty"`
	System System `json:"system,omitempty"`

	// Origin is set for a type of kind Other in a system that keeps the text of another
	// system's type and remembers which (SQLite): the words of OriginSystem for it, so
	// that the way back gives the same type.
	Origin       string `json:"origin,omitempty"`
	OriginSystem System `json:"origin_system,omitempty"`
}

// FractionalDigits gives the digits after the second that a time kind keeps, and
// def where the type does not say.
func (t Type) FractionalDigits(def int) int {
	if t.Precision == 0 {
		return def
	}
	return t.Precision - 1
}

// IsBinary reports whether the kind's canonical form is raw bytes, not text.
func (t Type) IsBinary() bool {
	switch t.Kind {
	case Binary, Varbinary, Blob, Geometry:
		return true
	}
	return false
}

// IsText reports whether the kind holds characters that a collation orders.
func (t Type) IsText() bool {
	switch t.Kind {
	case Char, Varchar, Text, EnumKind, Set:
		return true
	}
	return false
}

// Equal reports whether two types are the same: of one system, by their words;
// else by their meaning.
func (t Type) Equal(o Type) bool {
	if t.Native != "" && o.Native != "" && t.System == o.System {
		return t.Native == o.Native && slices.Equal(t.Values, o.Values)
	}
	return t.SameMeaning(o)
}

// SameMeaning compares all but the words and the name.
func (t Type) SameMeaning(o Type) bool {
	if t.Kind != o.Kind || t.Bits != o.Bits || t.Unsigned != o.Unsigned || t.Length != o.Length ||
		t.Precision != o.Precision || t.Scale != o.Scale || !slices.Equal(t.Values, o.Values) {
		return false
	}
	if t.Elem == nil || o.Elem == nil {
		return t.Elem == o.Elem
	}
	return t.Elem.SameMeaning(*o.Elem)
}

// String gives the words where there are any, else the kind.
func (t Type) String() string {
	if t.Native != "" {
		return t.Native
	}
	return string(t.Kind)
}
