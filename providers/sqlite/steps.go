package sqlite

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// KeyWithTable is true: SQLite has no other way.
func (c *Conn) KeyWithTable() bool { return true }

// ForeignKeysWithTable is true: SQLite has no other way, for unique constraints neither.
func (c *Conn) ForeignKeysWithTable() bool { return true }

// PlanSteps gives the statements for one change. SQLite's DDL is transactional: every
// step runs in one transaction with its journal entry. A primary key, unique
// constraint, foreign key or check of a table that db has not comes with AddTable.
func (c *Conn) PlanSteps(db *schema.Database, change schema.Change) ([]providers.Step, error) {
	text, err := stepText(db, change)
	if err != nil || text == "" {
		return nil, err
	}
	return []providers.Step{{Text: text, Transactional: true}}, nil
}

func stepText(db *schema.Database, change schema.Change) (string, error) {
	table := ident(change.Table().Name)
	switch c := change.(type) {
	case schema.AddTable:
		for i := range db.Tables {
			if other := db.Tables[i].Name.Name; lower(other) == lower(c.To.Name.Name) {
				return "", fmt.Errorf("table %s can't be made: there is a table %s, and SQLite does not tell the two apart", c.To.Name, other)
			}
		}
		return tableSQL(&c.To, c.To.Name.Name), nil
	case schema.DropTable:
		return "DROP TABLE " + table, nil
	case schema.RenameTable:
		return "ALTER TABLE " + table + " RENAME TO " + ident(c.To.Name), nil
	case schema.RenameColumn:
		return "ALTER TABLE " + table + " RENAME COLUMN " + ident(c.From) + " TO " + ident(c.To), nil
	case schema.DropColumn:
		// ALTER TABLE looks at every view and trigger of the file, and fails where one is broken.
		if t := find(db, c.In); t == nil || !slices.ContainsFunc(db.Others, func(o schema.Object) bool { return o.Kind == "view" || o.Kind == "trigger" }) {
			return dropColumn(t, table, c.Column.Name), nil
		}
		return rebuild(db, c)
	case schema.AddColumn:
		if addable(&c.Column) {
			return "ALTER TABLE " + table + " ADD COLUMN " + columnSQL(&schema.Table{}, &c.Column, false), nil
		}
		return rebuild(db, c)
	case schema.ModifyColumn:
		if !columnDiffers(c.From, c.To) {
			return "", nil
		}
		return rebuild(db, c)
	case schema.ModifyTable:
		if c.From.Options["strict"] == c.To.Options["strict"] && c.From.Options["without_rowid"] == c.To.Options["without_rowid"] {
			return "", nil
		}
		return rebuild(db, c)
	case schema.AddIndex:
		return indexSQL(c.In.Name, &c.Index), nil
	case schema.DropIndex:
		return "DROP INDEX " + ident(c.Index.Name), nil
	case schema.AddForeignKey:
		if t := find(db, c.In); t != nil && slices.ContainsFunc(t.ForeignKeys, func(k schema.ForeignKey) bool { return sameForeignKey(k, c.Key) }) {
			return "", nil
		}
		return rebuild(db, c)
	case schema.AddUnique:
		same := func(k schema.Key) bool { return k.Name == c.Key.Name && slices.Equal(k.Columns(), c.Key.Columns()) }
		if t := find(db, c.In); t != nil && slices.ContainsFunc(t.Uniques, same) {
			return "", nil
		}
		return rebuild(db, c)
	case schema.AddPrimaryKey, schema.AddCheck, schema.DropPrimaryKey, schema.DropUnique, schema.DropForeignKey, schema.DropCheck:
		return rebuild(db, c)
	case schema.AddAside:
		t := schema.Table{Columns: c.Live.Columns, PrimaryKey: c.Live.PrimaryKey, Options: c.Live.Options}
		return tableSQL(&t, c.Aside.Name), nil
	case schema.ReplaceRows:
		return replaceRows(db, c), nil
	case schema.RestoreRows:
		return restoreRows(c), nil
	case schema.EmptyTable:
		return "DELETE FROM " + table, nil
	case schema.AdvanceSequences:
		return advance(c.To, c.Past), nil
	}
	return "", fmt.Errorf("SQLite can't %s", strings.ReplaceAll(schema.ChangeKind(change), "_", " "))
}

