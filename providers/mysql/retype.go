package mysql

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/ledger"
	"github.com/syncform/syncform/providers/schema"
)

// A change of type for which the server would copy the table, while nobody writes to it,
// is made on a new column beside the old one: triggers keep it true, old rows get their
// values bit by bit, its indexes are built while others go on, and in the end the two
// exchange their names in one statement. A table aside, as gh-ost makes it, would take foreign
// keys, triggers and the rows' place in the log with it; a column leaves all of that.
//
// The old column bears the new one's name then: the triggers, which only know names, stay
// valid, so that there is no moment at which a write fails or is missed.

// RetypesAside reports whether a change of type is made on a new column. What stands in the
// way is told by the hazard of the step that copies the table.
func (c *Conn) RetypesAside(db *schema.Database, change schema.ModifyColumn) (bool, string) {
	aside, _ := c.steps(db).retypesAside(change)
	return aside, ""
}

func (c *Conn) steps(db *schema.Database) *stepPlan {
	return &stepPlan{server: c.server, db: db, retypeFrom: c.retypeFrom}
}

func (p *stepPlan) retypesAside(c schema.ModifyColumn) (aside bool, why string) {
	if p.db == nil || p.retypeFrom <= 0 || c.From.Generated != nil || c.To.Generated != nil {
		return false, ""
	}
	t := p.db.Table(c.In)
	if t == nil || t.Rows < p.retypeFrom || p.server.modifyOffline(c.From, c.To) == "" {
		return false, ""
	}
	if why := p.retypeHindered(t, c); why != "" {
		return false, why
	}
	return true, ""
}

// retype plans one change of type on a new column.
type retype struct {
	*stepPlan
	c        schema.ModifyColumn
	t        *schema.Table
	table    string // quoted
	old, new string // the columns, quoted
	added    schema.Column
	swaps    []string // what the statement that exchanges the columns does with their indexes
}

// retypeAside plans the change; what is not of the type is changed after it.
func (p *stepPlan) retypeAside(c schema.ModifyColumn) {
	r := &retype{stepPlan: p, c: c, t: p.db.Table(c.In), table: tableIdent(c.In), old: ident(c.To.Name), new: ident(ledger.Retyped(c.To.Name))}
	r.added = schema.Column{Name: ledger.Retyped(c.To.Name), Type: c.To.Type, Charset: c.To.Charset, Collation: c.To.Collation, Nullable: true, Invisible: true}
	if d, atOnce := blank(c.To.Type); atOnce && !r.loses() && !c.From.Nullable && !c.To.Nullable {
		r.added.Nullable, r.added.Default = false, &schema.Default{Literal: true, Text: d}
	}
	r.begin()
	r.fill()
	r.indexes()
	r.prove()
	to := c.To
	to.Nullable = c.From.Nullable || c.To.Nullable
	if r.added.Nullable && !to.Nullable {
		sure := r.added
		sure.Nullable = false
		d, _ := blank(sure.Type)
		sure.Default = &schema.Default{Literal: true, Text: d} // an invisible column needs one
		r.alter(c.In, "MODIFY COLUMN "+r.server.columnDDL(r.t, sure, false), exists("COLUMNS", inTable("TABLE", c.In)+" AND "+same("COLUMN_NAME", sure.Name)+" AND IS_NULLABLE = 'NO'"))
		r.online(c.In, "")
	}
	r.exchange(to)
	if to.Nullable != c.To.Nullable {
		p.modifyColumn(schema.ModifyColumn{In: c.In, From: to, To: c.To})
	}
}

// loses reports whether a value may have no counterpart, or another one, in the new type.
func (r *retype) loses() bool {
	return r.c.Type == schema.Narrows || r.c.Type == schema.Retypes || r.c.To.Charset != "" && r.c.From.Charset != r.c.To.Charset && r.c.To.Charset != "utf8mb4"
}

// blank is a value that a column of the type can have by default, in the canonical text.
// atOnce says that a column with that default can be added without writing every row.
func blank(t schema.Type) (value string, atOnce bool) {
	switch t.Kind {
	case schema.Bool, schema.Int, schema.Decimal, schema.Float:
		return "0", true
	case schema.Bit:
		return strings.Repeat("0", max(t.Length, 1)), true
	case schema.Char, schema.Varchar, schema.Varbinary, schema.Set:
		return "", true
	case schema.Binary:
		return strings.Repeat("\x00", t.Length), true
	case schema.Date:
		return "1970-01-02", true
	case schema.Time:
		return "00:00:00", true
	case schema.Timestamp:
		return "1970-01-02 00:00:00", true
	case schema.TimestampTZ:
		return "1970-01-02 00:00:00+00", true
	case schema.Year:
		return "1970", true
	case schema.EnumKind:
		if len(t.Values) > 0 {
			return t.Values[0], true
		}
	}
	if t.Kind == schema.JSON {
		return "null", false
	}
	return "", false
}

// retypeTrigger names one of the triggers that a change makes.
func retypeTrigger(in schema.Name, column, what string) schema.Name {
	return schema.Name{Schema: in.Schema, Name: ledger.RetypePrefix + digest(in.Schema, in.Name, column, what)}
}

