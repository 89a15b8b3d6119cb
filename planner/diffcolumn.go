package planner

import (
	"maps"
	"reflect"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
)

// column compares one column. What changes without any risk to values goes into one
// change, the rest into a second one that is held.
func (d *differ) column(have, want *schema.Column) {
	to := d.merge(*have, *want)
	if sameColumn(have, &to) {
		return
	}
	if have.Generated == nil && to.Generated != nil && (d.sys == schema.PostgreSQL || !to.Generated.Stored && isMySQL(d.sys)) {
		d.remake(have, &to)
		return
	}
	if d.computes && d.sys == schema.PostgreSQL && have.Generated != nil && to.Generated != nil && !d.inPlace(have, &to) {
		d.remake(have, &to)
		return
	}
	if d.computes && have.Identity != nil && to.Identity == nil && d.sys == schema.PostgreSQL {
		// Its sequence goes first, for another one may take over its name.
		plain := *have
		plain.Identity = nil
		d.add(difference{change: schema.ModifyColumn{In: d.have.Name, From: *have, To: plain}, column: to.Name, early: true, reason: whyOther})
		if sameColumn(&plain, &to) {
			return
		}
		have = &plain
	}
	safe, kind := to, schema.NotNarrow
	var hazards []providers.Hazard
	risk := func(code string, format string, args ...any) {
		hazards = append(hazards, hazard(code, format, args...))
	}
	if !sameType(have.Type, to.Type) {
		kind = d.compareTypes(have.Type, to.Type)
		switch kind {
		case schema.Widens, schema.NotNarrow:
		case schema.Narrows:
			risk(hazardNarrow, "%s -> %s: values that fit today may not fit afterwards", have.Type, to.Type)
			safe.Type, safe.Default, safe.Identity = have.Type, have.Default, have.Identity
			safe.Charset, safe.Collation = have.Charset, have.Collation
			safe.Options = ofType(have.Options, to.Options)
		default:
			risk(hazardRetype, "%s -> %s: every value is rewritten, and some may not have a counterpart", have.Type, to.Type)
			safe.Type, safe.Default, safe.Identity = have.Type, have.Default, have.Identity
			safe.Charset, safe.Collation = have.Charset, have.Collation
			safe.Options = ofType(have.Options, to.Options)
		}
	}
	if have.Nullable && !to.Nullable {
		risk(hazardNotNull, "NOT NULL: fails while any row holds NULL")
		safe.Nullable = true
		if have.Identity == nil {
			safe.Identity = nil // only a column that is never null can be numbered
		}
	}
	if !reflect.DeepEqual(have.Generated, to.Generated) {
		risk(hazardGenerated, "another computation of the column: every value is rewritten")
		safe = *have // all of it at once: the server may make the column anew for it
		safe.Name = to.Name
	}
	if !sameColumn(have, &safe) {
		d.safeColumn(have, safe, kind)
	}
	if len(hazards) == 0 {
		return
	}
	narrowing := kind
	if safe.Type.Equal(to.Type) {
		narrowing = schema.NotNarrow
	}
	d.add(difference{
		change: schema.ModifyColumn{In: d.have.Name, From: safe, To: to, Type: narrowing}, column: to.Name,
		hazards: hazards, risky: true, reason: "the source has it so",
		afterRows: narrowing == schema.NotNarrow && reflect.DeepEqual(safe.Generated, to.Generated),
		other:     narrowing != schema.NotNarrow || !reflect.DeepEqual(safe.Generated, to.Generated),
	})
}

// ofType is options of a column whose type stays for now: how its values are stored is the type's.
func ofType(have, want map[string]string) map[string]string {
	out := maps.Clone(want)
	for _, k := range []string{"storage", "compression"} {
		delete(out, k)
		if v, ok := have[k]; ok {
			out = overlay(out, map[string]string{k: v})
		}
	}
	return out
}

// inPlace reports whether a computed column can be changed and keep its place.
func (d *differ) inPlace(have, to *schema.Column) bool {
	same := sameType(have.Type, to.Type) && have.Collation == to.Collation
	if d.expr(have.Generated.Expr, to.Generated.Expr) && have.Generated.Stored == to.Generated.Stored {
		return same
	}
	return same && have.Generated.Stored == to.Generated.Stored && d.version >= 170000
}

// remake makes a column that holds values of its own anew as a computed one.
func (d *differ) remake(have, to *schema.Column) {
	why := []providers.Hazard{hazard(hazardGenerated, "another computation of column %s: the values that it holds go%s", to.Name, about(d.have.Rows))}
	d.add(
		difference{change: schema.DropColumn{In: d.have.Name, Column: *have}, column: to.Name, hazards: why, risky: true, reason: whyOther, early: true},
		difference{change: schema.AddColumn{In: d.have.Name, Column: *to}, column: to.Name, hazards: why, risky: true, reason: whyOther})
}

// compareTypes says what a change of type does; arrays change as their elements do.
func (d *differ) compareTypes(from, to schema.Type) schema.Narrowing {
	if from.Kind == schema.Array && to.Kind == schema.Array && from.Elem != nil && to.Elem != nil {
		return d.compareTypes(*from.Elem, *to.Elem)
	}
	return d.compare(from, to)
}

