package postgres

import (
	"slices"
	"strings"

	"github.com/syncform/syncform/providers/schema"
)

// casts reports whether the server is known, or likely, to have a cast of its own.
func casts(from, to schema.Type) bool {
	if from.Domain || to.Domain {
		from.Domain, to.Domain = false, false
	}
	number := func(k schema.Kind) bool { return k == schema.Int || k == schema.Decimal || k == schema.Float }
	moment := func(k schema.Kind) bool { return k == schema.Date || k == schema.Timestamp || k == schema.TimestampTZ }
	hour := func(k schema.Kind) bool { return k == schema.Time || k == schema.TimeTZ || k == schema.Interval }
	document := func(k schema.Kind) bool { return k == schema.JSON || k == schema.JSONB }
	bits := func(k schema.Kind) bool { return k == schema.Bit || k == schema.VarBit }
	a, b := from.Kind, to.Kind
	switch {
	case a == schema.EnumKind || b == schema.EnumKind:
		return false
	case isCharacters(a) || isCharacters(b):
		return true
	case a == schema.Other || b == schema.Other:
		return castsOther(from, to)
	case a == b && a != schema.Array:
		return true
	case a == schema.Array && b == schema.Array && from.Elem != nil && to.Elem != nil:
		return casts(*from.Elem, *to.Elem)
	case a == schema.Bool || b == schema.Bool:
		return from.Kind == schema.Int && from.Bits == 32 || to.Kind == schema.Int && to.Bits == 32
	case number(a) && number(b), moment(a) && moment(b), document(a) && document(b), bits(a) && bits(b):
		return true
	case hour(b):
		return moment(a) && b == schema.Time || a == schema.TimestampTZ || hour(a) && (a != schema.Interval || b == schema.Time) && (b != schema.Interval || a == schema.Time)
	}
	return false
}

// otherCasts are the server's casts from and to types that only it has, besides those from
// and to texts.
var otherCasts = map[string][]string{
	"smallint": {"oid"}, "integer": {"money", "oid"}, "bigint": {"money", "oid"}, "numeric": {"money"}, "oid": {"bigint", "integer"}, "money": {"numeric"},
	"macaddr": {"macaddr8"}, "macaddr8": {"macaddr"}, "inet": {"cidr"}, "cidr": {"inet"}, "xid8": {"xid"},
	"point": {"box"}, "lseg": {"point"}, "path": {"polygon"}, "box": {"point", "lseg", "polygon", "circle"}, "polygon": {"point", "path", "box", "circle"}, "circle": {"point", "box", "polygon"},
	"int4range": {"int4multirange"}, "int8range": {"int8multirange"}, "numrange": {"nummultirange"}, "daterange": {"datemultirange"}, "tsrange": {"tsmultirange"}, "tstzrange": {"tstzmultirange"},
}

// castsOther is casts where a type is one that only PostgreSQL has, or somebody's own.
func castsOther(from, to schema.Type) bool {
	if from.Name.Name != "" || to.Name.Name != "" {
		// An extension's own casts are not known; between its types and plain ones there are few.
		return !isScalar(from) && !isScalar(to)
	}
	base := func(t schema.Type) string {
		name, _, _ := strings.Cut(t.Native, "(")
		return name
	}
	a, b := base(from), base(to)
	return a == b || a == "name" || b == "name" || strings.HasPrefix(a, "reg") || strings.HasPrefix(b, "reg") || slices.Contains(otherCasts[a], b)
}

func isScalar(t schema.Type) bool {
	switch t.Kind {
	case schema.Bool, schema.Int, schema.Decimal, schema.Float, schema.Date, schema.Time, schema.TimeTZ, schema.Timestamp, schema.TimestampTZ, schema.Interval, schema.UUID, schema.Bit, schema.VarBit, schema.XML:
		return true
	}
	return false
}