// dropColumn takes the indexes of the column along, as other systems do.
func dropColumn(t *schema.Table, table, column string) string {
	alter := "ALTER TABLE " + table + " DROP COLUMN " + ident(column)
	if t == nil {
		return alter
	}
	var s script
	for _, x := range t.Indexes {
		if slices.ContainsFunc(x.Parts, func(p schema.KeyPart) bool { return lower(p.Column) == lower(column) }) {
			s.add("DROP INDEX " + ident(x.Name))
		}
	}
	if len(s) == 0 {
		return alter
	}
	s.add(alter)
	return s.String()
}

// find returns a table of db by its name, whatever the schema that another system's
// name carries.
func find(db *schema.Database, n schema.Name) *schema.Table {
	return db.Table(schema.Name{Name: n.Name})
}

// addable reports whether ALTER TABLE can add the column to a table with rows.
func addable(c *schema.Column) bool {
	if c.Generated != nil {
		return !c.Generated.Stored
	}
	return c.Identity == nil && (c.Default == nil || c.Default.Literal)
}

// columnDiffers reports whether two columns are declared differently.
func columnDiffers(a, b schema.Column) bool {
	a.Comment, b.Comment = "", ""
	a.Charset, b.Charset = "", ""
	if a.Type.Equal(b.Type) {
		a.Type = b.Type
	}
	return !reflect.DeepEqual(a, b)
}

// replaceRows swaps a table's rows for those of the one beside it. Columns that the
// load does not fill keep their values where the row is still there. The table's
// triggers see none of it, but for those that note changes for a stream from this table.
func replaceRows(db *schema.Database, c schema.ReplaceRows) string {
	live, aside := ident(c.Live.Name.Name), ident(c.Aside.Name)
	var s script
	triggers := slices.DeleteFunc(triggersOf(db, c.Live.Name.Name), func(o schema.Object) bool { return isCaptureTrigger(o.Name.Name) })
	for _, t := range triggers {
		s.add("DROP TRIGGER " + ident(t.Name.Name))
	}
	kept := keptColumns(c)
	if len(kept) > 0 {
		s.add("CREATE TEMPORARY TABLE _sync_kept AS SELECT " + idents(append(slices.Clone(c.Key), kept...)) + " FROM " + live)
		s.add("CREATE INDEX temp._sync_kept_key ON _sync_kept (" + idents(c.Key) + ")")
	}
	s.add("DELETE FROM " + live)
	s.add("INSERT OR ABORT INTO " + live + " (" + idents(c.Columns) + ") SELECT " + idents(c.Columns) + " FROM " + aside)
	if len(kept) > 0 {
		var match []string
		for _, k := range c.Key {
			match = append(match, "k."+ident(k)+" = "+live+"."+ident(k))
		}
		from := " FROM temp._sync_kept AS k WHERE " + strings.Join(match, " AND ")
		s.add("UPDATE " + live + " SET (" + idents(kept) + ") = (SELECT " + idents(kept) + from + ") WHERE EXISTS (SELECT 1" + from + ")")
		s.add("DROP TABLE temp._sync_kept")
	}
	s.add("DROP TABLE " + aside)
	for _, t := range triggers {
		s.add(t.Definition)
	}
	return s.String()
}

// keptColumns lists the columns with values of their own that a load does not fill.
func keptColumns(c schema.ReplaceRows) []string {
	var kept []string
	for _, col := range c.Live.Columns {
		if len(c.Key) > 0 && col.Generated == nil && !slices.Contains(c.Columns, col.Name) {
			kept = append(kept, col.Name)
		}
	}
	return kept
}

// triggersOf lists the triggers of a table in the order of their names.
func triggersOf(db *schema.Database, table string) []schema.Object {
	var out []schema.Object
	for _, o := range db.Others {
		if o.Kind == "trigger" && lower(o.On.Name) == lower(table) && o.Definition != "" {
			out = append(out, o)
		}
	}
	slices.SortFunc(out, func(a, b schema.Object) int { return cmp.Compare(a.Name.Name, b.Name.Name) })
	return out
}

// script is several statements that run as one step.
type script []string

func (s *script) add(statement string) { *s = append(*s, statement) }

func (s script) String() string { return strings.Join(s, ";\n") + ";" }
