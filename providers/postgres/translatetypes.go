package postgres

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/syncform/syncform/providers/schema"
)

// columnType says a column's type in PostgreSQL's words.
func (tr *translation) columnType(s schema.Column) (schema.Type, error) {
	if isUnsigned64(s.Type) && tr.numbersItself(s.Name, tr.source, 0) {
		// The server numbers bigint only; what refers to such a key has its type.
		return parseType("bigint")
	}
	return translateType(s.Type, tr.from.System)
}

func isUnsigned64(t schema.Type) bool { return t.Kind == schema.Int && t.Unsigned && t.Bits == 64 }

// numbersItself reports whether a column is numbered by the server, or refers by
// foreign keys to one that is.
func (tr *translation) numbersItself(column string, t schema.Table, depth int) bool {
	c := t.Column(column)
	if c == nil || depth > 16 {
		return false
	}
	if c.Identity != nil {
		return true
	}
	for _, k := range t.ForeignKeys {
		for i, name := range k.Columns {
			if name != column || i >= len(k.RefColumns) {
				continue
			}
			if ref := tr.from.Table(k.RefTable); ref != nil && tr.numbersItself(k.RefColumns[i], *ref, depth+1) {
				return true
			}
		}
	}
	return false
}

// translateType says a type of another system in PostgreSQL's words.
//
// An int that is unsigned takes the next wider type, bigint unsigned numeric(20).
// MySQL's TIME is time: a value outside of a day is refused when it comes, not bent.
// Its ENUM is varchar with a check, which can be a key and goes back as it came; SET
// is varchar, its labels joined. A JSON document that the source keeps parsed is jsonb:
// its key order and duplicates have no meaning there either; one kept as text is json,
// which keeps them.
func translateType(t schema.Type, from schema.System) (schema.Type, error) {
	native, err := nativeFor(t, from)
	if err != nil {
		return schema.Type{}, err
	}
	return parseType(native)
}

func nativeFor(t schema.Type, from schema.System) (string, error) {
	withFraction := func(word, rest string) string {
		switch {
		case t.Precision > 0:
			return fmt.Sprintf("%s(%d)%s", word, min(t.FractionalDigits(6), 6), rest)
		case from == schema.MySQL || from == schema.MariaDB:
			return word + "(0)" + rest
		}
		return word + rest
	}
	withLength := func(word string) string {
		switch {
		case t.Length > 10485760:
			return "text"
		case t.Length > 0:
			return fmt.Sprintf("%s(%d)", word, t.Length)
		}
		return word
	}
	switch t.Kind {
	case schema.Bool:
		return "boolean", nil
	case schema.Int:
		return integerFor(t), nil
	case schema.Year:
		return "smallint", nil
	case schema.Decimal:
		if t.Precision == 0 || t.Precision > 1000 {
			return "numeric", nil
		}
		return fmt.Sprintf("numeric(%d,%d)", t.Precision, t.Scale), nil
	case schema.Float:
		if t.Bits == 32 {
			return "real", nil
		}
		return "double precision", nil
	case schema.Char:
		if t.Length == 0 {
			return "character varying", nil
		}
		return withLength("character"), nil
	case schema.Varchar:
		return withLength("character varying"), nil
	case schema.Text:
		return "text", nil
	case schema.Binary, schema.Varbinary, schema.Blob, schema.Geometry:
		return "bytea", nil
	case schema.Date:
		return "date", nil
	case schema.Time:
		return withFraction("time", " without time zone"), nil
	case schema.TimeTZ:
		return withFraction("time", " with time zone"), nil
	case schema.Timestamp:
		return withFraction("timestamp", " without time zone"), nil
	case schema.TimestampTZ:
		return withFraction("timestamp", " with time zone"), nil
	case schema.Interval, schema.UUID, schema.JSON, schema.JSONB, schema.XML:
		return string(t.Kind), nil
	case schema.EnumKind:
		longest := 1
		for _, v := range t.Values {
			longest = max(longest, utf8.RuneCountInString(v))
		}
		return fmt.Sprintf("character varying(%d)", longest), nil
	case schema.Set:
		total := max(len(t.Values)-1, 1)
		for _, v := range t.Values {
			total += utf8.RuneCountInString(v)
		}
		return fmt.Sprintf("character varying(%d)", total), nil
	case schema.Bit:
		return fmt.Sprintf("bit(%d)", max(t.Length, 1)), nil
	case schema.VarBit:
		return withLength("bit varying"), nil
	case schema.Array:
		if t.Elem != nil {
			e, err := nativeFor(*t.Elem, from)
			return e + "[]", err
		}
	case schema.Other:
		if t.OriginSystem == schema.PostgreSQL { // kept as its text by a system between
			if o, err := parseType(t.Origin); err == nil && o.Name == (schema.Name{}) {
				return o.Native, nil
			}
		}
		if n, ok := otherFor[strings.ToLower(t.Native)]; ok {
			return n, nil
		}
		return "text", nil
	}
	return "", fmt.Errorf("the type %s has no counterpart in PostgreSQL: leave the column out, or give it a type with column { type = ... }", t)
}

// otherFor are types of other systems that PostgreSQL has by another name.
var otherFor = map[string]string{"inet4": "inet", "inet6": "inet"}

func integerFor(t schema.Type) string {
	bits := t.Bits
	if t.Unsigned {
		bits++
	}
	switch {
	case bits == 0 || bits > 32 && bits <= 64:
		return "bigint"
	case bits <= 16:
		return "smallint"
	case bits <= 32:
		return "integer"
	}
	return "numeric(20,0)"
}
