package sqlite

import (
	"fmt"
	"slices"
	"strings"

	"github.com/agext/levenshtein"

	"github.com/syncform/syncform/providers/schema"
)

// exactDigits is how many decimal digits any number may have and come back from a
// 64-bit float as it was.
const exactDigits = 15

// declared gives a logical type the declaration that holds its values exactly and
// says what it is, so that it comes back as the same type. docs/providers/sqlite.md
// has the table.
func declared(t schema.Type) schema.Type {
	d := t
	d.System, d.Name, d.Domain, d.Origin, d.OriginSystem = schema.SQLite, schema.Name{}, false, "", ""
	switch t.Kind {
	case schema.Other:
		d.Origin, d.OriginSystem = t.Native, t.System
		if t.OriginSystem != "" {
			d.Origin, d.OriginSystem = t.Origin, t.OriginSystem
		}
	case schema.Array:
		if t.Elem != nil {
			elem := declared(*t.Elem)
			d.Elem = &elem
		}
	}
	d.Native = nativeOf(d)
	return d
}

func nativeOf(t schema.Type) string {
	args := func(name string, list ...int) string {
		for len(list) > 0 && list[len(list)-1] == 0 {
			list = list[:len(list)-1]
		}
		return spelling{name: name, args: list}.String()
	}
	fraction := func(name string) string {
		if t.Precision == 0 {
			return name
		}
		return fmt.Sprintf("%s(%d)", name, t.Precision-1)
	}
	switch t.Kind {
	case schema.Bool:
		return "BOOLEAN"
	case schema.Int:
		return intName(t)
	case schema.Decimal:
		switch {
		case t.Precision == 0:
			return "DECIMAL_TEXT"
		case t.Precision > exactDigits || t.Scale < 0 || t.Scale > exactDigits:
			return args("DECIMAL_TEXT", t.Precision, t.Scale)
		}
		return args("DECIMAL", t.Precision, t.Scale)
	case schema.Float:
		if t.Bits == 32 {
			return "FLOAT4"
		}
		return "DOUBLE"
	case schema.Char:
		return args("CHAR", t.Length)
	case schema.Varchar:
		return args("VARCHAR", t.Length)
	case schema.Text:
		return sized(t.Length, "TINYTEXT", "TEXT", "MEDIUMTEXT", "LONGTEXT")
	case schema.Binary:
		return args("BINARY", t.Length)
	case schema.Varbinary:
		return args("VARBINARY", t.Length)
	case schema.Blob:
		return sized(t.Length, "TINYBLOB", "BLOB", "MEDIUMBLOB", "LONGBLOB")
	case schema.Date:
		return "DATE"
	case schema.Time:
		return fraction("TIME")
	case schema.TimeTZ:
		return fraction("TIMETZ")
	case schema.Timestamp:
		return fraction("TIMESTAMP")
	case schema.TimestampTZ:
		return fraction("TIMESTAMPTZ")
	case schema.Interval:
		return fraction("INTERVAL")
	case schema.Year:
		return "YEAR"
	case schema.UUID:
		return "UUID"
	case schema.JSON:
		return "JSON_TEXT"
	case schema.JSONB:
		return "JSONB_TEXT"
	case schema.XML:
		return "XML_TEXT"
	case schema.EnumKind:
		if len(t.Values) == 0 {
			return "TEXT"
		}
		return "ENUM_TEXT"
	case schema.Set:
		return "SET_TEXT /* " + escapeNote(spelling{name: "SET_TEXT", labels: t.Values}.String()) + " */"
	case schema.Bit:
		return args("BIT_TEXT", t.Length)
	case schema.VarBit:
		return args("VARBIT_TEXT", t.Length)
	case schema.Array:
		if t.Elem == nil {
			return "TEXT"
		}
		return "ARRAY_TEXT /* " + escapeNote(elementText(*t.Elem)) + " */"
	case schema.Geometry:
		return "GEOMETRY_BLOB"
	case schema.Other:
		if t.Origin == "" {
			return "TEXT"
		}
		return "TEXT /* " + escapeNote(string(t.OriginSystem)+" "+t.Origin) + " */"
	}
	return "TEXT"
}

func intName(t schema.Type) string {
	name := "BIGINT"
	switch t.Bits {
	case 8:
		name = "TINYINT"
	case 16:
		name = "SMALLINT"
	case 24:
		name = "MEDIUMINT"
	case 32:
		name = "INT4"
	}
	if t.Unsigned {
		name += " UNSIGNED"
	}
	return name
}

// sized picks among MySQL's names by the bytes that they hold; 0 is no limit said.
func sized(length int, tiny, plain, medium, long string) string {
	switch {
	case length == 0 || length > 1<<8-1 && length <= 1<<16-1:
		return plain
	case length <= 1<<8-1:
		return tiny
	case length <= 1<<24-1:
		return medium
	}
	return long
}

// elementText is what a note says of an array's elements.
func elementText(t schema.Type) string {
	switch {
	case t.Kind == schema.EnumKind || t.Kind == schema.Set:
		return spelling{name: strings.ToUpper(string(t.Kind)) + "_TEXT", labels: t.Values}.String()
	case t.Kind == schema.Other && t.Origin != "":
		return "TEXT: " + string(t.OriginSystem) + " " + t.Origin
	case t.Kind == schema.Array || t.Kind == schema.Other:
		return "TEXT"
	}
	return t.Native
}

// rowid gives an integer type the declaration of a rowid: SQLite takes the word
// INTEGER alone for one; how wide it is, a comment says.
func rowid(t schema.Type) schema.Type {
	if t.Kind != schema.Int || strings.HasPrefix(t.Native, "INTEGER") {
		return t
	}
	if t.Bits == 64 && !t.Unsigned {
		t.Native = "INTEGER"
		return t
	}
	t.Native = "INTEGER /* " + intName(t) + " */"
	return t
}

// isRowidName reports whether a declaration can be that of a rowid.
func isRowidName(native string) bool {
	return strings.EqualFold(withoutNote(native), "INTEGER")
}

// bends reports whether the affinity of a type's name would change some of the values
// of its kind when they are stored as text.
func bends(t schema.Type) bool {
	switch t.Kind {
	case schema.Decimal:
		return affinityOf(t.Native) != affinityText && (t.Precision == 0 || t.Precision > exactDigits || t.Scale < 0 || t.Scale > exactDigits)
	case schema.Char, schema.Varchar, schema.Text, schema.JSON, schema.JSONB, schema.XML, schema.EnumKind, schema.Set, schema.Bit, schema.VarBit, schema.Other:
		a := affinityOf(t.Native)
		return a != affinityText && a != affinityNone
	}
	return false
}

// quoteLabels writes labels as a list of SQL strings.
func quoteLabels(labels []string) string {
	text := make([]string, len(labels))
	for i, l := range labels {
		text[i] = quoteText(l)
	}
	return strings.Join(text, ",")
}

// nearest finds a known name at most two letters away.
func nearest(name string) string {
	best, at := "", 3
	for _, n := range sortedWords {
		if d := levenshtein.Distance(name, n, nil); d < at {
			best, at = strings.ToLower(n), d
		}
	}
	return best
}

var sortedWords = func() []string {
	names := make([]string, 0, len(words))
	for n := range words {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}()
