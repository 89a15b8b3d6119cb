package schema

import "slices"

// SafeChanges names the changes of a column's type that every value survives, with
// what each is, in the order of the documentation (docs/blocks/schema_policy.md).
var SafeChanges = []struct{ Name, Text string }{
	{"tinyint_to_smallint", "an integer of 8 bits becomes one of 16"},
	{"tinyint_to_mediumint", "an integer of 8 bits becomes one of 24"},
	{"tinyint_to_int", "an integer of 8 bits becomes one of 32"},
	{"tinyint_to_bigint", "an integer of 8 bits becomes one of 64"},
	{"smallint_to_mediumint", "an integer of 16 bits becomes one of 24"},
	{"smallint_to_int", "an integer of 16 bits becomes one of 32"},
	{"smallint_to_bigint", "an integer of 16 bits becomes one of 64"},
	{"mediumint_to_int", "an integer of 24 bits becomes one of 32"},
	{"mediumint_to_bigint", "an integer of 24 bits becomes one of 64"},
	{"int_to_bigint", "an integer of 32 bits becomes one of 64"},
	{"int_to_decimal", "an integer becomes a decimal with room for all its digits"},
	{"float_to_double", "a number of single precision becomes one of double"},
	{"decimal_expand", "a decimal gets more digits and loses none"},
	{"char_to_varchar", "a text of fixed length becomes one of variable length, as long or longer"},
	{"varchar_expand", "a text may be longer, or gets no limit at all"},
	{"text_expand", "a text type of MySQL becomes a larger one"},
	{"varbinary_expand", "bytes may be longer, or get no limit at all"},
	{"bit_expand", "a varying string of bits may be longer"},
	{"time_expand", "a time or timestamp gets more digits of the second"},
	{"date_to_timestamp", "a date becomes a timestamp, at midnight"},
	{"enum_append", "an enum or set gets more labels and keeps those that it has, in their order"},
	{"json_to_jsonb", "json becomes jsonb"},
	{"other", "any other change that the system is known to make without bending a value"},
}

// SafeChange names a change of type that every value survives; the caller has asked
// the system's CompareTypes that it does. It is one of SafeChanges.
func SafeChange(from, to Type) string {
	ints := map[int]string{8: "tinyint", 16: "smallint", 24: "mediumint", 32: "int", 64: "bigint"}
	limited := func(t Type) bool { return t.Kind == Varchar || t.Kind == Char }
	switch {
	case from.Kind == Array && to.Kind == Array && from.Elem != nil && to.Elem != nil:
		return SafeChange(*from.Elem, *to.Elem)
	case from.Kind == Int && to.Kind == Int && ints[from.Bits] != "" && ints[to.Bits] != "" && from.Bits < to.Bits:
		return ints[from.Bits] + "_to_" + ints[to.Bits]
	case from.Kind == Int && to.Kind == Decimal:
		return "int_to_decimal"
	case from.Kind == Float && to.Kind == Float:
		return "float_to_double"
	case from.Kind == Decimal && to.Kind == Decimal:
		return "decimal_expand"
	case from.Kind == Char && (to.Kind == Varchar || to.Kind == Text):
		return "char_to_varchar"
	case limited(from) && (limited(to) || to.Kind == Text):
		return "varchar_expand"
	case from.Kind == Text && to.Kind == Text:
		return "text_expand"
	case from.IsBinary() && to.IsBinary():
		return "varbinary_expand"
	case from.Kind == VarBit && to.Kind == VarBit:
		return "bit_expand"
	case from.Kind == to.Kind && slices.Contains([]Kind{Time, TimeTZ, Timestamp, TimestampTZ}, from.Kind):
		return "time_expand"
	case from.Kind == Date && to.Kind == Timestamp:
		return "date_to_timestamp"
	case from.Kind == to.Kind && (from.Kind == EnumKind || from.Kind == Set):
		return "enum_append"
	case from.Kind == JSON && to.Kind == JSONB:
		return "json_to_jsonb"
	}
	return "other"
}
