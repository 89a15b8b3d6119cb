package sqlite

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/syncform/syncform/providers/ledger"
	"github.com/syncform/syncform/providers/schema"
)

// rebuildMark begins the text of a rebuild. Behind it stand the table's name and its
// shape as planned, which RunStep holds against the table that is there.
const rebuildMark = "-- ALTER TABLE can't do this: the table is made anew, shape "

// rebuild changes a table by SQLite's documented way: make it under another name, copy
// the rows, drop the old one, rename. What hangs on the table (indexes, triggers, the
// counter of its row ids) is made again; references of other tables stay, as they go
// by name. "" where the table is not there: then AddTable brings the change along.
func rebuild(db *schema.Database, change schema.Change) (string, error) {
	old := find(db, change.Table())
	if old == nil {
		switch change.(type) {
		case schema.AddPrimaryKey, schema.AddUnique, schema.AddForeignKey, schema.AddCheck:
			return "", nil
		}
		return "", fmt.Errorf("table %s is not there", change.Table())
	}
	return rebuildFor(db, old, change)
}

// rebuildFor makes all of the changes at once.
func rebuildFor(db *schema.Database, old *schema.Table, changes ...schema.Change) (string, error) {
	one := &schema.Database{Tables: []schema.Table{*old}}
	t := &one.Tables[0]
	for _, change := range changes {
		before := *t
		one.Apply(atName(change, old.Name))
		t = &one.Tables[0]
		if err := rebuildable(&before, t, change); err != nil {
			return "", err
		}
	}
	name := old.Name.Name
	aside := ledger.Aside(name, "rebuild "+t.Fingerprint())
	var s script
	s.add(rebuildMark + shape(old) + "\n" + tableSQL(t, aside))
	columns := carried(old, t, changes)
	s.add("INSERT OR ABORT INTO " + ident(aside) + " (" + idents(columns) + ") SELECT " + idents(columns) + " FROM " + ident(name))
	for _, change := range changes {
		if c, ok := change.(schema.ModifyColumn); ok && !c.From.Type.Equal(c.To.Type) {
			if to := t.Column(c.To.Name); to != nil && to.Type.Equal(c.To.Type) {
				guard(&s, aside, to)
			}
		}
	}
	if slices.ContainsFunc(t.Columns, func(c schema.Column) bool { return c.Identity != nil }) &&
		slices.ContainsFunc(old.Columns, func(c schema.Column) bool { return c.Identity != nil }) {
		s.add("DELETE FROM sqlite_sequence WHERE name = " + quoteText(aside))
		s.add("INSERT INTO sqlite_sequence (name, seq) SELECT " + quoteText(aside) + ", seq FROM sqlite_sequence WHERE name = " + quoteText(name))
	}
	s.add("DROP TABLE " + ident(name))
	// Views that name the table would keep it from being renamed.
	s.add("PRAGMA legacy_alter_table = ON")
	s.add("ALTER TABLE " + ident(aside) + " RENAME TO " + ident(name))
	s.add("PRAGMA legacy_alter_table = OFF")
	for i := range t.Indexes {
		s.add(indexSQL(name, &t.Indexes[i]))
	}
	for _, o := range triggersOf(db, name) {
		s.add(o.Definition)
	}
	return s.String(), nil
}

// atName gives the change the table's name as the file has it.
func atName(change schema.Change, n schema.Name) schema.Change {
	switch c := change.(type) {
	case schema.AddIndex:
		c.In = n
		return c
	case schema.DropIndex:
		c.In = n
		return c
	case schema.AddColumn:
		c.In = n
		return c
	case schema.DropColumn:
		c.In = n
		return c
	case schema.ModifyColumn:
		c.In = n
		return c
	case schema.ModifyTable:
		c.To.Name = n
		return c
	case schema.AddPrimaryKey:
		c.In = n
		return c
	case schema.DropPrimaryKey:
		c.In = n
		return c
	case schema.AddUnique:
		c.In = n
		return c
	case schema.DropUnique:
		c.In = n
		return c
	case schema.AddForeignKey:
		c.In = n
		return c
	case schema.DropForeignKey:
		c.In = n
		return c
	case schema.AddCheck:
		c.In = n
		return c
	case schema.DropCheck:
		c.In = n
		return c
	}
	return change
}

// rebuildable refuses what the new table could not be made with.
func rebuildable(old, t *schema.Table, change schema.Change) error {
	switch c := change.(type) {
	case schema.DropPrimaryKey:
		for i := range t.Columns {
			t.Columns[i].Identity = nil
		}
		if t.Options["without_rowid"] != "" {
			return fmt.Errorf("table %s is WITHOUT ROWID: its primary key can't go", old.Name)
		}
	case schema.ModifyColumn:
		if old.Column(c.From.Name) == nil {
			return fmt.Errorf("table %s has no column %q", old.Name, c.From.Name)
		}
	}
	return nil
}

