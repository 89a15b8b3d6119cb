package mysql

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/syncform/syncform/providers/schema"
)

// ParseType reads a type as a user writes it and gives it as the server would spell
// it. charset and collation are not part of a type; "serial" is refused, as it says
// more than a type.
func (c *Conn) ParseType(text string) (schema.Type, error) {
	t := newTokens(text)
	ty := c.server.readType(t)
	if t.err == nil && !t.end() {
		t.fail(fmt.Sprintf("%q does not belong to a type", t.cur.text))
	}
	if t.err != nil {
		return schema.Type{}, fmt.Errorf("type %q: %w", text, t.err)
	}
	return ty, nil
}

// aliases gives the name that the servers print for other spellings.
var aliases = map[string]string{
	"bool": "tinyint(1)", "boolean": "tinyint(1)", "int1": "tinyint", "int2": "smallint", "int3": "mediumint", "middleint": "mediumint",
	"int4": "int", "integer": "int", "int8": "bigint", "dec": "decimal", "numeric": "decimal", "fixed": "decimal",
	"real": "double", "float8": "double", "float4": "float", "character": "char", "nchar": "char", "nvarchar": "varchar", "long": "mediumtext",
	"char byte": "binary", "geomcollection": "geometrycollection",
}

// readType reads a type, its aliases resolved, up to the first word that does not
// belong to it.
func (s *server) readType(t *tokens) schema.Type {
	name := strings.ToLower(t.name())
	switch {
	case name == "double" && t.accept("precision"), name == "real" && t.accept("precision"):
		name = "double"
	case name == "character" && t.accept("varying"), name == "char" && t.accept("varying"), name == "national" && t.accept("varchar"):
		name = "varchar"
	case name == "national" && (t.accept("char") || t.accept("character")):
		name = "char"
		if t.accept("varying") {
			name = "varchar"
		}
	case name == "long" && t.accept("varbinary"):
		name = "mediumblob"
	case name == "long" && t.accept("varchar"):
	}
	if a, ok := aliases[name]; ok {
		if a == "tinyint(1)" {
			return s.typeOf("tinyint", []string{"1"}, nil, false, false, "")
		}
		name = a
	}
	if !knownTypes[name] {
		t.fail(fmt.Sprintf("unknown type %q", name))
		return schema.Type{}
	}
	if name == "geometrycollection" && !s.mariadb() {
		name = "geomcollection"
	}
	var args, labels []string
	if t.cur.is("(") {
		for t.next(); !t.end() && !t.cur.is(")"); t.accept(",") {
			switch t.cur.kind {
			case stringToken:
				labels = append(labels, t.next().text)
			case numberToken:
				args = append(args, t.next().text)
			default:
				t.fail("expected a number or a string")
			}
		}
		t.expect(")")
	}
	var unsigned, zerofill bool
	suffix := ""
	for more := true; more; {
		switch {
		case t.accept("unsigned"):
			unsigned = true
		case t.accept("zerofill"):
			unsigned, zerofill = true, true
		case t.accept("signed"):
		case strings.HasSuffix(name, "text") || strings.HasSuffix(name, "blob") || strings.HasPrefix(name, "var"):
			if more = t.accept("compressed"); more {
				suffix = " compressed"
			}
		case t.accept("srid"):
			suffix = " srid " + t.name()
		default:
			more = false
		}
	}
	ty := s.typeOf(name, args, labels, unsigned, zerofill, suffix)
	if (name == "enum" || name == "set") && len(labels) == 0 || (name == "varchar" || name == "varbinary") && len(args) == 0 {
		t.fail(name + " needs its " + map[bool]string{true: "length", false: "labels"}[strings.HasPrefix(name, "var")])
	}
	return ty
}

// knownTypes lists every type name that one of the servers prints.
var knownTypes = map[string]bool{
	"tinyint": true, "smallint": true, "mediumint": true, "int": true, "bigint": true, "decimal": true, "float": true, "double": true, "bit": true,
	"date": true, "time": true, "datetime": true, "timestamp": true, "year": true,
	"char": true, "varchar": true, "tinytext": true, "text": true, "mediumtext": true, "longtext": true,
	"binary": true, "varbinary": true, "tinyblob": true, "blob": true, "mediumblob": true, "longblob": true,
	"enum": true, "set": true, "json": true, "vector": true, "uuid": true, "inet4": true, "inet6": true, "xmltype": true,
	"geometry": true, "point": true, "linestring": true, "polygon": true, "multipoint": true, "multilinestring": true, "multipolygon": true, "geometrycollection": true,
}

// intWidths are the display widths that MariaDB prints, signed and unsigned, with
// each integer's bits. MySQL prints them no more, but for zerofill and tinyint(1).
var intWidths = map[string]struct{ bits, signed, unsigned int }{
	"tinyint": {8, 4, 3}, "smallint": {16, 6, 5}, "mediumint": {24, 9, 8}, "int": {32, 11, 10}, "bigint": {64, 20, 20},
}

