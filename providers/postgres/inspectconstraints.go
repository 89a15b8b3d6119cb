package postgres

import (
	"slices"
	"strconv"
	"strings"

	"github.com/syncform/syncform/providers/schema"
)

type constraintRow struct {
	oid, name, kind, rel, typ, index, key string
	onDelete, onUpdate, match             string
	deferrable, deferred, valid           bool
	noInherit                             bool
	expr, setKey                          string
	enforced                              bool
	refTable                              schema.Name
	refColumns                            string // an array literal of names
	period                                bool
	given                                 bool // by the table that this one is a part of, or inherits from
}

type indexRow struct {
	oid, name, rel, method            string
	unique, valid                     bool
	keys                              int
	key, collations, classes, options string
	where, exprs, storage             string
	nullsNotDistinct                  bool
	classOptions, tablespace          string
	given, identity, clustered        bool
}

// actions are pg_constraint's letters.
var actions = map[string]string{"a": "", "r": "RESTRICT", "c": "CASCADE", "n": "SET NULL", "d": "SET DEFAULT"}

// buildConstraints hands constraints to their tables and domains. A NOT NULL that was
// not validated promises nothing of the rows that are there: its column counts as
// nullable, with a mark among its options.
func (r *catalogue) buildConstraints() {
	for i := range r.constraints {
		k := &r.constraints[i]
		if k.typ != "0" && k.typ != "" {
			if t := r.typeByOID[k.typ]; t != nil {
				t.checks = append(t.checks, r.check(k))
			}
			continue
		}
		rel := r.relations[k.rel]
		if rel == nil {
			continue
		}
		t := &rel.table
		if k.given && rel.isPartition {
			t = &rel.given
		}
		switch k.kind {
		case "p":
			key := r.key(k, rel)
			t.PrimaryKey = &key
		case "u":
			t.Uniques = append(t.Uniques, r.key(k, rel))
		case "f":
			t.ForeignKeys = append(t.ForeignKeys, r.foreignKey(k, rel))
		case "c":
			t.Checks = append(t.Checks, r.check(k))
		case "x":
			t.Exclusions = append(t.Exclusions, schema.Exclusion{Name: k.name, Definition: k.expr, Comment: r.constraintComment(k)})
		case "n":
			t.Columns = slices.Clone(t.Columns) // they may be shared
			for _, name := range rel.names(k.key) {
				if col := t.Column(name); col != nil {
					col.Nullable = true
					col.Options = overOptions(col.Options, map[string]string{"not_null": "not valid"})
				}
			}
		}
	}
}

func (r *catalogue) constraintComment(k *constraintRow) string {
	return r.comments[commentKey{"pg_constraint", k.oid, "0"}]
}

func (r *catalogue) check(k *constraintRow) schema.Check {
	return schema.Check{Name: k.name, Expr: k.expr, NoInherit: k.noInherit, NotValid: !k.valid && k.enforced, NotEnforced: !k.enforced, Comment: r.constraintComment(k)}
}

func (r *catalogue) key(k *constraintRow, rel *relation) schema.Key {
	key := schema.Key{Name: k.name, WithoutOverlaps: k.period, Deferrable: k.deferrable, Deferred: k.deferred, Comment: r.constraintComment(k)}
	for _, name := range rel.names(k.key) {
		key.Parts = append(key.Parts, schema.KeyPart{Column: name})
	}
	return key
}

func (r *catalogue) foreignKey(k *constraintRow, rel *relation) schema.ForeignKey {
	f := schema.ForeignKey{Name: k.name, Columns: rel.names(k.key), RefTable: k.refTable, RefColumns: parseArray(k.refColumns),
		OnDelete: actions[k.onDelete], OnUpdate: actions[k.onUpdate], Deferrable: k.deferrable, Deferred: k.deferred, NotValid: !k.valid && k.enforced, NotEnforced: !k.enforced, Period: k.period, Comment: r.constraintComment(k)}
	if k.setKey != "" {
		f.SetColumns = rel.names(k.setKey)
	}
	if k.match == "f" {
		f.Match = "FULL"
	}
	return f
}

// names resolves an array of column numbers: {1,3}.
func (rel *relation) names(array string) []string {
	nums := strings.Split(strings.Trim(array, "{}"), ",")
	names := make([]string, 0, len(nums))
	for _, n := range nums {
		if num, err := strconv.Atoi(n); err == nil && num > 0 && num < len(rel.columns) {
			names = append(names, rel.columns[num])
		}
	}
	return names
}

// parseArray reads a one-dimensional array of text.
func parseArray(literal string) []string {
	if len(literal) < 2 {
		return nil
	}
	var items []string
	var b strings.Builder
	quoted := false
	in := literal[1 : len(literal)-1]
	if in == "" {
		return nil
	}
	for i := 0; i < len(in); i++ {
		switch c := in[i]; {
		case c == '\\' && quoted && i+1 < len(in):
			i++
			b.WriteByte(in[i])
		case c == '"':
			quoted = !quoted
		case c == ',' && !quoted:
			items = append(items, b.String())
			b.Reset()
		default:
			b.WriteByte(c)
		}
	}
	return append(items, b.String())
}