// safeColumn adds the part of a column's change that every value survives.
func (d *differ) safeColumn(have *schema.Column, safe schema.Column, kind schema.Narrowing) {
	x := difference{change: schema.ModifyColumn{In: d.have.Name, From: *have, To: safe}, column: safe.Name, reason: "the source has it so"}
	if !sameType(have.Type, safe.Type) {
		x.change = schema.ModifyColumn{In: d.have.Name, From: *have, To: safe, Type: kind}
		x.info = "safe: " + schema.SafeChange(have.Type, safe.Type)
		if d.have.Rows != 0 && rewrites(d.sys, have.Type, safe.Type) {
			x.hazards = []providers.Hazard{hazard(hazardRewrite, "%s -> %s: the server rewrites the table%s, and nobody writes to it meanwhile", have.Type, safe.Type, about(d.have.Rows))}
		}
	}
	d.add(x)
}

// merge is the wanted column with what nobody asked for as it is.
func (d *differ) merge(have, want schema.Column) schema.Column {
	to := want
	to.Name = have.Name
	if to.Comment == "" && !d.exact {
		to.Comment = have.Comment
	}
	switch {
	case d.sys != schema.PostgreSQL:
		to.Options = have.Options
	case !d.exact:
		to.Options = overlay(have.Options, want.Options)
	}
	if isMySQL(d.sys) {
		if to.Charset == "" {
			to.Charset = have.Charset
		}
		if to.Collation == "" {
			to.Collation = have.Collation
		}
	}
	if sameType(have.Type, to.Type) {
		to.Type = have.Type
	}
	if sameType(have.Type, to.Type) && (sameDefault(to.Type, have.Default, to.Default) || d.sameExpressions(have.Default, to.Default)) {
		to.Default = have.Default
	}
	if have.Identity != nil && to.Identity != nil && !d.exact {
		id := *to.Identity
		for _, f := range []struct{ to, have *string }{
			{&id.Start, &have.Identity.Start}, {&id.Increment, &have.Identity.Increment},
			{&id.Min, &have.Identity.Min}, {&id.Max, &have.Identity.Max}, {&id.Cache, &have.Identity.Cache},
		} {
			if *f.to == "" {
				*f.to = *f.have
			}
		}
		to.Identity = &id
	}
	if a, b := have.Generated, to.Generated; a != nil && b != nil && a.Stored == b.Stored && d.expr(a.Expr, b.Expr) {
		to.Generated = a
	}
	if have.Generated == nil && to.Generated != nil && !d.computes {
		to.Generated = nil // a plain column here: its values are copied
	}
	return to
}

func sameColumn(a, b *schema.Column) bool {
	return a.Nullable == b.Nullable && a.Comment == b.Comment && a.Collation == b.Collation && a.Charset == b.Charset &&
		a.OnUpdate == b.OnUpdate && a.Invisible == b.Invisible &&
		sameType(a.Type, b.Type) && sameDefault(a.Type, a.Default, b.Default) &&
		samePointee(a.Identity, b.Identity) && samePointee(a.Generated, b.Generated) && maps.Equal(a.Options, b.Options)
}

func samePointee[T comparable](a, b *T) bool {
	return a == b || a != nil && b != nil && *a == *b
}

// sameExpressions reports whether two defaults are one expression, spelled in two ways.
func (d *differ) sameExpressions(a, b *schema.Default) bool {
	return a != nil && b != nil && !a.Literal && !b.Literal && d.expr(a.Text, b.Text)
}

// sameType compares types; of a named type only the name, as its own changes are
// changes of the type.
func sameType(a, b schema.Type) bool {
	if a.Name.Name != "" && b.Name.Name != "" && a.System == b.System {
		return a.Native == b.Native && a.Kind == b.Kind
	}
	return a.Equal(b)
}

// sameDefault compares defaults: literals by value, expressions by their text.
func sameDefault(t schema.Type, a, b *schema.Default) bool {
	if a == nil || b == nil {
		return a == b
	}
	if a.Literal != b.Literal {
		return false
	}
	if a.Text == b.Text || !a.Literal {
		return a.Text == b.Text
	}
	return string(row.Normal(nil, t, []byte(a.Text))) == string(row.Normal(nil, t, []byte(b.Text)))
}

// rewrites reports whether a server is known to rewrite the table for a change of type
// that keeps every value.
func rewrites(sys schema.System, from, to schema.Type) bool {
	stretch := from.Kind == schema.Varchar && (to.Kind == schema.Varchar || to.Kind == schema.Text)
	switch sys {
	case schema.PostgreSQL:
		return !stretch && !(from.Kind == schema.Decimal && to.Kind == schema.Decimal && from.Scale == to.Scale) &&
			!(from.Kind == schema.VarBit && to.Kind == schema.VarBit)
	case schema.SQLite:
		return true
	}
	// MySQL stretches a varchar in place up to 255 bytes and, in its own class, beyond;
	// appending labels to an enum is free.
	return from.Kind != schema.EnumKind && from.Kind != schema.Set && !(stretch && to.Kind == schema.Varchar && (from.Length >= 256) == (to.Length >= 256))
}
