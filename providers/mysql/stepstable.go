package mysql

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

func (p *stepPlan) addTable(t schema.Table) {
	p.add(p.server.lenient(&t)+p.server.createDDL(&t, false), tableThere(t.Name))
}

// maxPageBytes is about what a row may hold on its page, with the beginnings of the
// values that are stored apart.
const maxPageBytes = 8000

// lenient lets the server make a table whose rows might not fit a page, which in strict mode
// it refuses: two hundred columns of text are enough. A row that then does not fit is
// refused when it comes.
func (s *server) lenient(t *schema.Table) string {
	total := 0
	for _, c := range t.Columns {
		n := rowBytes(declared{Type: c.Type, charset: c.Charset})
		if c.Type.IsText() || c.Type.IsBinary() || c.Type.Kind == schema.JSON {
			n = min(n, 40)
			if isLong(c.Type) || c.Type.Kind == schema.JSON || c.Type.Kind == schema.Geometry {
				n = 40
			}
		}
		total += n + 1
	}
	if total <= maxPageBytes {
		return ""
	}
	return "SET innodb_strict_mode = OFF;\n"
}

// modifyTable changes comment, options and partitions, all of them in one statement.
func (p *stepPlan) modifyTable(from, to schema.Table) {
	var actions []string
	var respelled []string // columns whose collation is written out, or no longer is
	versioned := func(t schema.Table) bool { return t.Options["system_versioning"] != "" }
	if versioned(from) != versioned(to) {
		actions = append(actions, map[bool]string{true: "ADD", false: "DROP"}[versioned(to)]+" SYSTEM VERSIONING")
	}
	keys := map[string]bool{}
	for k := range from.Options {
		keys[k] = true
	}
	for k := range to.Options {
		keys[k] = true
	}
	for _, k := range slices.Sorted(maps.Keys(keys)) {
		v, set := to.Options[k]
		switch {
		case from.Options[k] == v, k == "system_versioning":
		case strings.HasPrefix(k, explicitCollation):
			respelled = append(respelled, strings.TrimPrefix(k, explicitCollation))
		case strings.Contains(k, " "):
		case set:
			actions = append(actions, p.server.optionDDL(k, v))
		case optionDefaults[k] != "":
			actions = append(actions, strings.ToUpper(k)+"="+optionDefaults[k])
		case p.server.mariadb():
			actions = append(actions, ident(k)+"=DEFAULT")
		default:
			p.err = fmt.Errorf("table %s: option %s can't be taken away again", to.Name, k)
			return
		}
	}
	if from.Comment != to.Comment {
		actions = append(actions, "COMMENT="+literal(to.Comment))
	}
	actions = append(actions, p.respell(from, to, respelled)...)
	if from.Options["key_block_size"] != to.Options["key_block_size"] {
		actions = append(actions, p.rekey(to.Name)...)
	}
	if len(actions) > 0 {
		p.alter(to.Name, strings.Join(actions, ", "), "")
		p.online(to.Name, tableOffline(from, to))
	}
	switch {
	case to.Partition == nil && from.Partition != nil:
		p.alter(to.Name, "REMOVE PARTITIONING", "")
		p.online(to.Name, "the rows move: "+copies)
	case from.Partition != nil && to.Partition != nil && p.morePartitions(to.Name, *from.Partition, *to.Partition):
	case to.Partition != nil && (from.Partition == nil || from.Partition.Definition != to.Partition.Definition):
		p.alter(to.Name, "PARTITION BY "+to.Partition.Definition, "")
		p.online(to.Name, "the rows move: "+copies)
	}
}

// morePartitions adds partitions where to has them behind all of from's, and nothing else.
func (p *stepPlan) morePartitions(in schema.Name, from, to schema.Partitioning) bool {
	_, added := from.With(to)
	if len(added) == 0 {
		return false
	}
	list := make([]string, 0, len(added))
	for _, x := range to.Partitions[len(from.Partitions):] {
		list = append(list, "PARTITION "+ident(x.Name.Name)+" "+x.Definition)
	}
	p.alter(in, "ADD PARTITION ("+strings.Join(list, ", ")+")", "")
	return true
}

