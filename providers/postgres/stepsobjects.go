package postgres

import (
	"fmt"
	"slices"
	"strings"

	"github.com/syncform/syncform/providers/schema"
)

// changeObject plans what belongs to no table, and renames and comments of parts of one;
// it reports false for all other changes.
func (p *stepPlan) changeObject(change schema.Change) (bool, error) {
	switch c := change.(type) {
	case schema.DropSchema:
		p.addf("DROP SCHEMA %s", quote(c.Schema))
	case schema.DropEnum:
		p.addf("DROP TYPE %s", quoteName(c.Enum.Name))
	case schema.DropDomain:
		p.addf("DROP DOMAIN %s", quoteName(c.Domain.Name))
	case schema.ModifyDomain:
		return true, p.modifyDomain(c.From, c.To)
	case schema.DropSequence:
		if p.db == nil || slices.ContainsFunc(p.db.Sequences, func(q schema.Sequence) bool { return q.Name == c.Sequence.Name }) { // else it went with its column
			p.addf("DROP SEQUENCE IF EXISTS %s", quoteName(c.Sequence.Name))
		}
	case schema.ModifySequence:
		p.modifySequence(c.From, c.To)
	case schema.OwnSequence:
		if c.Sequence.OwnerColumn == "" {
			p.addf("ALTER SEQUENCE %s OWNED BY NONE", quoteName(c.Sequence.Name))
			break
		}
		p.addf("ALTER SEQUENCE %s OWNED BY %s.%s", quoteName(c.Sequence.Name), quoteName(c.Sequence.OwnerTable), quote(c.Sequence.OwnerColumn))
	case schema.RenameIndex:
		p.addf("ALTER INDEX %s RENAME TO %s", quoteName(schema.Name{Schema: c.In.Schema, Name: c.From}), quote(c.To))
		p.steps[len(p.steps)-1].LockTimeout = lockTimeout
	case schema.RenameConstraint:
		p.alter(c.In, "RENAME CONSTRAINT %s TO %s", quote(c.From), quote(c.To))
	case schema.SetMarks:
		p.setMarks(c.In, c.From, c.To)
	case schema.SetStorage:
		p.setStorage(c)
	case schema.SetComment:
		object := "CONSTRAINT " + quote(c.Name) + " ON " + quoteName(c.In)
		if c.Kind == "index" || c.Kind == "key index" {
			object = "INDEX " + quoteName(schema.Name{Schema: c.In.Schema, Name: c.Name})
		}
		text := "NULL"
		if c.Text != "" {
			text = literal(c.Text)
		}
		p.addf("COMMENT ON %s IS %s", object, text)
	default:
		return false, nil
	}
	return true, nil
}

// modifyDomain changes a domain in place; where its base changes it is made anew and
// the columns move over to it.
func (p *stepPlan) modifyDomain(from, to schema.Domain) error {
	name := quoteName(to.Name)
	if !from.Base.Equal(to.Base) || from.Collation != to.Collation {
		return p.remakeDomain(from, to)
	}
	if err := p.holdsDomain(from, to); err != nil {
		return err
	}
	alter := func(format string, args ...any) { p.add("ALTER DOMAIN " + name + " " + fmt.Sprintf(format, args...)) }
	find := func(list []schema.Check, k schema.Check) int {
		return slices.IndexFunc(list, func(o schema.Check) bool { return o.Name == k.Name })
	}
	for _, k := range from.Checks {
		if i := find(to.Checks, k); i < 0 || to.Checks[i].Expr != k.Expr || to.Checks[i].NotValid && !k.NotValid {
			alter("DROP CONSTRAINT %s", quote(k.Name))
		}
	}
	if !sameDefault(from.Default, to.Default) {
		if to.Default == nil {
			alter("DROP DEFAULT")
		} else {
			alter("SET DEFAULT %s", defaultSQL(to.Base, to.Default))
		}
	}
	switch {
	case from.NotNull && !to.NotNull:
		alter("DROP NOT NULL")
	case !from.NotNull && to.NotNull:
		alter("SET NOT NULL")
	}
	for _, k := range to.Checks {
		i := find(from.Checks, k)
		switch {
		case i < 0 || from.Checks[i].Expr != k.Expr || k.NotValid && !from.Checks[i].NotValid:
			text := fmt.Sprintf("ADD CONSTRAINT %s CHECK (%s)", quote(k.Name), k.Expr)
			if k.NotValid {
				text += " NOT VALID"
			}
			alter("%s", text)
			p.comment("CONSTRAINT "+quote(k.Name)+" ON DOMAIN "+name, "", k.Comment)
		default:
			if from.Checks[i].NotValid && !k.NotValid {
				alter("VALIDATE CONSTRAINT %s", quote(k.Name))
			}
			p.comment("CONSTRAINT "+quote(k.Name)+" ON DOMAIN "+name, from.Checks[i].Comment, k.Comment)
		}
	}
	p.comment("DOMAIN "+name, from.Comment, to.Comment)
	return nil
}

