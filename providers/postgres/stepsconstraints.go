package postgres

import (
	"errors"
	"fmt"
	"strings"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// changeConstraint plans keys, indexes, foreign keys, checks and exclusions.
func (p *stepPlan) changeConstraint(change schema.Change) error {
	switch c := change.(type) {
	case schema.AddPrimaryKey:
		return p.addKey(c.In, "PRIMARY KEY", c.Key)
	case schema.DropPrimaryKey:
		return p.dropConstraint(c.In, c.Key.Name)
	case schema.AddUnique:
		return p.addKey(c.In, "UNIQUE", c.Key)
	case schema.DropUnique:
		return p.dropConstraint(c.In, c.Key.Name)
	case schema.AddIndex:
		return p.addIndex(c.In, c.Index)
	case schema.DropIndex:
		p.dropIndex(c.In, c.Index)
	case schema.AddForeignKey:
		p.addForeignKey(c.In, c.Key)
	case schema.DropForeignKey:
		return p.dropConstraint(c.In, c.Key.Name)
	case schema.AddCheck:
		p.addCheck(c.In, c.Check)
	case schema.DropCheck:
		return p.dropConstraint(c.In, c.Check.Name)
	case schema.AddExclusion:
		p.alter(c.In, "ADD CONSTRAINT %s %s", quote(c.Exclusion.Name), c.Exclusion.Definition)
		p.locksTable(c.In, "the index of an exclusion constraint is built while nobody writes to the table; the server has no other way")
		p.commentConstraint(c.In, c.Exclusion.Name, c.Exclusion.Comment)
	case schema.DropExclusion:
		return p.dropConstraint(c.In, c.Exclusion.Name)
	default:
		return fmt.Errorf("bug in syncform: PostgreSQL has no steps for %T", change)
	}
	return nil
}

func (p *stepPlan) commentConstraint(in schema.Name, name, text string) {
	if name != "" {
		p.comment("CONSTRAINT "+quote(name)+" ON "+quoteName(in), "", text)
	}
}

func (p *stepPlan) dropConstraint(in schema.Name, name string) error {
	if name == "" {
		return errors.New("bug in syncform: a constraint without a name")
	}
	p.alter(in, "DROP CONSTRAINT %s", quote(name))
	return nil
}

func (p *stepPlan) commentKey(in schema.Name, k schema.Key) {
	p.commentConstraint(in, k.Name, k.Comment)
	if k.Name != "" {
		p.comment("INDEX "+quoteName(schema.Name{Schema: in.Schema, Name: k.Name}), "", k.IndexComment)
	}
}

func named(name string) string {
	if name == "" {
		return ""
	}
	return "CONSTRAINT " + quote(name) + " "
}

func deferral(deferrable, deferred bool) string {
	switch {
	case deferred:
		return " DEFERRABLE INITIALLY DEFERRED"
	case deferrable:
		return " DEFERRABLE"
	}
	return ""
}

func (p *stepPlan) addKey(in schema.Name, what string, k schema.Key) error {
	for _, part := range k.Parts {
		if part.Column == "" {
			return errNoParts
		}
	}
	if done, err := p.addKeySafely(in, what, k); done || err != nil {
		return err
	}
	text := "ADD " + named(k.Name) + what
	if k.NullsNotDistinct {
		text += " NULLS NOT DISTINCT"
	}
	text += " (" + quoteAll(k.Columns())
	if k.WithoutOverlaps {
		text += " WITHOUT OVERLAPS"
	}
	text += ")"
	if len(k.Include) > 0 {
		text += " INCLUDE (" + quoteAll(k.Include) + ")"
	}
	p.alter(in, "%s", text+withClause(k.Options)+deferral(k.Deferrable, k.Deferred))
	p.locksTable(in, "the key's index is built while nobody writes to the table")
	p.commentKey(in, k)
	return nil
}

// addIndex makes an index; on a table that may be in use, without locking it.
func (p *stepPlan) addIndex(in schema.Name, x schema.Index) error {
	parts := make([]string, len(x.Parts))
	for i, part := range x.Parts {
		sql, err := partSQL(part)
		if err != nil {
			return fmt.Errorf("index %q: %w", x.Name, err)
		}
		parts[i] = sql
	}
	var b strings.Builder
	b.WriteString("CREATE ")
	if x.Unique {
		b.WriteString("UNIQUE ")
	}
	concurrently := !p.isNew(in) && !p.isPartitioned(in)
	b.WriteString("INDEX ")
	if concurrently {
		b.WriteString("CONCURRENTLY ")
	}
	b.WriteString(quote(x.Name) + " ON " + quoteName(in))
	if x.Method != "" && x.Method != "btree" {
		b.WriteString(" USING " + quote(x.Method))
	}
	b.WriteString(" (" + strings.Join(parts, ", ") + ")")
	if len(x.Include) > 0 {
		b.WriteString(" INCLUDE (" + quoteAll(x.Include) + ")")
	}
	if x.NullsNotDistinct {
		b.WriteString(" NULLS NOT DISTINCT")
	}
	b.WriteString(withClause(x.Options))
	if s := x.Options["tablespace"]; s != "" {
		b.WriteString(" TABLESPACE " + quote(s))
	}
	if x.Where != "" {
		b.WriteString(" WHERE " + asWritten(x.Where))
	}
	name := schema.Name{Schema: in.Schema, Name: x.Name}
	if concurrently {
		// What a run that was cut short has left is not valid, and goes first (RunStep).
		p.steps = append(p.steps, providers.Step{Text: b.String(), Done: indexDone(name), Reverse: "DROP INDEX CONCURRENTLY IF EXISTS " + quoteName(name)})
		if x.Unique {
			p.hazard(providers.HazardDuplicates, "it fails while rows have the same values")
		}
	} else {
		p.add(b.String())
		if !p.isNew(in) {
			p.steps[len(p.steps)-1].LockTimeout = lockTimeout
		}
		p.locksTable(in, "the index of a partitioned table is built while nobody writes to it")
	}
	p.comment("INDEX "+quoteName(name), "", x.Comment)
	return nil
}

// indexDone asks whether an index is there and valid.
func indexDone(n schema.Name) string {
	return "SELECT coalesce((SELECT indisvalid FROM pg_catalog.pg_index WHERE indexrelid = pg_catalog.to_regclass(" + literal(quoteName(n)) + ")), false)"
}

func partSQL(part schema.KeyPart) (string, error) {
	s := quote(part.Column)
	switch {
	case part.Prefix > 0:
		return "", errors.New("PostgreSQL has no prefix indexes")
	case part.Column == "" && part.Expr == "":
		return "", errors.New("bug in syncform: a part without column and expression")
	case part.Expr != "":
		s = "(" + asWritten(part.Expr) + ")"
	}
	if part.Collation != "" {
		s += " COLLATE " + part.Collation
	}
	if part.OpClass != "" {
		s += " " + part.OpClass
	}
	if part.Desc {
		s += " DESC"
	}
	if part.NullsFirst != nil {
		if *part.NullsFirst {
			s += " NULLS FIRST"
		} else {
			s += " NULLS LAST"
		}
	}
	return s, nil
}

func (p *stepPlan) dropIndex(in schema.Name, x schema.Index) {
	name := quoteName(schema.Name{Schema: in.Schema, Name: x.Name})
	if p.isNew(in) || p.isPartitioned(in) {
		p.addf("DROP INDEX %s", name)
		if !p.isNew(in) {
			p.steps[len(p.steps)-1].LockTimeout = lockTimeout
		}
		return
	}
	p.steps = append(p.steps, providers.Step{Text: "DROP INDEX CONCURRENTLY IF EXISTS " + name, Done: "SELECT pg_catalog.to_regclass(" + literal(name) + ") IS NULL"})
}

// addForeignKey adds a foreign key; where rows are written meanwhile it is checked
// in a step of its own, which locks nobody out.
func (p *stepPlan) addForeignKey(in schema.Name, k schema.ForeignKey) {
	var b strings.Builder
	b.WriteString("ADD " + named(k.Name) + "FOREIGN KEY (" + columnsOf(k.Columns, k.Period) + ") REFERENCES " + quoteName(k.RefTable))
	if len(k.RefColumns) > 0 {
		b.WriteString(" (" + columnsOf(k.RefColumns, k.Period) + ")")
	}
	if k.Match == "FULL" {
		b.WriteString(" MATCH FULL")
	}
	if k.OnUpdate != "" && k.OnUpdate != "NO ACTION" {
		b.WriteString(" ON UPDATE " + k.OnUpdate)
	}
	if k.OnDelete != "" && k.OnDelete != "NO ACTION" {
		b.WriteString(" ON DELETE " + k.OnDelete)
		if len(k.SetColumns) > 0 {
			b.WriteString(" (" + quoteAll(k.SetColumns) + ")")
		}
	}
	b.WriteString(deferral(k.Deferrable, k.Deferred))
	if k.NotEnforced {
		b.WriteString(" NOT ENFORCED")
	}
	later := !p.isNew(in) && !p.isPartitioned(in) && k.Name != "" && !k.NotEnforced
	if k.NotValid || later {
		b.WriteString(" NOT VALID")
	}
	p.alter(in, "%s", b.String())
	if later && !k.NotValid {
		p.validate(in, k.Name)
	} else if !k.NotValid && !k.NotEnforced {
		p.locksTable(in, "every row is looked up while nobody writes to either table")
	}
	p.commentConstraint(in, k.Name, k.Comment)
}

// columnsOf lists a foreign key's columns, the last as a period where it is one.
func columnsOf(names []string, period bool) string {
	if !period {
		return quoteAll(names)
	}
	last := len(names) - 1
	return quoteAll(names[:last]) + ", PERIOD " + quote(names[last])
}

func (p *stepPlan) addCheck(in schema.Name, k schema.Check) {
	later := !p.isNew(in) && k.Name != "" && !k.NotEnforced
	text := "ADD " + checkSQL(k)
	if k.NotValid || later {
		text += " NOT VALID"
	}
	p.alter(in, "%s", text)
	if later && !k.NotValid {
		p.validate(in, k.Name)
	}
	p.commentConstraint(in, k.Name, k.Comment)
}
