package postgres

import (
	"fmt"
	"slices"
	"strings"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/ledger"
	"github.com/syncform/syncform/providers/schema"
)

// A change of type for which the server would write the table anew, while nobody reads or
// writes it, is made on a new column: a trigger keeps it true, old rows get their values
// bit by bit, keys, indexes and constraints are built on it while others go on, and in
// the end it takes the old column's place in one short transaction.

// RetypesAside reports whether a change of type is made on a new column.
func (c *Conn) RetypesAside(db *schema.Database, change schema.ModifyColumn) (bool, string) {
	return c.steps(db).retypesAside(change)
}

func (p *stepPlan) retypesAside(c schema.ModifyColumn) (aside bool, why string) {
	if p.db == nil || p.retypeFrom <= 0 || !rewritesTable(c.From.Type, c.To.Type) {
		return false, ""
	}
	t := p.db.Table(c.In)
	if t == nil || t.Rows < p.retypeFrom || c.From.Generated != nil || c.To.Generated != nil {
		return false, ""
	}
	if why := p.retypeHindered(t, c); why != "" {
		return false, why
	}
	return true, ""
}

// rewritesTable reports whether the server writes every row for a change of type, or
// reads all of them while nobody else may.
func rewritesTable(from, to schema.Type) bool {
	switch {
	case from.Equal(to):
		return false
	case from.Domain || to.Domain || from.Kind == schema.Array:
		return true
	case from.Kind == schema.Varchar && (to.Kind == schema.Text || to.Kind == schema.Varchar && (to.Length == 0 || from.Length > 0 && from.Length <= to.Length)):
		return false
	case from.Kind == schema.Text && to.Kind == schema.Varchar && to.Length == 0:
		return false
	case from.Kind == schema.Decimal && to.Kind == schema.Decimal:
		return to.Precision != 0 && (from.Precision == 0 || from.Scale != to.Scale || from.Precision > to.Precision)
	case from.Kind == schema.VarBit && to.Kind == schema.VarBit:
		return to.Length != 0 && (from.Length == 0 || from.Length > to.Length)
	}
	return true
}

// retypeHindered says why a new column can't take the old one's place.
func (p *stepPlan) retypeHindered(t *schema.Table, c schema.ModifyColumn) string {
	name := c.To.Name
	switch {
	case t.Partition != nil:
		return "the table is partitioned"
	case len(t.Inherits) > 0 || slices.ContainsFunc(p.db.Tables, func(o schema.Table) bool { return slices.Contains(o.Inherits, t.Name) }):
		return "the table inherits, or is inherited from"
	case c.To.Type.Domain:
		return "the type is a domain"
	}
	named := func(what, object string) string { return fmt.Sprintf("%s %q is on the column", what, object) }
	uses := func(text string) bool { _, uses := renameIn(text, name, ""); return uses }
	var texts []string
	for _, g := range t.Columns {
		if g.Generated != nil && uses(g.Generated.Expr) {
			return fmt.Sprintf("column %q is computed from it", g.Name)
		}
	}
	for _, x := range t.Exclusions {
		if uses(x.Definition) {
			return named("exclusion constraint", x.Name)
		}
	}
	for _, x := range t.Indexes {
		texts = append(texts, x.Where)
		for _, part := range x.Parts {
			texts = append(texts, part.Expr)
			if part.Column == name && (part.OpClass != "" || part.Collation != "") || x.Invalid && part.Column == name {
				return named("index", x.Name) + ", with an operator class or collation of its own, or not valid"
			}
		}
	}
	for _, k := range t.Checks {
		if k.Name == "" || k.NoInherit || k.NotEnforced {
			texts = append(texts, "")
			if uses(k.Expr) {
				return named("check", k.Name) + ", which has no name, is not enforced or not inherited"
			}
		}
		texts = append(texts, k.Expr)
	}
	for _, k := range p.keysOn(t.Name, name) {
		if k.in.Partition != nil || k.key.Name == "" {
			return fmt.Sprintf("a foreign key of table %s ties it, which has no name, or whose table is partitioned", k.in.Name)
		}
	}
	if sometimesWord[name] && slices.ContainsFunc(texts, uses) {
		return "an index or check names the column, whose name is a key word"
	}
	return ""
}

// sometimesWord are names that stand in expressions also as key words.
var sometimesWord = words(`year month day hour minute second zone at without by over within local normalized document precision varying rows range`)

// tied is a foreign key and the table that has it.
type tied struct {
	in  *schema.Table
	key schema.ForeignKey
}

// keysOn lists the foreign keys that have a column on either side.
func (p *stepPlan) keysOn(table schema.Name, column string) []tied {
	var out []tied
	for i := range p.db.Tables {
		t := &p.db.Tables[i]
		for _, k := range t.ForeignKeys {
			if t.Name == table && slices.Contains(k.Columns, column) || k.RefTable == table && slices.Contains(k.RefColumns, column) {
				out = append(out, tied{t, k})
			}
		}
	}
	return out
}

