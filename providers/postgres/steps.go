package postgres

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/ledger"
	"github.com/syncform/syncform/providers/schema"
)

// lockTimeout bounds how long a change of a table that is in use may keep others
// waiting behind it; the step is tried again after that.
const lockTimeout = time.Second

// KeyWithTable is false: a primary key is cheaper to build once the rows are there.
func (c *Conn) KeyWithTable() bool { return false }

// ForeignKeysWithTable is false: they are checked at once for all rows.
func (c *Conn) ForeignKeysWithTable() bool { return false }

// PlanSteps gives the statements for one change.
func (c *Conn) PlanSteps(db *schema.Database, change schema.Change) ([]providers.Step, error) {
	p := c.steps(db)
	if err := p.change(change); err != nil {
		return nil, fmt.Errorf("%s %s: %w", schema.ChangeKind(change), change.Table(), err)
	}
	return p.steps, nil
}

func (c *Conn) steps(db *schema.Database) *stepPlan {
	return &stepPlan{db: db, version: c.version, ledger: c.schema, retypeFrom: c.retypeFrom}
}

// stepPlan gathers the steps of one change.
type stepPlan struct {
	db      *schema.Database
	version int
	ledger  string // the schema of syncform's own tables
	steps   []providers.Step

	retypeFrom int64
}

func (p *stepPlan) add(text string) {
	p.steps = append(p.steps, providers.Step{Text: text, Transactional: true})
}

func (p *stepPlan) addf(format string, args ...any) { p.add(fmt.Sprintf(format, args...)) }

// alter adds a statement on a table that others may be using.
func (p *stepPlan) alter(in schema.Name, format string, args ...any) {
	p.add("ALTER TABLE " + quoteName(in) + " " + fmt.Sprintf(format, args...))
	if !p.isNew(in) {
		p.steps[len(p.steps)-1].LockTimeout = lockTimeout
	}
}

// isNew reports whether nobody can be using a table yet: it was not there, or was
// empty, when the database was inspected.
func (p *stepPlan) isNew(n schema.Name) bool {
	if p.db == nil {
		return true
	}
	t := p.db.Table(n)
	return t == nil || t.Rows == 0
}

func (p *stepPlan) isPartitioned(n schema.Name) bool {
	if p.db == nil {
		return false
	}
	t := p.db.Table(n)
	return t != nil && t.Partition != nil
}

func (p *stepPlan) change(change schema.Change) error {
	if done, err := p.changeObject(change); done {
		return err
	}
	if p.changePartition(change) {
		return nil
	}
	switch c := change.(type) {
	case schema.AddSchema:
		p.addf("CREATE SCHEMA IF NOT EXISTS %s", quote(c.Schema))
	case schema.AddExtension:
		p.addf("CREATE EXTENSION IF NOT EXISTS %s SCHEMA %s CASCADE", quote(c.Name), quote(c.Schema))
	case schema.AddComposed:
		p.addf("CREATE TYPE %s %s", quoteName(c.Type.Name), c.Type.Definition)
	case schema.AddEnum:
		p.addEnum(c.Enum)
	case schema.ModifyEnum:
		return p.modifyEnum(c.From, c.To)
	case schema.AddDomain:
		return p.addDomain(c.Domain)
	case schema.AddSequence:
		p.addSequence(c.Sequence)
	case schema.AddTable:
		return p.addTable(c.To)
	case schema.DropTable:
		p.addf("DROP TABLE %s", quoteName(c.From.Name))
		p.steps[0].LockTimeout = lockTimeout
	case schema.RenameTable:
		p.alter(c.From, "RENAME TO %s", quote(c.To.Name))
		if c.From.Schema != c.To.Schema {
			p.alter(schema.Name{Schema: c.From.Schema, Name: c.To.Name}, "SET SCHEMA %s", quote(c.To.Schema))
		}
	case schema.ModifyTable:
		return p.modifyTable(c.From, c.To)
	case schema.AddColumn:
		sql, err := p.columnSQL(c.Column)
		if err != nil {
			return err
		}
		p.alter(c.In, "ADD COLUMN %s", sql)
		if why := p.addColumnRewrites(c.Column); why != "" {
			p.rewrites(c.In, why)
		}
		p.commentColumn(c.In, c.Column.Name, "", c.Column.Comment)
		p.setColumnOptions(c.In, c.Column.Name, c.Column.Type, nil, c.Column.Options, true)
	case schema.DropColumn:
		if ledger.IsRetyped(c.Column.Name) {
			p.dropUnfinished(c.In, c.Column.Name)
			return nil
		}
		if err := p.cutsBy(c.In, c.Column.Name, "go"); err != nil {
			return err
		}
		p.alter(c.In, "DROP COLUMN %s", quote(c.Column.Name))
	case schema.ModifyColumn:
		return p.modifyColumn(c)
	case schema.RenameColumn:
		p.alter(c.In, "RENAME COLUMN %s TO %s", quote(c.From), quote(c.To))
	case schema.EmptyTable:
		p.emptyTable(c.In)
	case schema.AdvanceSequences:
		p.advanceSequences(c.To, c.Past)
	case schema.AddAside:
		p.addAside(c)
	case schema.ReplaceRows:
		return p.replaceRows(c)
	case schema.RestoreRows:
		p.restoreRows(p.ledger, c)
	default:
		return p.changeConstraint(change)
	}
	return nil
}