// plainInts says that the server prints integers without a display width.
func (s *server) plainInts() bool { return !s.mariadb() && s.num >= 80019 }

// typeOf builds a type from its parts; Native is as the server prints it.
func (s *server) typeOf(name string, args, labels []string, unsigned, zerofill bool, suffix string) schema.Type {
	ty := schema.Type{System: s.system}
	arg := func(i, def int) int {
		if i < len(args) {
			if n, err := strconv.Atoi(args[i]); err == nil {
				return n
			}
		}
		return def
	}
	native := name
	if w, ok := intWidths[name]; ok {
		ty.Kind, ty.Bits, ty.Unsigned = schema.Int, w.bits, unsigned
		width := arg(0, w.signed)
		if unsigned {
			width = arg(0, w.unsigned)
		}
		if name == "tinyint" && width == 1 && !unsigned && !s.tinyInts {
			ty.Kind, ty.Bits = schema.Bool, 0
		}
		if !s.plainInts() || zerofill || name == "tinyint" && width == 1 && !unsigned {
			native = fmt.Sprintf("%s(%d)", name, width)
		}
		ty.Native = native + sign(unsigned, zerofill)
		return ty
	}
	switch name {
	case "decimal":
		ty.Kind, ty.Precision, ty.Scale, ty.Unsigned = schema.Decimal, arg(0, 10), arg(1, 0), unsigned
		native = fmt.Sprintf("decimal(%d,%d)%s", ty.Precision, ty.Scale, sign(unsigned, zerofill))
	case "float", "double":
		ty.Kind, ty.Bits, ty.Unsigned = schema.Float, 64, unsigned
		if name == "float" && (len(args) != 1 || arg(0, 0) <= 24) {
			ty.Bits = 32
		}
		native = map[int]string{32: "float", 64: "double"}[ty.Bits]
		if len(args) == 2 {
			native += fmt.Sprintf("(%d,%d)", arg(0, 0), arg(1, 0))
		}
		native += sign(unsigned, zerofill)
	case "bit":
		ty.Kind, ty.Length = schema.Bit, arg(0, 1)
		native = fmt.Sprintf("bit(%d)", ty.Length)
	case "char", "binary":
		ty.Kind, ty.Length = map[string]schema.Kind{"char": schema.Char, "binary": schema.Binary}[name], arg(0, 1)
		native = fmt.Sprintf("%s(%d)", name, ty.Length)
	case "varchar", "varbinary":
		ty.Kind, ty.Length = map[string]schema.Kind{"varchar": schema.Varchar, "varbinary": schema.Varbinary}[name], arg(0, 0)
		native = fmt.Sprintf("%s(%d)%s", name, ty.Length, suffix)
	case "tinytext", "text", "mediumtext", "longtext":
		ty.Kind = schema.Text
		native += suffix
	case "tinyblob", "blob", "mediumblob", "longblob":
		ty.Kind = schema.Blob
		native += suffix
	case "vector":
		ty.Kind = schema.Blob
		if len(args) > 0 {
			native = fmt.Sprintf("vector(%d)", arg(0, 0))
		}
	case "date":
		ty.Kind = schema.Date
	case "time", "datetime", "timestamp":
		ty.Kind, ty.Precision = timeKinds[name], arg(0, 0)+1
		if ty.Precision > 1 {
			native = fmt.Sprintf("%s(%d)", name, ty.Precision-1)
		}
	case "year":
		ty.Kind = schema.Year
		if !s.plainInts() {
			native = "year(4)"
		}
	case "enum", "set":
		ty.Kind, ty.Values = map[string]schema.Kind{"enum": schema.EnumKind, "set": schema.Set}[name], trimLabels(labels)
		native = name + "(" + labelList(ty.Values) + ")"
	case "json":
		ty.Kind = schema.JSON
	case "uuid":
		ty.Kind = schema.UUID
	case "inet4", "inet6", "xmltype":
		ty.Kind = schema.Other
	default:
		ty.Kind = schema.Geometry
		native += suffix
	}
	ty.Native = native
	return ty
}

func sign(unsigned, zerofill bool) string {
	switch {
	case zerofill:
		return " unsigned zerofill"
	case unsigned:
		return " unsigned"
	}
	return ""
}

var timeKinds = map[string]schema.Kind{"time": schema.Time, "datetime": schema.Timestamp, "timestamp": schema.TimestampTZ}

// trimLabels drops the trailing spaces that the server drops from labels.
func trimLabels(labels []string) []string {
	out := make([]string, len(labels))
	for i, l := range labels {
		out[i] = strings.TrimRight(l, " ")
	}
	return out
}

// labelList writes labels as the server does.
func labelList(labels []string) string {
	quoted := make([]string, len(labels))
	for i, l := range labels {
		quoted[i] = literal(l)
	}
	return strings.Join(quoted, ",")
}