// buildIndexes hands indexes to their tables; those behind a constraint only add to it.
func (r *catalogue) buildIndexes() {
	owners := map[string]*constraintRow{}
	for i := range r.constraints {
		if k := &r.constraints[i]; k.kind == "p" || k.kind == "u" || k.kind == "x" {
			owners[k.index] = k
		}
	}
	for i := range r.indexes {
		row := &r.indexes[i]
		rel := r.relations[row.rel]
		if rel == nil {
			continue
		}
		if row.identity {
			rel.table.Marks.ReplicaIdentity = "index " + row.name
		}
		if row.clustered {
			rel.table.Marks.ClusterOn = row.name
		}
		if k := owners[row.oid]; k != nil {
			r.addToKey(rel, k, row)
			continue
		}
		if row.given && rel.isPartition {
			rel.given.Indexes = append(rel.given.Indexes, r.index(row, rel))
			continue
		}
		rel.table.Indexes = append(rel.table.Indexes, r.index(row, rel))
	}
}

// addToKey gives a constraint what only its index knows.
func (r *catalogue) addToKey(rel *relation, k *constraintRow, row *indexRow) {
	t := &rel.table
	if k.given && rel.isPartition {
		t = &rel.given
	}
	key := t.PrimaryKey
	if k.kind == "u" {
		for i := range t.Uniques {
			if t.Uniques[i].Name == k.name {
				key = &t.Uniques[i]
			}
		}
	}
	if k.kind == "x" || key == nil {
		return
	}
	key.NullsNotDistinct = row.nullsNotDistinct
	key.Options, key.IndexComment = storageOptions(row.storage), r.comments[commentKey{"pg_class", row.oid, "0"}]
	if nums := strings.Fields(row.key); len(nums) > row.keys {
		key.Include = rel.names("{" + strings.Join(nums[row.keys:], ",") + "}")
	}
}

func (r *catalogue) index(row *indexRow, rel *relation) schema.Index {
	x := schema.Index{Name: row.name, Unique: row.unique, Where: row.where, NullsNotDistinct: row.nullsNotDistinct, Invalid: !row.valid,
		Options: storageOptions(row.storage), Comment: r.comments[commentKey{"pg_class", row.oid, "0"}]}
	if row.method != "btree" {
		x.Method = row.method
	}
	if row.tablespace != "" {
		if x.Options == nil {
			x.Options = map[string]string{}
		}
		x.Options["tablespace"] = row.tablespace
	}
	nums, colls, classes, options := strings.Fields(row.key), strings.Fields(row.collations), strings.Fields(row.classes), strings.Fields(row.options)
	exprs := strings.Split(row.exprs, listSep)
	classOptions := map[string]string{}
	for _, o := range strings.Split(row.classOptions, listSep) {
		if num, opts, ok := strings.Cut(o, ":"); ok {
			classOptions[num] = opts
		}
	}
	for i, text := range nums {
		num, err := strconv.Atoi(text)
		if err != nil {
			continue
		}
		if i >= row.keys {
			x.Include = append(x.Include, rel.columns[num])
			continue
		}
		var p schema.KeyPart
		columnCollation := defaultCollation
		if num != 0 {
			p.Column, columnCollation = rel.columns[num], rel.colls[num]
		} else if len(exprs) > 0 {
			p.Expr, exprs = withoutParens(exprs[0]), exprs[1:]
		}
		if i < len(colls) && colls[i] != noCollation && colls[i] != columnCollation {
			p.Collation = r.collationName(colls[i])
		}
		if i < len(classes) {
			p.OpClass = r.opClass(classes[i], classOptions[strconv.Itoa(i+1)])
		}
		if i < len(options) {
			p.Desc, p.NullsFirst = direction(options[i])
		}
		x.Parts = append(x.Parts, p)
	}
	return x
}

// withoutParens takes off the parentheses that pg_get_indexdef puts around what is
// not a function call.
func withoutParens(expr string) string {
	if strings.HasPrefix(expr, "(") && strings.HasSuffix(expr, ")") {
		return expr[1 : len(expr)-1]
	}
	return expr
}

func (r *catalogue) opClass(oid, options string) string {
	c, ok := r.opclasses[oid]
	if !ok || c.isDefault && options == "" {
		return ""
	}
	name := quoteNameIfNeeded(c.name)
	if c.name.Schema == "pg_catalog" {
		name = quoteIfNeeded(c.name.Name)
	}
	if options != "" {
		name += " (" + options + ")"
	}
	return name
}

// direction reads indoption: bit 0 is DESC, bit 1 NULLS FIRST, which is DESC's default.
func direction(option string) (desc bool, nullsFirst *bool) {
	n := int(number(option))
	desc = n&1 != 0
	if first := n&2 != 0; first != desc {
		nullsFirst = &first
	}
	return desc, nullsFirst
}