// carried names the columns whose values the new table takes from the old one. One that
// was dropped meanwhile is another, whatever its name.
func carried(old, t *schema.Table, changes []schema.Change) []string {
	dropped := map[string]bool{}
	for _, change := range changes {
		if c, ok := change.(schema.DropColumn); ok {
			dropped[lower(c.Column.Name)] = true
		}
	}
	var names []string
	for _, c := range t.Columns {
		if c.Generated == nil && old.Column(c.Name) != nil && !dropped[lower(c.Name)] {
			names = append(names, c.Name)
		}
	}
	return names
}

// guard adds statements that fail, and take the rebuild back, where a value is none of
// the column's new type: SQLite would store it all the same.
func guard(s *script, table string, c *schema.Column) {
	cond := guardCondition(ident(c.Name), c.Type)
	if cond == "" || c.Generated != nil {
		return
	}
	message := fmt.Sprintf("column %s holds values that are no %s", c.Name, withoutNote(c.Type.Native))
	s.add("CREATE TEMP TABLE " + ident("_sync_guard") + " (ok CONSTRAINT " + ident(message) + " CHECK (ok))")
	s.add("INSERT INTO temp." + ident("_sync_guard") + " SELECT NOT EXISTS (SELECT 1 FROM " + ident(table) +
		" WHERE " + ident(c.Name) + " IS NOT NULL AND NOT (" + cond + "))")
	s.add("DROP TABLE temp." + ident("_sync_guard"))
}

// guardCondition is true for values that a type has.
func guardCondition(col string, t schema.Type) string {
	is := func(classes string) string { return "typeof(" + col + ") IN (" + classes + ")" }
	switch t.Kind {
	case schema.Int:
		cond := is("'integer'")
		switch {
		case isBigUnsigned(t):
			return cond + " AND " + col + " >= 0"
		case t.Bits == 64:
			return cond
		case t.Unsigned:
			return fmt.Sprintf("%s AND %s BETWEEN 0 AND %d", cond, col, int64(1)<<t.Bits-1)
		}
		return fmt.Sprintf("%s AND %s BETWEEN %d AND %d", cond, col, -int64(1)<<(t.Bits-1), int64(1)<<(t.Bits-1)-1)
	case schema.Year:
		return is("'integer'")
	case schema.Bool:
		return is("'integer'") + " AND " + col + " IN (0, 1)"
	case schema.Float:
		return is("'real', 'integer'") + " OR " + col + " = 'NaN'"
	case schema.Decimal:
		if affinityOf(t.Native) == affinityText {
			return col + " NOT GLOB '*[^-0-9.]*' OR " + col + " = 'NaN'"
		}
		cond := is("'real', 'integer'")
		if t.Precision > 0 {
			cond += fmt.Sprintf(" AND round(%s, %d) = %[1]s AND abs(%[1]s) < 1e%d", col, t.Scale, t.Precision-t.Scale)
		}
		return cond
	case schema.Char, schema.Varchar:
		cond := is("'text'")
		if t.Length > 0 {
			cond += fmt.Sprintf(" AND length(%s) <= %d", col, t.Length)
		}
		return cond
	case schema.Text:
		if dynamic(t) {
			return ""
		}
		return is("'text'")
	case schema.Date:
		return col + " GLOB '*[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'"
	case schema.Timestamp, schema.TimestampTZ:
		return col + " GLOB '*[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*'"
	case schema.Binary, schema.Varbinary, schema.Blob, schema.Geometry:
		return is("'blob'")
	}
	return is("'text'")
}

// shape says which columns, indexes and constraints a table has, in short: what a
// rebuild that was planned for another table would lose.
func shape(t *schema.Table) string {
	var b strings.Builder
	for _, c := range t.Columns {
		fmt.Fprintf(&b, "column %q\n", c.Name)
	}
	names := make([]string, len(t.Indexes))
	for i, x := range t.Indexes {
		names[i] = x.Name
	}
	slices.Sort(names) // an index that the plan itself makes is the last there
	for _, n := range names {
		fmt.Fprintf(&b, "index %q\n", n)
	}
	uniques := 0
	for _, u := range t.Uniques {
		// A unique constraint over the primary key's columns is none of its own to the server,
		// unless the key is the rowid.
		if t.PrimaryKey == nil || !slices.Equal(u.Columns(), t.PrimaryKey.Columns()) {
			uniques++
		}
	}
	fmt.Fprintf(&b, "%t %d %d %d", t.PrimaryKey != nil, uniques, len(t.Checks), len(t.ForeignKeys))
	sum := sha256.Sum256([]byte(b.String()))
	return hex.EncodeToString(sum[:6]) + " of " + strconv.Quote(t.Name.Name) // a name may hold a line break
}
