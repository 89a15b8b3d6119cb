package mysql

import (
	"fmt"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/ledger"
	"github.com/syncform/syncform/providers/schema"
)

// KeyWithTable is true: the rows are kept in the order of the primary key, so a key
// that came later would write them all again.
func (c *Conn) KeyWithTable() bool { return true }

// ForeignKeysWithTable is false: with the foreign keys that it has a table can't be
// loaded before those that it references.
func (c *Conn) ForeignKeysWithTable() bool { return false }

// PlanSteps writes the statements of one change. Each commits by itself, as the
// server's DDL does, but for the rows of ReplaceRows.
func (c *Conn) PlanSteps(db *schema.Database, change schema.Change) ([]providers.Step, error) {
	p := c.steps(db)
	switch ch := change.(type) {
	case schema.AddSequence:
		p.addSequence(ch.Sequence)
	case schema.AddTable:
		p.addTable(ch.To)
	case schema.DropTable:
		p.add("DROP TABLE "+tableIdent(ch.From.Name), "NOT "+tableThere(ch.From.Name))
	case schema.RenameTable:
		p.add("RENAME TABLE "+tableIdent(ch.From)+" TO "+tableIdent(ch.To), tableThere(ch.To)+" AND NOT "+tableThere(ch.From))
	case schema.ModifyTable:
		p.modifyTable(ch.From, ch.To)
	case schema.AddColumn:
		p.addColumn(ch)
	case schema.DropColumn:
		if ledger.IsRetyped(ch.Column.Name) {
			p.dropUnfinished(ch.In, ch.Column.Name)
			break
		}
		p.alter(ch.In, "DROP COLUMN "+ident(ch.Column.Name), "NOT "+columnThere(ch.In, ch.Column.Name))
		p.online(ch.In, "")
	case schema.ModifyColumn:
		p.modifyColumn(ch)
	case schema.RenameColumn:
		p.alter(ch.In, "RENAME COLUMN "+ident(ch.From)+" TO "+ident(ch.To), columnThere(ch.In, ch.To)+" AND NOT "+columnThere(ch.In, ch.From))
		p.online(ch.In, "")
	case schema.RenameIndex:
		p.alter(ch.In, "RENAME INDEX "+ident(ch.From)+" TO "+ident(ch.To), indexThere(ch.In, ch.To, nil)+" AND NOT "+indexThere(ch.In, ch.From, nil))
	case schema.DropSequence:
		p.add("DROP SEQUENCE "+tableIdent(ch.Sequence.Name), "NOT "+tableThere(ch.Sequence.Name))
	case schema.ModifySequence:
		p.modifySequence(ch.To)
	case schema.AddPrimaryKey:
		p.alter(ch.In, "ADD "+c.server.primaryKeyDDL(ch.Key)+p.numbering(ch.In, ch.Key.Parts), indexThere(ch.In, "PRIMARY", nil))
		p.online(ch.In, "")
		p.lastHazard(ch.In, providers.HazardDuplicates, "it fails while rows have the same values, or NULL")
	case schema.DropPrimaryKey:
		p.dropPrimaryKey(ch.In, ch.Key)
	case schema.AddUnique:
		p.addIndex(ch.In, uniqueIndex(ch.Key))
	case schema.DropUnique:
		p.dropIndex(ch.In, uniqueIndex(ch.Key))
	case schema.AddIndex:
		p.addIndex(ch.In, ch.Index)
	case schema.DropIndex:
		p.dropIndex(ch.In, ch.Index)
	case schema.AddForeignKey:
		p.alter(ch.In, "ADD "+c.server.foreignKeyDDL(ch.Key), constraintThere(ch.In, "FOREIGN KEY", ch.Key.Name))
		p.online(ch.In, "every row is looked up: "+copies)
		p.lastHazard(ch.In, providers.HazardViolations, "it fails while a row has no counterpart")
	case schema.DropForeignKey:
		p.alter(ch.In, "DROP FOREIGN KEY "+ident(ch.Key.Name), "NOT "+constraintThere(ch.In, "FOREIGN KEY", ch.Key.Name))
		p.online(ch.In, "")
	case schema.AddCheck:
		p.addCheck(ch.In, ch.Check)
	case schema.DropCheck:
		p.dropCheck(ch.In, ch.Check)
	case schema.AddAside:
		p.addAside(ch.Live, ch.Aside)
	case schema.ReplaceRows:
		p.replaceRows(ch)
	case schema.RestoreRows:
		p.restoreRows(ch)
	case schema.EmptyTable:
		p.emptyTable(ch.In)
	case schema.AdvanceSequences:
		p.advance(ch.To, ch.Past)
	default:
		return nil, fmt.Errorf("bug in syncform: %s has no %s", c.server.system, schema.ChangeKind(change))
	}
	return p.steps, p.err
}

