package expr

import (
	"fmt"

	"github.com/syncform/syncform/providers/schema"
)

// describeType says a type to people, in words of the dialect.
func describeType(t schema.Type) string {
	switch t.Kind {
	case schema.Int:
		name := map[int]string{8: "tinyint", 16: "smallint", 24: "mediumint", 32: "int"}[t.Bits]
		if name == "" {
			name = "bigint"
		}
		if t.Unsigned {
			name += " unsigned"
		}
		return name
	case schema.Float:
		if t.Bits == 32 {
			return "float"
		}
		return "double"
	case schema.Decimal:
		if t.Precision == 0 {
			return "decimal"
		}
		return fmt.Sprintf("decimal(%d,%d)", t.Precision, t.Scale)
	case schema.Char, schema.Varchar, schema.Varbinary, schema.Binary:
		if t.Length > 0 {
			return fmt.Sprintf("%s(%d)", t.Kind, t.Length)
		}
	case schema.Time, schema.Timestamp, schema.TimestampTZ:
		if t.Precision > 1 {
			return fmt.Sprintf("%s(%d)", t.Kind, t.Precision-1)
		}
	case schema.Array:
		if t.Elem != nil {
			return describeType(*t.Elem) + "[]"
		}
	case schema.Other:
		return t.String()
	}
	return string(t.Kind)
}

// TypeText says a type to people.
func TypeText(t schema.Type) string { return describeType(t) }
