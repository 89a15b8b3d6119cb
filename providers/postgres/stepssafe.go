package postgres

import (
	"errors"
	"fmt"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// The forms of changes that keep nobody waiting for longer than lockTimeout, on tables
// that hold rows and may be in use: docs/hazards says why each is as it is.

// hazard attaches what remains unsafe to the last step.
func (p *stepPlan) hazard(code, format string, args ...any) {
	s := &p.steps[len(p.steps)-1]
	s.Hazards = append(s.Hazards, providers.Hazard{Code: code, Text: fmt.Sprintf(format, args...)})
}

// addKeySafely builds the index of a key while others read and write, and makes the
// constraint of it. It reports false where that can't be: the key has no name, or the
// table is partitioned.
func (p *stepPlan) addKeySafely(in schema.Name, what string, k schema.Key) (bool, error) {
	if p.isNew(in) || p.isPartitioned(in) || k.Name == "" || k.WithoutOverlaps {
		return false, nil
	}
	t := p.db.Table(in)
	if what == "PRIMARY KEY" {
		for _, name := range k.Columns() {
			if c := t.Column(name); c != nil && c.Nullable {
				p.setNotNull(in, name)
			}
		}
	}
	x := schema.Index{Name: k.Name, Unique: true, Parts: k.Parts, Include: k.Include, NullsNotDistinct: k.NullsNotDistinct, Options: k.Options}
	left := p.indexLeft(t, x.Name)
	switch {
	case left == nil || left.Invalid:
		if left != nil {
			p.dropIndex(in, *left)
		}
		if err := p.addIndex(in, x); err != nil {
			return true, err
		}
	case !left.Unique || !sameParts(left.Parts, k.Parts):
		return true, fmt.Errorf("an index %q is there already and is another", k.Name)
	}
	p.alter(in, "ADD CONSTRAINT %s %s USING INDEX %s%s", quote(k.Name), what, quote(k.Name), deferral(k.Deferrable, k.Deferred))
	p.commentKey(in, k)
	return true, nil
}

// indexLeft finds an index of that name that the table has already.
func (p *stepPlan) indexLeft(t *schema.Table, name string) *schema.Index {
	for i := range t.Indexes {
		if t.Indexes[i].Name == name {
			return &t.Indexes[i]
		}
	}
	return nil
}

func sameParts(a, b []schema.KeyPart) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Column != b[i].Column || a[i].Expr != b[i].Expr {
			return false
		}
	}
	return true
}

// setNotNull proves by a check, which is validated while others write, that no row holds
// NULL; the column is then marked without a look at the rows. PostgreSQL 18 validates the
// mark itself. Until it has, the inspection takes the column as one that may be NULL.
func (p *stepPlan) setNotNull(in schema.Name, column string) {
	if p.isNew(in) && !p.notNullNotValid(in, column) {
		p.alter(in, "ALTER COLUMN %s SET NOT NULL", quote(column))
		return
	}
	table := quoteName(in)
	if p.version >= 180000 {
		p.alter(in, "ADD NOT NULL %s NOT VALID", quote(column))
		p.add("DO " + dollarQuote(fmt.Sprintf(`DECLARE
    name text;
BEGIN
SELECT k.conname INTO name FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
    WHERE k.contype = 'n' AND NOT k.convalidated AND k.conrelid = %s::pg_catalog.regclass AND a.attname = %s;
IF FOUND THEN
    EXECUTE pg_catalog.format('ALTER TABLE %%s VALIDATE CONSTRAINT %%I', %[1]s, name);
END IF;
END`, literal(table), literal(column))))
		p.hazard(providers.HazardViolations, validating)
		return
	}
	name := clip("_sync_"+column, "_not_null")
	p.alter(in, "DROP CONSTRAINT IF EXISTS %s, ADD CONSTRAINT %s CHECK (%s IS NOT NULL) NOT VALID", quote(name), quote(name), quote(column))
	p.validate(in, name)
	p.alter(in, "ALTER COLUMN %s SET NOT NULL;\nALTER TABLE %s DROP CONSTRAINT %s", quote(column), table, quote(name))
}

// notNullNotValid reports whether a column is marked NOT NULL for new rows alone: the
// server takes SET NOT NULL for done.
func (p *stepPlan) notNullNotValid(in schema.Name, column string) bool {
	if p.db == nil || p.db.Table(in) == nil {
		return false
	}
	c := p.db.Table(in).Column(column)
	return c != nil && c.Options["not_null"] != ""
}

// validate checks the rows against a constraint while others read and write.
func (p *stepPlan) validate(in schema.Name, name string) {
	p.addf("ALTER TABLE %s VALIDATE CONSTRAINT %s", quoteName(in), quote(name))
	p.hazard(providers.HazardViolations, validating)
}

const validating = "it fails while a row breaks it; the server reads the whole table, and others go on"

// locksTable marks the last step as one that keeps writers out for as long as the server
// works on the rows.
func (p *stepPlan) locksTable(in schema.Name, why string) {
	if !p.isNew(in) {
		p.hazard(providers.HazardLock, "%s", why)
	}
}

// rewrites marks the last step as one for which the server writes the table anew.
func (p *stepPlan) rewrites(in schema.Name, why string) {
	if !p.isNew(in) {
		p.hazard(providers.HazardRewrite, "%s: the server rewrites the table, and nobody reads or writes it meanwhile", why)
	}
}

// addColumnRewrites says why the server would write every row for a column that is
// added, "" where it does not.
func (p *stepPlan) addColumnRewrites(c schema.Column) string {
	switch {
	case c.Generated != nil && c.Generated.Stored:
		return "the values of a stored generated column are computed"
	case c.Identity != nil:
		return "every row gets a number"
	case c.Default != nil && !c.Default.Literal:
		return "the default may differ from row to row"
	case c.Type.Domain:
		return "the column's type is a domain"
	}
	return ""
}

var errNoParts = errors.New("a constraint can't be over an expression: use a unique index")