// retype plans one change of type on a new column.
type retype struct {
	*stepPlan
	c        schema.ModifyColumn
	t        *schema.Table
	typ      string // of the new column, with its collation
	old, new string // the columns, quoted
	table    string // quoted
	swap     []string
	after    []string // of swap, once the column has its name
	locked   []schema.Name
}

// retypeAside plans the change; what is not of the type is changed after it.
func (p *stepPlan) retypeAside(c schema.ModifyColumn) error {
	typ, err := typeSQL(c.To.Type)
	if err != nil {
		return err
	}
	r := &retype{stepPlan: p, c: c, t: p.db.Table(c.In), typ: typ, old: quote(c.To.Name), new: quote(ledger.Retyped(c.To.Name)), table: quoteName(c.In)}
	if c.To.Collation != "" {
		r.typ += " COLLATE " + c.To.Collation
	}
	r.begin(p.conversion("NEW."+r.old, c.From.Type, c.To.Type, typ))
	r.fill()
	if !c.From.Nullable && !c.To.Nullable {
		r.notNull()
	}
	r.untie()
	if err := r.indexes(); err != nil {
		return err
	}
	r.checks()
	r.foreignKeys()
	r.prove()
	r.takePlace()
	rest := c.To
	rest.Nullable = c.From.Nullable || c.To.Nullable
	rest.Options = nil
	if s := c.From.Options["statistics"]; s != "" {
		rest.Options = map[string]string{"statistics": s} // carried over
	}
	if c.From.Identity == nil {
		rest.Identity = nil
	}
	return p.modifyColumn(schema.ModifyColumn{In: c.In, From: rest, To: c.To})
}

// made names what is made for the new column in place of something that is there.
func made(kind, name string) string { return ledger.Retyped(kind + "_" + name) }

func (r *retype) function() string {
	return quote(r.ledger) + "." + quote(retypeFunction(r.c.In, ledger.Retyped(r.c.To.Name))) + "()"
}

// retypeFunction names the function that keeps a new column true.
func retypeFunction(in schema.Name, column string) string {
	return ledger.RetypePrefix + digest(in.Schema, in.Name, column)
}

// trigger names the trigger by all that its function does, and so that it comes after
// those that may set the old column.
func (r *retype) trigger(body string) string {
	return "~" + ledger.RetypePrefix + digest(r.c.To.Name, r.typ, body)
}

// loses reports whether a value may have no counterpart, or another one, in the new type.
func (r *retype) loses() bool { return r.c.Type != schema.Widens && r.c.Type != schema.NotNarrow }

// begin adds the column and the trigger that keeps it true. A value without a counterpart
// leaves NULL there, so that nobody's write fails; it is told of before the change goes on.
func (r *retype) begin(value string) {
	body := "NEW." + r.new + " := " + value + ";"
	if r.loses() {
		body = "BEGIN\n    " + body + "\nEXCEPTION WHEN data_exception OR integrity_constraint_violation THEN\n    NEW." + r.new + " := NULL;\nEND;"
	}
	body = "BEGIN\n" + body + "\nRETURN NEW;\nEND"
	trigger := r.trigger(body)
	in := literal(r.table) + "::pg_catalog.regclass"
	text := strings.Join([]string{
		"DO " + dollarQuote(fmt.Sprintf(`DECLARE
    users text;
BEGIN
SELECT pg_catalog.string_agg(DISTINCT pg_catalog.pg_describe_object(d.classid, d.objid, 0), ', ') INTO users
    FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
    WHERE d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = %[1]s AND a.attname = %[2]s
    AND d.classid NOT IN ('pg_catalog.pg_class'::pg_catalog.regclass, 'pg_catalog.pg_constraint'::pg_catalog.regclass, 'pg_catalog.pg_attrdef'::pg_catalog.regclass);
IF users IS NOT NULL THEN
    RAISE EXCEPTION 'column %% of table %% can''t change its type: %% is built on it. Drop that first, and make it again afterwards', %[3]s, %[1]s, users;
END IF;
IF EXISTS (SELECT FROM pg_catalog.pg_index i JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey) WHERE i.indrelid = %[1]s AND i.indisreplident AND a.attname = %[2]s) THEN
    RAISE EXCEPTION 'column %% of table %% can''t change its type while an index of it is the replica identity. Set another one first', %[3]s, %[1]s;
END IF;
SELECT pg_catalog.string_agg(g.tgname, ', ') INTO users FROM pg_catalog.pg_trigger g
    WHERE g.tgrelid = %[1]s AND NOT g.tgisinternal AND g.tgenabled = 'O' AND g.tgtype & 16 <> 0 AND NOT (%[4]s);
IF users IS NOT NULL THEN
    RAISE EXCEPTION 'column %% of table %% can''t change its type: trigger %% would fire for every row that is there, since the role may not set session_replication_role', %[3]s, %[1]s, users;
END IF;
END`, in, literal(r.c.To.Name), literal(r.old), r.mayReplicate())),
		"DO " + dollarQuote(fmt.Sprintf(`BEGIN
IF NOT EXISTS (SELECT FROM pg_catalog.pg_trigger WHERE tgrelid = %[1]s AND tgname = %[2]s) THEN
    DROP FUNCTION IF EXISTS %[3]s CASCADE;
    ALTER TABLE %[4]s DROP COLUMN IF EXISTS %[5]s CASCADE;
    ALTER TABLE %[4]s ADD COLUMN %[5]s %[6]s;
    CREATE FUNCTION %[3]s RETURNS trigger LANGUAGE plpgsql AS %[7]s;
    CREATE TRIGGER %[8]s BEFORE INSERT OR UPDATE ON %[4]s FOR EACH ROW EXECUTE FUNCTION %[3]s;
    ALTER TABLE %[4]s ENABLE ALWAYS TRIGGER %[8]s;
END IF;
END`, in, literal(trigger), r.function(), r.table, r.new, r.typ, dollarQuote(body), quote(trigger))),
	}, ";\n")
	r.add(text)
	r.steps[len(r.steps)-1].LockTimeout = lockTimeout
	r.swap = append(r.swap, "DROP TRIGGER "+quote(trigger)+" ON "+r.table, "DROP FUNCTION "+r.function())
}

