package postgres

import (
	"fmt"
	"slices"
	"strings"

	"github.com/syncform/syncform/providers/ledger"
	"github.com/syncform/syncform/providers/schema"
)

// notNull proves that the new column holds no NULL, so that it can be marked at once.
func (r *retype) notNull() {
	name := made("notnull", r.c.To.Name)
	r.alter(r.c.In, "DROP CONSTRAINT IF EXISTS %s, ADD CONSTRAINT %s CHECK (%s IS NOT NULL) NOT VALID", quote(name), quote(name), r.new)
	r.validate(r.c.In, name)
	r.after = append(r.after, "ALTER TABLE "+r.table+" ALTER COLUMN "+r.old+" SET NOT NULL", "ALTER TABLE "+r.table+" DROP CONSTRAINT "+quote(name))
}

// parts gives an index's or a key's parts on the new column.
func (r *retype) parts(parts []schema.KeyPart) (out []schema.KeyPart, changed bool) {
	out = slices.Clone(parts)
	for i := range out {
		if out[i].Column == r.c.To.Name {
			out[i].Column, changed = ledger.Retyped(r.c.To.Name), true
		}
		text, uses := renameIn(out[i].Expr, r.c.To.Name, r.new)
		out[i].Expr, changed = text, changed || uses
	}
	return out, changed
}

func (r *retype) names(list []string) (out []string, changed bool) {
	out = slices.Clone(list)
	for i := range out {
		if out[i] == r.c.To.Name {
			out[i], changed = ledger.Retyped(r.c.To.Name), true
		}
	}
	return out, changed
}

// indexes builds what is on the old column on the new one, while others go on.
func (r *retype) indexes() error {
	keys := slices.Clone(r.t.Uniques)
	if r.t.PrimaryKey != nil {
		keys = append(keys, *r.t.PrimaryKey)
	}
	for i, k := range keys {
		parts, a := r.parts(k.Parts)
		include, b := r.names(k.Include)
		if !a && !b {
			continue
		}
		x := schema.Index{Name: made("index", k.Name), Unique: true, Parts: parts, Include: include, NullsNotDistinct: k.NullsNotDistinct, Options: k.Options}
		if err := r.index(x); err != nil {
			return err
		}
		what := "UNIQUE"
		if r.t.PrimaryKey != nil && i == len(keys)-1 {
			what = "PRIMARY KEY"
		}
		r.after = append(r.after, fmt.Sprintf("ALTER TABLE %s ADD CONSTRAINT %s %s USING INDEX %s%s", r.table, quote(k.Name), what, quote(x.Name), deferral(k.Deferrable, k.Deferred)))
		r.comments("CONSTRAINT "+quote(k.Name)+" ON "+r.table, k.Comment)
		r.comments("INDEX "+quoteName(schema.Name{Schema: r.c.In.Schema, Name: k.Name}), k.IndexComment)
		r.cluster(k.Name)
	}
	for _, x := range r.t.Indexes {
		parts, a := r.parts(x.Parts)
		include, b := r.names(x.Include)
		where, c := renameIn(x.Where, r.c.To.Name, r.new)
		if !a && !b && !c {
			continue
		}
		name := x.Name
		x.Parts, x.Include, x.Where, x.Name = parts, include, where, made("index", name)
		if err := r.index(x); err != nil {
			return err
		}
		r.after = append(r.after, "ALTER INDEX "+quoteName(schema.Name{Schema: r.c.In.Schema, Name: x.Name})+" RENAME TO "+quote(name))
		r.cluster(name)
	}
	return nil
}

// cluster keeps the mark of CLUSTER, which went with the old index.
func (r *retype) cluster(index string) {
	if r.t.Marks.ClusterOn == index {
		r.after = append(r.after, "ALTER TABLE "+r.table+" CLUSTER ON "+quote(index))
	}
}

// index builds one, unless a run that was cut short has.
func (r *retype) index(x schema.Index) error {
	if u := r.t.Unfinished; u != nil {
		if left := r.indexLeft(u, x.Name); left != nil {
			r.dropIndex(r.c.In, *left) // it may be of another attempt
		}
	}
	return r.addIndex(r.c.In, x)
}

// checks puts the old column's checks on the new one.
func (r *retype) checks() {
	for _, k := range r.t.Checks {
		expr, uses := renameIn(k.Expr, r.c.To.Name, r.new)
		if !uses {
			continue
		}
		name := made("check", k.Name)
		r.alter(r.c.In, "DROP CONSTRAINT IF EXISTS %s, ADD CONSTRAINT %s CHECK (%s) NOT VALID", quote(name), quote(name), expr)
		if !k.NotValid {
			r.validate(r.c.In, name)
		}
		r.after = append(r.after, "ALTER TABLE "+r.table+" RENAME CONSTRAINT "+quote(name)+" TO "+quote(k.Name))
		r.comments("CONSTRAINT "+quote(k.Name)+" ON "+r.table, k.Comment)
	}
}

// untie drops the foreign keys that a run which was cut short has made, for they hold
// the indexes that are built anew.
func (r *retype) untie() {
	for _, f := range r.keysOn(r.c.In, r.c.To.Name) {
		name := made("fkey", f.key.Name)
		if u := f.in.Unfinished; u != nil && slices.ContainsFunc(u.ForeignKeys, func(o schema.ForeignKey) bool { return o.Name == name }) {
			r.alter(f.in.Name, "DROP CONSTRAINT IF EXISTS %s", quote(name))
		}
	}
}