// What the triggers are for: to keep the new column true and, once all rows have their
// values, to refuse a row that has none; each before an insert and an update. They are
// dropped in this order: what is not kept true must not be guarded.
var retypeTriggers = []string{"guard INSERT", "guard UPDATE", "keep INSERT", "keep UPDATE"}

// dropRetypeTriggers drops all that a change has made but columns and indexes.
func dropRetypeTriggers(in schema.Name, column string) string {
	var out []string
	for _, what := range retypeTriggers {
		out = append(out, "DROP TRIGGER IF EXISTS "+tableIdent(retypeTrigger(in, column, what)))
	}
	return strings.Join(append(out, "DROP PROCEDURE IF EXISTS "+tableIdent(retypeTrigger(in, column, "fill"))), ";\n")
}

// begin adds the column and the triggers that keep it true. Those of a run that was cut
// short go first: whatever they missed, the rows are filled after this.
func (r *retype) begin() {
	r.steps = append(r.steps, providers.Step{Proves: true, Text: "SELECT CONCAT(" + literal(fmt.Sprintf("column %s of table %s can't change its type beside others: trigger ", r.c.To.Name, r.c.In)) + ", TRIGGER_NAME, ' would fire for every row that is there. Drop it first, and make it again afterwards') FROM information_schema.TRIGGERS WHERE EVENT_OBJECT_SCHEMA = DATABASE() AND " +
		same("EVENT_OBJECT_TABLE", r.c.In.Name) + " AND EVENT_MANIPULATION = 'UPDATE' AND TRIGGER_NAME NOT LIKE '" + strings.ReplaceAll(ledger.RetypePrefix, "_", `\_`) + "%' LIMIT 1"})
	if !r.goesOn() {
		r.dropUnfinished(r.c.In, r.added.Name)
		place := placeDDL(r.c.Place)
		if place == "" {
			place = " AFTER " + r.old
		}
		r.alter(r.c.In, "ADD COLUMN "+r.server.columnDDL(r.t, r.added, false)+place, columnThere(r.c.In, r.added.Name))
		r.online(r.c.In, "")
	}
	set := "SET NEW." + r.new + " = NEW." + r.old
	body := "DECLARE CONTINUE HANDLER FOR SQLEXCEPTION, SQLWARNING BEGIN END;\n" + set + ";"
	if r.loses() { // nobody's write fails before all rows are known to have counterparts
		body = "DECLARE EXIT HANDLER FOR SQLEXCEPTION, SQLWARNING SET NEW." + r.new + " = NULL;\n" + set + ";"
	}
	if !r.added.Nullable { // a session that is not strict has its own idea of a NULL there
		body = strings.Replace(body, set+";", "IF NEW."+r.old+" IS NULL THEN SET NEW."+r.new+" = "+r.server.defaultDDL(r.added)+"; ELSE "+set+"; END IF;", 1)
	}
	r.triggers("keep", body, dropRetypeTriggers(r.c.In, r.added.Name))
}

// goesOn reports whether the column that a run which was cut short has made is the one
// that is needed.
func (r *retype) goesOn() bool {
	u := r.t.Unfinished
	if u == nil {
		return false
	}
	c := u.Column(r.added.Name)
	if c == nil {
		return false
	}
	d, wanted := c.Default, r.added.Default
	return c.Type.Native == r.added.Type.Native && slices.Equal(c.Type.Values, r.added.Type.Values) && c.Charset == r.added.Charset && c.Collation == r.added.Collation &&
		c.Nullable == r.added.Nullable && c.Invisible && c.Comment == "" && (d == nil) == (wanted == nil) && r.c.Place == nil
}

// triggers makes one before inserts and one before updates.
func (r *retype) triggers(what, body, before string) {
	text := []string{before}
	for _, event := range []string{"INSERT", "UPDATE"} {
		text = append(text, "CREATE TRIGGER "+tableIdent(retypeTrigger(r.c.In, r.added.Name, what+" "+event))+" BEFORE "+event+" ON "+r.table+" FOR EACH ROW BEGIN\n"+body+"\nEND")
	}
	r.add(strings.Join(text, ";\n"), "")
}

// prove sees to it that every row has its value, and names one that has none, or, where
// the type is narrower, another one. Where there may be such rows none comes any more.
func (r *retype) prove() {
	if r.loses() {
		message := []rune(fmt.Sprintf("a value of column %s does not fit its new type, %s", r.c.To.Name, r.c.To.Type.Native))
		body := "IF NOT (" + r.same("NEW.") + ") THEN SIGNAL SQLSTATE '22000' SET MESSAGE_TEXT = " + literal(string(message[:min(len(message), 128)])) + "; END IF;"
		var drops []string
		for _, what := range retypeTriggers[:2] {
			drops = append(drops, "DROP TRIGGER IF EXISTS "+tableIdent(retypeTrigger(r.c.In, r.added.Name, what)))
		}
		r.triggers("guard", body, strings.Join(drops, ";\n"))
	}
	r.steps = append(r.steps, providers.Step{Text: r.tellRow(), Proves: true})
}