// respell writes columns anew whose charset and collation stay but are said otherwise.
// DEFAULT CHARSET converts no column, and MySQL keeps whether one says its own.
func (p *stepPlan) respell(from, to schema.Table, columns []string) []string {
	if p.server.mariadb() {
		return nil
	}
	t := *p.table(to.Name)
	t.Options = to.Options
	changes := from.Options["collation"] != to.Options["collation"]
	var out []string
	for _, c := range t.Columns {
		follows := changes && c.Type.IsText() && (c.Collation == from.Options["collation"] || c.Collation == to.Options["collation"])
		if follows || slices.Contains(columns, c.Name) {
			out = append(out, "MODIFY COLUMN "+p.server.columnDDL(&t, c, p.keyed(to.Name, c.Name)))
		}
	}
	return out
}

// rekey makes the keys anew: MariaDB's keep the block size that the table had.
func (p *stepPlan) rekey(in schema.Name) []string {
	if !p.server.mariadb() {
		return nil
	}
	t := p.table(in)
	var out []string
	if t.PrimaryKey != nil {
		out = append(out, "DROP PRIMARY KEY", "ADD "+p.server.primaryKeyDDL(*t.PrimaryKey))
	}
	for _, x := range t.Indexes {
		if x.Options["key_block_size"] == "" {
			out = append(out, "DROP INDEX "+ident(x.Name), "ADD "+p.server.indexDDL(x))
		}
	}
	return out
}

// optionDefaults are the values that stand for an option that is not set.
var optionDefaults = map[string]string{
	"row_format": "DEFAULT", "key_block_size": "0", "stats_persistent": "DEFAULT", "stats_auto_recalc": "DEFAULT", "stats_sample_pages": "DEFAULT",
	"pack_keys": "DEFAULT", "checksum": "0", "delay_key_write": "0", "max_rows": "0", "min_rows": "0", "avg_row_length": "0",
	"encryption": "'N'", "compression": "'NONE'",
}

// modifyColumn writes the column's whole definition anew. A virtual column can't
// become a stored or plain one, nor the other way round: it is made anew in its
// place, as it holds nothing of its own.
func (p *stepPlan) modifyColumn(ch schema.ModifyColumn) {
	t := p.table(ch.In)
	definition := p.server.columnDDL(t, ch.To, p.keyed(ch.In, ch.To.Name))
	virtual := func(c schema.Column) bool { return c.Generated != nil && !c.Generated.Stored }
	if virtual(ch.From) != virtual(ch.To) {
		if !virtual(ch.From) && ch.To.Generated != nil && ch.From.Generated == nil {
			p.err = fmt.Errorf("table %s: column %s holds values of its own and can't become a virtual column", ch.In, ch.To.Name)
			return
		}
		place := ""
		for i, c := range t.Columns {
			if c.Name == ch.To.Name && i > 0 {
				place = " AFTER " + ident(t.Columns[i-1].Name)
			} else if c.Name == ch.To.Name {
				place = " FIRST"
			}
		}
		p.alter(ch.In, "DROP COLUMN "+ident(ch.From.Name)+", ADD COLUMN "+definition+place, p.server.columnIs(ch.In, ch.To))
		return
	}
	aside, why := p.retypesAside(ch)
	if aside {
		p.retypeAside(ch)
		return
	}
	p.uncut(ch)
	p.byBytes(ch)
	if ch.Place != nil {
		p.alter(ch.In, "MODIFY COLUMN "+definition+placeDDL(ch.Place), "")
		return
	}
	p.alter(ch.In, "MODIFY COLUMN "+definition, p.server.columnIs(ch.In, ch.To))
	offline := p.server.modifyOffline(ch.From, ch.To)
	if why != "" {
		offline += "; a new column can't take the place of this one: " + why
	}
	p.online(ch.In, offline)
}

// autoKey is the key that a new numbered column has while its rows get their numbers.
const autoKey = "_sync_auto"

// addColumn adds a column. One that numbers the rows that are there needs a key at once;
// the one that it is to have comes later, and the numbering with it.
func (p *stepPlan) addColumn(ch schema.AddColumn) {
	t := p.table(ch.In)
	keyed := p.keyed(ch.In, ch.Column.Name)
	if ch.Column.Identity == nil || keyed {
		p.alter(ch.In, "ADD COLUMN "+p.server.columnDDL(t, ch.Column, keyed)+placeDDL(ch.Place), columnThere(ch.In, ch.Column.Name))
		if ch.Place == nil {
			p.online(ch.In, p.server.addOffline(ch.Column))
		}
		return
	}
	p.alter(ch.In, "ADD COLUMN "+p.server.columnDDL(t, ch.Column, true)+placeDDL(ch.Place)+", ADD UNIQUE KEY "+ident(autoKey)+" ("+ident(ch.Column.Name)+")", columnThere(ch.In, ch.Column.Name))
	p.alter(ch.In, "MODIFY COLUMN "+p.server.columnDDL(t, ch.Column, false)+", DROP KEY "+ident(autoKey), "NOT "+indexThere(ch.In, autoKey, nil))
}

