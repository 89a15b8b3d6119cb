package postgres

import (
	"slices"
	"strings"

	"github.com/syncform/syncform/providers/schema"
)

type userTypeRow struct {
	oid, native              string
	name                     schema.Name
	kind                     string // e, d, r
	base                     string
	notNull                  bool
	def                      string
	hasDefault               bool
	collation, baseCollation string
	ofExtension              bool
	labels                   []string
	checks                   []schema.Check
}

type sequenceRow struct {
	oid                                    string
	name                                   schema.Name
	typ, start, increment, min, max, cache string
	cycle, unlogged                        bool
	ownerRel, ownerNum, how                string
	ownerTable                             schema.Name
	ownerColumn                            string
}

// typeOf reads a type as format_type wrote it, user types by what the catalogue says.
func (r *catalogue) typeOf(native string) schema.Type {
	if t, ok := r.typeCache[native]; ok {
		return t
	}
	t := r.readType(native)
	r.typeCache[native] = t
	return t
}

func (r *catalogue) readType(native string) schema.Type {
	if elem, ok := strings.CutSuffix(native, "[]"); ok {
		e := r.typeOf(elem)
		return schema.Type{Kind: schema.Array, Elem: &e, Native: native, System: schema.PostgreSQL}
	}
	if u := r.userTypes[native]; u != nil {
		switch u.kind {
		case "e":
			return schema.Type{Kind: schema.EnumKind, Values: u.labels, Name: u.name, Native: native, System: schema.PostgreSQL}
		case "d":
			t := r.typeOf(u.base)
			t.Domain, t.Name, t.Native = true, u.name, native
			return t
		}
	}
	t, err := parseType(native)
	if err != nil {
		t = schema.Type{Kind: schema.Other}
	}
	t.Native, t.System = native, schema.PostgreSQL
	return t
}

// buildTypes adds enums and domains; those of extensions come with the extension.
func (r *catalogue) buildTypes(db *schema.Database) {
	for _, u := range r.userTypes {
		if u.ofExtension {
			continue
		}
		comment := r.comments[commentKey{"pg_type", u.oid, "0"}]
		switch u.kind {
		case "e":
			db.Enums = append(db.Enums, schema.Enum{Name: u.name, Labels: u.labels, Comment: comment})
		case "d":
			d := schema.Domain{Name: u.name, Base: r.typeOf(u.base), NotNull: u.notNull, Checks: u.checks, Comment: comment}
			if u.hasDefault {
				d.Default = decodeDefault(d.Base, u.def)
			}
			if u.collation != u.baseCollation {
				d.Collation = r.collationName(u.collation)
			}
			slices.SortFunc(d.Checks, func(a, b schema.Check) int { return strings.Compare(a.Name, b.Name) })
			db.Domains = append(db.Domains, d)
		case "r":
			if r.scope.tables == nil {
				db.Others = append(db.Others, schema.Object{Kind: "range type", Name: u.name})
			}
		}
	}
	slices.SortFunc(db.Enums, func(a, b schema.Enum) int { return a.Name.Compare(b.Name) })
	slices.SortFunc(db.Domains, func(a, b schema.Domain) int { return a.Name.Compare(b.Name) })
}

// buildSequences adds the sequences that no identity column owns.
func (r *catalogue) buildSequences(db *schema.Database) {
	for _, s := range r.sequences {
		if s.how == "i" {
			continue
		}
		q := schema.Sequence{Name: s.name, Type: s.typ, Cycle: s.cycle, Unlogged: s.unlogged, Comment: r.comments[commentKey{"pg_class", s.oid, "0"}]}
		q.Start, q.Increment, q.Min, q.Max, q.Cache = s.options()
		if q.Type == "bigint" {
			q.Type = ""
		}
		if s.how == "a" {
			q.OwnerTable, q.OwnerColumn = s.ownerTable, s.ownerColumn
		}
		db.Sequences = append(db.Sequences, q)
	}
	slices.SortFunc(db.Sequences, func(a, b schema.Sequence) int { return a.Name.Compare(b.Name) })
}

// bounds of the types that a sequence may have.
var sequenceBounds = map[string][2]string{
	"smallint": {"-32768", "32767"},
	"integer":  {"-2147483648", "2147483647"},
	"bigint":   {"-9223372036854775808", "9223372036854775807"},
}

// options gives what is not the default, "" for what is.
func (s *sequenceRow) options() (start, increment, lowest, highest, cache string) {
	defMin, defMax, defStart := "1", sequenceBounds[s.typ][1], s.min
	if strings.HasPrefix(s.increment, "-") {
		defMin, defMax, defStart = sequenceBounds[s.typ][0], "-1", s.max
	}
	unless := func(v, def string) string {
		if v == def {
			return ""
		}
		return v
	}
	return unless(s.start, defStart), unless(s.increment, "1"), unless(s.min, defMin), unless(s.max, defMax), unless(s.cache, "1")
}

func (s *sequenceRow) identity(id *schema.Identity) {
	id.Start, id.Increment, id.Min, id.Max, id.Cache = s.options()
	id.Cycle = s.cycle
}