// tellRow names a row whose two columns do not hold one and the same value.
func (r *retype) tellRow() string { return tellRow(r.t, r.c, "NOT ("+r.same("")+")") }

// same is the condition under which the columns hold one value. It is never NULL.
func (r *retype) same(prefix string) string {
	a, b := prefix+r.old, prefix+r.new
	out := "(" + a + " IS NULL) = (" + b + " IS NULL)"
	from, to := r.c.From.Type, r.c.To.Type
	number := func(k schema.Kind) bool { return k == schema.Bool || k == schema.Int || k == schema.Decimal }
	labels := func(k schema.Kind) bool { return k == schema.EnumKind || k == schema.Set }
	equal := ""
	switch {
	case r.c.Type == schema.Retypes && !labels(from.Kind) && !(number(from.Kind) && number(to.Kind)):
	case from.IsText() && to.IsText(), labels(from.Kind) && (from.Kind == to.Kind || to.IsText()):
		equal = "CAST(CONVERT(" + a + " USING utf8mb4) AS BINARY) = CAST(CONVERT(" + b + " USING utf8mb4) AS BINARY)"
	case number(from.Kind) && number(to.Kind), from.Kind == to.Kind && slices.Contains([]schema.Kind{schema.Time, schema.Timestamp, schema.TimestampTZ, schema.Bit, schema.Year}, from.Kind),
		from.Kind == schema.Date && to.Kind == schema.Timestamp, from.IsBinary() && to.IsBinary() && to.Kind != schema.Binary:
		equal = a + " = " + b
	}
	if equal != "" {
		out += " AND (" + a + " IS NULL OR " + b + " IS NULL OR " + equal + ")"
	}
	return out
}

// replaced marks a column whose place another has taken.
const replaced = "replaced"

// exchange gives the new column the old one's name, and that one its own, in one statement
// that touches no row; then the old one goes.
func (r *retype) exchange(to schema.Column) {
	from := r.c.From
	from.Name, from.Invisible, from.Comment, from.OnUpdate, from.Identity = r.added.Name, true, replaced, "", nil
	from.Default = nil
	if !from.Nullable {
		d, _ := blank(from.Type)
		from.Default = &schema.Default{Literal: true, Text: d}
	}
	was := exists("COLUMNS", inTable("TABLE", r.c.In)+" AND "+same("COLUMN_NAME", r.added.Name)+" AND COLUMN_COMMENT = "+literal(replaced))
	actions := append([]string{"CHANGE COLUMN " + r.old + " " + r.server.columnDDL(r.t, from, false), "CHANGE COLUMN " + r.new + " " + r.server.columnDDL(r.t, to, false)}, r.swaps...)
	r.alter(r.c.In, strings.Join(actions, ", "), "("+was+" OR NOT "+columnThere(r.c.In, r.added.Name)+")")
	r.online(r.c.In, "")
	r.add(dropRetypeTriggers(r.c.In, r.added.Name), "")
	r.alter(r.c.In, "DROP COLUMN "+r.new, "NOT "+columnThere(r.c.In, r.added.Name))
	r.online(r.c.In, "")
}

// dropUnfinished takes away what a change that was given up, or is done, has left.
func (p *stepPlan) dropUnfinished(in schema.Name, column string) {
	t := p.table(in)
	if t.Unfinished == nil || t.Unfinished.Column(column) == nil {
		return
	}
	p.add(dropRetypeTriggers(in, column), "")
	var actions []string
	for _, x := range t.Unfinished.Indexes {
		if slices.ContainsFunc(x.Parts, func(k schema.KeyPart) bool { return k.Column == column }) {
			actions = append(actions, "DROP INDEX "+ident(x.Name))
		}
	}
	p.alter(in, strings.Join(append(actions, "DROP COLUMN "+ident(column)), ", "), "NOT "+columnThere(in, column))
	p.online(in, "")
}

// indexes builds the old column's indexes on the new one, while others go on, unless a run
// that was cut short has.
func (r *retype) indexes() {
	for _, x := range r.t.Indexes {
		parts := slices.Clone(x.Parts)
		uses := false
		for i := range parts {
			if parts[i].Column == r.c.To.Name {
				parts[i].Column, uses = r.added.Name, true
			}
		}
		if !uses {
			continue
		}
		name := x.Name
		x.Parts, x.Name = parts, ledger.Retyped("index_"+name)
		r.swaps = append(r.swaps, "DROP INDEX "+ident(name), "RENAME INDEX "+ident(x.Name)+" TO "+ident(name))
		if r.goesOn() {
			left := slices.IndexFunc(r.t.Unfinished.Indexes, func(o schema.Index) bool { return o.Name == x.Name })
			if left >= 0 && reflect.DeepEqual(r.t.Unfinished.Indexes[left], x) {
				continue
			}
			if left >= 0 {
				r.dropIndex(r.c.In, schema.Index{Name: x.Name})
			}
		}
		r.alter(r.c.In, "ADD "+r.server.indexDDL(x), indexThere(r.c.In, x.Name, nil))
		r.online(r.c.In, "")
	}
}