func (p *stepPlan) dropPrimaryKey(in schema.Name, k schema.Key) {
	action := "DROP PRIMARY KEY"
	t := p.table(in)
	if len(k.Parts) > 0 {
		if c := t.Column(k.Parts[0].Column); c != nil && c.Identity != nil && !p.keyedElsewhere(t, c.Name) {
			action = "MODIFY COLUMN " + p.server.columnDDL(t, *c, false) + ", " + action
		}
	}
	p.alter(in, action, "NOT "+indexThere(in, "PRIMARY", nil))
	p.online(in, "the rows are kept in the order of the primary key: "+copies)
}

// keyedElsewhere reports whether an index besides the primary key begins with the column.
func (p *stepPlan) keyedElsewhere(t *schema.Table, column string) bool {
	return slices.ContainsFunc(t.Indexes, func(x schema.Index) bool {
		return len(x.Parts) > 0 && x.Parts[0].Column == column && x.Method == ""
	})
}

func (p *stepPlan) addIndex(in schema.Name, x schema.Index) {
	parts := x.Parts
	if x.Options["without_overlaps"] != "" {
		parts = nil // the catalogue has no such part
	}
	p.alter(in, "ADD "+p.server.indexDDL(x)+p.numbering(in, x.Parts), indexThere(in, x.Name, parts))
	p.online(in, indexOffline(x))
	if x.Unique {
		p.lastHazard(in, providers.HazardDuplicates, "it fails while rows have the same values")
	}
}

func (p *stepPlan) dropIndex(in schema.Name, x schema.Index) {
	action := "DROP INDEX " + ident(x.Name)
	t := p.table(in)
	if len(x.Parts) > 0 && x.Parts[0].Column != "" {
		// The last key that begins with a numbered column takes the numbering along.
		c := t.Column(x.Parts[0].Column)
		others := *t
		others.Indexes = slices.DeleteFunc(slices.Clone(t.Indexes), func(o schema.Index) bool { return o.Name == x.Name })
		if c != nil && c.Identity != nil && !p.keyedElsewhere(&others, c.Name) && !p.server.leads(t.PrimaryKey, c.Name) {
			action = "MODIFY COLUMN " + p.server.columnDDL(t, *c, false) + ", " + action
		}
	}
	p.alter(in, action, "NOT "+indexThere(in, x.Name, nil))
	if !strings.HasPrefix(action, "MODIFY") {
		p.online(in, "")
	}
}

// A check that MariaDB keeps with its column comes and goes with the column's definition.

func (p *stepPlan) addCheck(in schema.Name, k schema.Check) {
	t := p.table(in)
	if c := t.Column(k.Name); c != nil && p.server.inlineCheck(t, k) {
		with := *t
		with.Checks = append(p.otherChecks(t, k.Name), k)
		p.alter(in, "MODIFY COLUMN "+p.server.columnDDL(&with, *c, p.keyed(in, c.Name)), "")
		return
	}
	p.alter(in, "ADD "+p.server.checkDDL(k), constraintThere(in, "CHECK", k.Name))
	if !k.NotEnforced {
		p.online(in, "every row is checked: "+copies)
		p.lastHazard(in, providers.HazardViolations, "it fails while a row breaks it")
	}
}

func (p *stepPlan) dropCheck(in schema.Name, k schema.Check) {
	t := p.table(in)
	if c := t.Column(k.Name); c != nil && p.server.inlineCheck(t, k) {
		without := *t
		without.Checks = p.otherChecks(t, k.Name)
		p.alter(in, "MODIFY COLUMN "+p.server.columnDDL(&without, *c, p.keyed(in, c.Name)), "")
		return
	}
	word := "DROP CHECK "
	if p.server.mariadb() {
		word = "DROP CONSTRAINT "
	}
	p.alter(in, word+ident(k.Name), "NOT "+constraintThere(in, "CHECK", k.Name))
}

func (p *stepPlan) otherChecks(t *schema.Table, name string) []schema.Check {
	return slices.DeleteFunc(slices.Clone(t.Checks), func(k schema.Check) bool { return k.Name == name })
}