// foreignKeys ties the new column as the old one is, on either side.
func (r *retype) foreignKeys() {
	for _, f := range r.keysOn(r.c.In, r.c.To.Name) {
		k, table := f.key, quoteName(f.in.Name)
		if f.in.Name == r.c.In {
			k.Columns, _ = r.names(k.Columns)
			k.SetColumns, _ = r.names(k.SetColumns)
		}
		if k.RefTable == r.c.In {
			k.RefColumns, _ = r.names(k.RefColumns)
		}
		k.Name = made("fkey", f.key.Name)
		comment := k.Comment
		k.Comment = ""
		r.addForeignKey(f.in.Name, k)
		if f.in.Name != r.c.In {
			r.locked = append(r.locked, f.in.Name)
		}
		if f.key.RefTable != r.c.In {
			r.locked = append(r.locked, f.key.RefTable)
		}
		r.swap = append(r.swap, "ALTER TABLE "+table+" DROP CONSTRAINT "+quote(f.key.Name))
		r.after = append(r.after, "ALTER TABLE "+table+" RENAME CONSTRAINT "+quote(k.Name)+" TO "+quote(f.key.Name))
		r.comments("CONSTRAINT "+quote(f.key.Name)+" ON "+table, comment)
	}
}

func (r *retype) comments(object, text string) {
	if text != "" {
		r.after = append(r.after, "COMMENT ON "+object+" IS "+literal(text))
	}
}

// takePlace puts the new column in the place of the old one, which goes: all of it in one
// transaction that touches no row.
func (r *retype) takePlace() {
	tables := append(r.locked, r.c.In)
	slices.SortFunc(tables, schema.Name.Compare)
	var locks []string
	for _, n := range slices.Compact(tables) {
		locks = append(locks, quoteName(n))
	}
	out := []string{"LOCK TABLE ONLY " + strings.Join(locks, ", ONLY ") + " IN ACCESS EXCLUSIVE MODE"}
	out = append(out, r.swap...)
	out = append(out, r.carry())
	numbered := r.c.From.Identity != nil && r.c.To.Identity != nil
	if numbered {
		out = append(out, r.numbering(`EXECUTE 'SELECT last_value || '','' || is_called FROM ' || s INTO v;
PERFORM pg_catalog.set_config('syncform.numbering', v, true);`))
	}
	var owned []schema.Name
	for _, q := range r.db.Sequences {
		if q.OwnerTable == r.c.In && q.OwnerColumn == r.c.To.Name && r.c.From.Identity == nil && r.c.To.Identity == nil {
			owned = append(owned, q.Name)
			out = append(out, "ALTER SEQUENCE "+quoteName(q.Name)+" OWNED BY NONE")
		}
	}
	out = append(out, "ALTER TABLE "+r.table+" DROP COLUMN "+r.old, "ALTER TABLE "+r.table+" RENAME COLUMN "+r.new+" TO "+r.old)
	for _, q := range owned {
		out = append(out, "ALTER SEQUENCE "+quoteName(q)+" OWNED BY "+r.table+"."+r.old)
	}
	if d := r.c.To.Default; d != nil {
		out = append(out, "ALTER TABLE "+r.table+" ALTER COLUMN "+r.old+" SET DEFAULT "+defaultSQL(r.c.To.Type, d))
	}
	out = append(out, r.after...)
	if numbered {
		out = append(out, "ALTER TABLE "+r.table+" ALTER COLUMN "+r.old+" ADD"+identitySQL(r.c.To.Identity),
			r.numbering(`v := pg_catalog.current_setting('syncform.numbering');
PERFORM pg_catalog.setval(s::pg_catalog.regclass, pg_catalog.split_part(v, ',', 1)::bigint, pg_catalog.split_part(v, ',', 2)::boolean);`))
	}
	if r.c.To.Comment != "" {
		out = append(out, "COMMENT ON COLUMN "+r.table+"."+r.old+" IS "+literal(r.c.To.Comment))
	}
	r.add(strings.Join(out, ";\n"))
	r.steps[len(r.steps)-1].LockTimeout = lockTimeout
}

// carry gives the new column the old one's privileges and statistics target.
func (r *retype) carry() string {
	return "DO " + dollarQuote(fmt.Sprintf(`DECLARE
    g record;
BEGIN
FOR g IN SELECT x.privilege_type AS privilege, CASE WHEN x.grantee = 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(x.grantee)) END AS who, x.is_grantable AS further
    FROM pg_catalog.pg_attribute a, pg_catalog.aclexplode(a.attacl) x WHERE a.attrelid = %[1]s::pg_catalog.regclass AND a.attname = %[2]s LOOP
    EXECUTE pg_catalog.format('GRANT %%s (%%I) ON %%s TO %%s%%s', g.privilege, %[3]s, %[1]s, g.who, CASE WHEN g.further THEN ' WITH GRANT OPTION' ELSE '' END);
END LOOP;
FOR g IN SELECT a.attstattarget AS target FROM pg_catalog.pg_attribute a WHERE a.attrelid = %[1]s::pg_catalog.regclass AND a.attname = %[2]s AND a.attstattarget >= 0 LOOP
    EXECUTE pg_catalog.format('ALTER TABLE %%s ALTER COLUMN %%I SET STATISTICS %%s', %[1]s, %[3]s, g.target);
END LOOP;
END`, literal(r.table), literal(r.c.To.Name), literal(ledger.Retyped(r.c.To.Name))))
}

// numbering runs a part of a function with the column's own sequence s.
func (r *retype) numbering(body string) string {
	return "DO " + dollarQuote(fmt.Sprintf("DECLARE\n    s text := pg_catalog.pg_get_serial_sequence(%s, %s);\n    v text;\nBEGIN\n%s\nEND", literal(r.table), literal(r.c.To.Name), body))
}