// stepPlan gathers the steps of one change.
type stepPlan struct {
	server *server
	db     *schema.Database
	// retypeFrom is from how many rows on a change of type is made on a new column.
	retypeFrom int64
	steps      []providers.Step
	err        error
}

// add appends a statement that commits by itself; done is the condition under which
// it has taken effect, "" where running it again does no harm.
func (p *stepPlan) add(text, done string) {
	s := providers.Step{Text: text, LockTimeout: lockTimeout}
	if done != "" {
		s.Done = "SELECT " + done
	}
	p.steps = append(p.steps, s)
}

func (p *stepPlan) alter(in schema.Name, action, done string) {
	p.add("ALTER TABLE "+tableIdent(in)+" "+action, done)
}

// table gives the table as it is when the change runs; an empty one where it is not known.
func (p *stepPlan) table(n schema.Name) *schema.Table {
	if p.db != nil {
		if t := p.db.Table(n); t != nil {
			return t
		}
	}
	return &schema.Table{Name: n}
}

// keyed reports whether a key of the table begins with the column, which
// AUTO_INCREMENT needs.
func (p *stepPlan) keyed(in schema.Name, column string) bool {
	t := p.table(in)
	if p.server.leads(t.PrimaryKey, column) {
		return true
	}
	for _, x := range t.Indexes {
		if len(x.Parts) > 0 && x.Parts[0].Column == column && x.Method == "" {
			return true
		}
	}
	return false
}

// numbering turns AUTO_INCREMENT on, within the ALTER that adds a key, for a numbered
// column that this key is the first to begin with: the column could not have it
// before.
func (p *stepPlan) numbering(in schema.Name, parts []schema.KeyPart) string {
	if len(parts) == 0 || parts[0].Column == "" || p.keyed(in, parts[0].Column) {
		return ""
	}
	t := p.table(in)
	c := t.Column(parts[0].Column)
	if c == nil || c.Identity == nil {
		return ""
	}
	return ", MODIFY COLUMN " + p.server.columnDDL(t, *c, true)
}

func (p *stepPlan) addSequence(q schema.Sequence) {
	if !p.server.mariadb() {
		p.err = fmt.Errorf("MySQL has no sequences: sequence %s can't be made", q.Name)
		return
	}
	text := "CREATE SEQUENCE " + tableIdent(q.Name)
	for _, part := range []struct{ word, value string }{
		{"START WITH", q.Start}, {"MINVALUE", q.Min}, {"MAXVALUE", q.Max}, {"INCREMENT BY", q.Increment}, {"CACHE", q.Cache},
	} {
		if part.value != "" {
			text += " " + part.word + " " + part.value
		}
	}
	if q.Cycle {
		text += " CYCLE"
	}
	p.add(text+" ENGINE=InnoDB", tableThere(q.Name))
}

// modifySequence sets all that a sequence counts by; the numbers that it gave stay given.
func (p *stepPlan) modifySequence(q schema.Sequence) {
	text := "ALTER SEQUENCE " + tableIdent(q.Name)
	for _, part := range []struct{ word, value string }{
		{"MINVALUE", q.Min}, {"MAXVALUE", q.Max}, {"INCREMENT BY", q.Increment}, {"START WITH", q.Start}, {"CACHE", q.Cache},
	} {
		if part.value != "" {
			text += " " + part.word + " " + part.value
		}
	}
	if q.Cycle {
		text += " CYCLE"
	} else {
		text += " NOCYCLE"
	}
	p.add(text, "")
}

// placeDDL says where a column stands.
func placeDDL(p *schema.Place) string {
	switch {
	case p == nil:
		return ""
	case p.After == "":
		return " FIRST"
	}
	return " AFTER " + ident(p.After)
}

func uniqueIndex(k schema.Key) schema.Index {
	return schema.Index{Name: k.Name, Unique: true, Parts: k.Parts, Comment: k.Comment}
}