func (p *stepPlan) addEnum(e schema.Enum) {
	labels := make([]string, len(e.Labels))
	for i, l := range e.Labels {
		labels[i] = literal(l)
	}
	p.addf("CREATE TYPE %s AS ENUM (%s)", quoteName(e.Name), strings.Join(labels, ", "))
	p.comment("TYPE "+quoteName(e.Name), "", e.Comment)
}

func (p *stepPlan) addDomain(d schema.Domain) error {
	base, err := typeSQL(d.Base)
	if err != nil {
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "CREATE DOMAIN %s AS %s", quoteName(d.Name), base)
	if d.Collation != "" {
		b.WriteString(" COLLATE " + d.Collation)
	}
	if d.Default != nil {
		b.WriteString(" DEFAULT " + defaultSQL(d.Base, d.Default))
	}
	if d.NotNull {
		b.WriteString(" NOT NULL")
	}
	for _, k := range d.Checks {
		if !k.NotValid {
			fmt.Fprintf(&b, " CONSTRAINT %s CHECK (%s)", quote(k.Name), k.Expr)
		}
	}
	p.add(b.String())
	for _, k := range d.Checks {
		if k.NotValid {
			p.addf("ALTER DOMAIN %s ADD CONSTRAINT %s CHECK (%s) NOT VALID", quoteName(d.Name), quote(k.Name), k.Expr)
		}
		p.comment("CONSTRAINT "+quote(k.Name)+" ON DOMAIN "+quoteName(d.Name), "", k.Comment)
	}
	p.comment("DOMAIN "+quoteName(d.Name), "", d.Comment)
	return nil
}

func (p *stepPlan) addSequence(s schema.Sequence) {
	text := "CREATE "
	if s.Unlogged {
		text += "UNLOGGED "
	}
	text += "SEQUENCE " + quoteName(s.Name)
	if s.Type != "" {
		text += " AS " + s.Type
	}
	if o := sequenceOptions(s.Start, s.Increment, s.Min, s.Max, s.Cache, s.Cycle); o != "" {
		text += " " + o
	}
	p.add(text)
	p.comment("SEQUENCE "+quoteName(s.Name), "", s.Comment)
}

func sequenceOptions(start, increment, lowest, highest, cache string, cycle bool) string {
	var o []string
	for _, x := range [][2]string{{"INCREMENT BY", increment}, {"MINVALUE", lowest}, {"MAXVALUE", highest}, {"START WITH", start}, {"CACHE", cache}} {
		if x[1] != "" {
			o = append(o, x[0]+" "+x[1])
		}
	}
	if cycle {
		o = append(o, "CYCLE")
	}
	return strings.Join(o, " ")
}

// comment sets what is said of an object, where it changes.
func (p *stepPlan) comment(object, from, to string) {
	switch {
	case from == to:
	case to == "":
		p.addf("COMMENT ON %s IS NULL", object)
	default:
		p.addf("COMMENT ON %s IS %s", object, literal(to))
	}
}

func (p *stepPlan) commentColumn(in schema.Name, column, from, to string) {
	p.comment("COLUMN "+quoteName(in)+"."+quote(column), from, to)
}

// special are the keys of Table.Options that are not storage parameters.
func isSpecialOption(k string) bool { return k == "unlogged" || k == "tablespace" || k == "using" }

// withClause writes storage parameters, "" where there are none.
func withClause(options map[string]string) string {
	var o []string
	for _, k := range slices.Sorted(maps.Keys(options)) {
		if !isSpecialOption(k) {
			o = append(o, optionKey(k)+" = "+literal(options[k]))
		}
	}
	if len(o) == 0 {
		return ""
	}
	return " WITH (" + strings.Join(o, ", ") + ")"
}

// optionKey quotes a storage parameter: toast.autovacuum_enabled has two parts.
func optionKey(k string) string {
	parts := strings.Split(k, ".")
	for i := range parts {
		parts[i] = quoteIfNeeded(parts[i])
	}
	return strings.Join(parts, ".")
}
