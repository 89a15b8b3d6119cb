package schema

import (
	"maps"
	"slices"
)

// IdenticalColumns reports whether two lists of columns are the same to the last field,
// so that one can stand for the other.
func IdenticalColumns(a, b []Column) bool {
	return slices.EqualFunc(a, b, func(x, y Column) bool { return x.identical(&y) })
}

func (c *Column) identical(o *Column) bool {
	return c.Name == o.Name && c.Nullable == o.Nullable && c.OnUpdate == o.OnUpdate && c.Charset == o.Charset && c.Collation == o.Collation &&
		c.Comment == o.Comment && c.Invisible == o.Invisible && c.Type.identical(&o.Type) &&
		samePointee(c.Default, o.Default) && samePointee(c.Generated, o.Generated) && samePointee(c.Identity, o.Identity) && maps.Equal(c.Options, o.Options)
}

func (t *Type) identical(o *Type) bool {
	if t.Elem != nil && o.Elem != nil && !t.Elem.identical(o.Elem) || (t.Elem == nil) != (o.Elem == nil) {
		return false
	}
	return t.Kind == o.Kind && t.Bits == o.Bits && t.Unsigned == o.Unsigned && t.Length == o.Length && t.Precision == o.Precision && t.Scale == o.Scale &&
		slices.Equal(t.Values, o.Values) && t.Name == o.Name && t.Domain == o.Domain && t.Native == o.Native && t.System == o.System &&
		t.Origin == o.Origin && t.OriginSystem == o.OriginSystem
}

func samePointee[T comparable](a, b *T) bool { return a == b || a != nil && b != nil && *a == *b }