// mayReplicate asks whether the role may keep triggers of others from firing.
func (p *stepPlan) mayReplicate() string {
	if p.version >= 150000 {
		return "pg_catalog.has_parameter_privilege('session_replication_role', 'SET')"
	}
	return "coalesce((SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user), false)"
}

// retypePages is how many pages' rows one transaction writes; they are locked as long.
const retypePages = 64

// fill gives the rows that are there their values: the trigger computes them. Rows that
// have theirs are passed over, so that it can be run again from any point.
func (r *retype) fill() {
	plain := func(text string) string { return strings.ReplaceAll(text, "%", "%%") } // in a format
	text := "SELECT pg_catalog.set_config('session_replication_role', 'replica', true) WHERE " + r.mayReplicate() +
		"; UPDATE ONLY %s SET " + plain(r.new) + " = NULL WHERE ctid >= %L::tid AND ctid < %L::tid AND " + plain(r.old) + " IS NOT NULL AND " + plain(r.new) + " IS NULL"
	r.steps = append(r.steps, providers.Step{Text: inBatches(r.table, text, retypePages)})
}

// prove sees to it that every row has its value, and names one that has none, or, where
// the type is narrower, another one.
func (r *retype) prove() {
	same := fmt.Sprintf("(%s IS NULL) = (%s IS NULL)", r.old, r.new)
	if from, err := typeSQL(r.c.From.Type); err == nil && r.c.Type == schema.Narrows && equates(r.c.From.Type) {
		same += fmt.Sprintf(" AND %s IS NOT DISTINCT FROM %s", r.old, r.conversion(r.new, r.c.To.Type, r.c.From.Type, from))
	}
	r.add(tellRow(r.t, r.old, same, r.typ))
	name := made("same", r.c.To.Name)
	r.alter(r.c.In, "DROP CONSTRAINT IF EXISTS %s, ADD CONSTRAINT %s CHECK (%s) NOT VALID", quote(name), quote(name), same)
	r.validate(r.c.In, name)
}

// tellRow fails where a row of the table does not fulfil a condition, and names it.
func tellRow(t *schema.Table, column, same, typ string) string {
	key, only := []string{"ctid"}, "ONLY "
	if t.PrimaryKey != nil {
		key = t.PrimaryKey.Columns()
	}
	if t.Partition != nil {
		only = ""
	}
	values := make([]string, len(key))
	for i, k := range key {
		values[i] = quote(k) + "::text"
	}
	table := quoteName(t.Name)
	return "DO " + dollarQuote(fmt.Sprintf(`DECLARE
    r record;
BEGIN
SELECT pg_catalog.concat_ws(', ', %s) AS key, %s::text AS value INTO r FROM %s WHERE NOT (%s) LIMIT 1;
IF FOUND THEN
    RAISE EXCEPTION 'column %% of table %%: the row with (%%) = (%%) holds "%%", which is not one and the same value as %%. Change it, and apply again', %s, %s, %s, r.key, r.value, %s USING ERRCODE = 'data_exception';
END IF;
END`, strings.Join(values, ", "), column, only+table, same, literal(column), literal(table), literal(strings.Join(key, ", ")), literal(typ)))
}

// equates reports whether a narrower type's values can be held against the old ones.
func equates(t schema.Type) bool {
	switch t.Kind {
	case schema.Float, schema.JSON, schema.Geometry, schema.Other:
		return false
	case schema.Array:
		return t.Elem != nil && equates(*t.Elem)
	}
	return true
}

// dropUnfinished takes away what a change that was given up has made.
func (p *stepPlan) dropUnfinished(in schema.Name, column string) {
	function := quote(p.ledger) + "." + quote(retypeFunction(in, column)) + "()"
	p.add("DROP FUNCTION IF EXISTS " + function + " CASCADE;\nALTER TABLE " + quoteName(in) + " DROP COLUMN IF EXISTS " + quote(column) + " CASCADE")
	p.steps[len(p.steps)-1].LockTimeout = lockTimeout
}