// holdsDomain refuses a check, or NOT NULL, of a domain that arrays are made of: the
// server can't look at what they hold.
func (p *stepPlan) holdsDomain(from, to schema.Domain) error {
	asks := to.NotNull && !from.NotNull || slices.ContainsFunc(to.Checks, func(k schema.Check) bool {
		return !k.NotValid && !slices.ContainsFunc(from.Checks, func(o schema.Check) bool { return o.Name == k.Name && o.Expr == k.Expr && !o.NotValid })
	})
	if p.db == nil || !asks {
		return nil
	}
	for _, t := range p.db.Tables {
		for _, c := range t.Columns {
			if e := c.Type.Elem; e != nil && e.Domain && e.Name == to.Name {
				return fmt.Errorf("domain %s is to be narrower, and column %q of table %s is an array of it, whose values the server can't check: change the column by hand first", to.Name, c.Name, t.Name)
			}
		}
	}
	return nil
}

func (p *stepPlan) remakeDomain(from, to schema.Domain) error {
	for _, d := range p.db.Domains {
		if d.Base.Domain && d.Base.Name == to.Name {
			return fmt.Errorf("the base of domain %s changes, and domain %s is made of it: change them by hand", to.Name, d.Name)
		}
	}
	old := schema.Name{Schema: to.Name.Schema, Name: clip(to.Name.Name, "_sync_old")}
	statements := []string{fmt.Sprintf("ALTER DOMAIN %s RENAME TO %s", quoteName(to.Name), quote(old.Name))}
	make := &stepPlan{db: p.db, version: p.version}
	if err := make.addDomain(to); err != nil {
		return err
	}
	for _, s := range make.steps {
		statements = append(statements, s.Text)
	}
	base, err := typeSQL(to.Base)
	if err != nil {
		return err
	}
	for _, t := range p.db.Tables {
		for _, c := range t.Columns {
			switch {
			case c.Type.Domain && c.Type.Name == to.Name && c.Generated == nil:
				statements = append(statements, p.moveColumn(t.Name, c, quoteName(to.Name), base)...)
			case c.Type.Kind == schema.Array && c.Type.Elem != nil && c.Type.Elem.Domain && c.Type.Elem.Name == to.Name:
				statements = append(statements, p.moveColumn(t.Name, c, quoteName(to.Name)+"[]", base+"[]")...)
			}
		}
	}
	statements = append(statements, "DROP DOMAIN "+quoteName(old))
	p.add(strings.Join(statements, ";\n"))
	p.steps[len(p.steps)-1].LockTimeout = lockTimeout
	return nil
}

// moveColumn gives a column another type by way of a third, with its default.
func (p *stepPlan) moveColumn(in schema.Name, c schema.Column, typ, via string) []string {
	alter := "ALTER TABLE " + quoteName(in) + " ALTER COLUMN " + quote(c.Name)
	var out []string
	if c.Default != nil {
		out = append(out, alter+" DROP DEFAULT")
	}
	out = append(out, alter+" TYPE "+typ+" USING "+quote(c.Name)+"::"+via+"::"+typ)
	if c.Default != nil {
		out = append(out, alter+" SET DEFAULT "+defaultSQL(c.Type, c.Default))
	}
	return out
}
