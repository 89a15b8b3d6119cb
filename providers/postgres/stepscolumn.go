package postgres

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/syncform/syncform/providers/schema"
)

// modifyColumn changes a column in place: what depends on the type goes first and
// comes back after it.
func (p *stepPlan) modifyColumn(c schema.ModifyColumn) error {
	from, to := c.From, c.To
	col := quote(to.Name)
	if from.Generated != nil || to.Generated != nil {
		if done, err := p.modifyGenerated(c); done || err != nil {
			return err
		}
	}
	if aside, _ := p.retypesAside(c); aside {
		return p.retypeAside(c)
	}
	retyped := !from.Type.Equal(to.Type) || from.Collation != to.Collation
	if retyped {
		if err := p.cutsBy(c.In, to.Name, "have another type or collation"); err != nil {
			return err
		}
	}
	defaults := from.Default != nil && (retyped || to.Default == nil || to.Identity != nil)
	if defaults {
		p.alter(c.In, "ALTER COLUMN %s DROP DEFAULT", col)
		if to.Identity != nil {
			p.dropOwned(c.In, to.Name) // its name is the identity's own sequence's
		}
	}
	if from.Identity != nil && to.Identity == nil {
		p.alter(c.In, "ALTER COLUMN %s DROP IDENTITY", col)
	}
	if retyped {
		typ, err := typeSQL(to.Type)
		if err != nil {
			return err
		}
		collate := ""
		if to.Collation != "" { // else the type's own
			collate = " COLLATE " + to.Collation
		}
		p.alter(c.In, "ALTER COLUMN %s TYPE %s%s USING %s", col, typ, collate, p.conversion(col, from.Type, to.Type, typ))
		p.cutsNothing(c, typ)
	}
	if to.Default != nil && to.Generated == nil && (defaults || !sameDefault(from.Default, to.Default)) {
		p.alter(c.In, "ALTER COLUMN %s SET DEFAULT %s", col, defaultSQL(to.Type, to.Default))
	}
	if from.Nullable && !to.Nullable {
		p.setNotNull(c.In, to.Name)
	}
	if to.Identity != nil {
		p.modifyIdentity(c)
	}
	notValid := from.Options["not_null"] != "" && to.Options["not_null"] == "" && to.Nullable
	if !from.Nullable && to.Nullable || notValid {
		p.alter(c.In, "ALTER COLUMN %s DROP NOT NULL", col)
	}
	p.commentColumn(c.In, to.Name, from.Comment, to.Comment)
	p.setColumnOptions(c.In, to.Name, to.Type, from.Options, to.Options, retyped)
	return nil
}

// cutsBy refuses what the server does not do to a column by which rows find their
// partition.
func (p *stepPlan) cutsBy(in schema.Name, column, what string) error {
	if p.db == nil || p.db.Table(in) == nil {
		return nil
	}
	var cut func(*schema.Partitioning) bool
	cut = func(g *schema.Partitioning) bool {
		if g == nil {
			return false
		}
		_, key, _ := strings.Cut(g.Definition, " ")
		_, uses := renameIn(key, column, "")
		return uses || slices.ContainsFunc(g.Partitions, func(part schema.Partition) bool { return cut(part.Partitioning) })
	}
	if !cut(p.db.Table(in).Partition) {
		return nil
	}
	return fmt.Errorf("the table is partitioned by column %q, which can't %s in place: make another table and move the rows by hand", column, what)
}

// cutsNothing has the last step, a change to a narrower type, look at every row first: a
// cast cuts or rounds without a word.
func (p *stepPlan) cutsNothing(c schema.ModifyColumn, typ string) {
	if c.Type != schema.Narrows || p.isNew(c.In) || c.From.Generated != nil || !equates(c.From.Type) {
		return
	}
	back, err := typeSQL(c.From.Type)
	if err != nil {
		return
	}
	col := quote(c.To.Name)
	same := fmt.Sprintf("%s IS NOT DISTINCT FROM %s", col, p.conversion("("+p.conversion(col, c.From.Type, c.To.Type, typ)+")", c.To.Type, c.From.Type, back))
	s := &p.steps[len(p.steps)-1]
	s.Text = "LOCK TABLE " + quoteName(c.In) + " IN ACCESS EXCLUSIVE MODE;\n" + tellRow(p.db.Table(c.In), col, same, typ) + ";\n" + s.Text
}

// dropOwned drops the sequence that only numbered a column.
func (p *stepPlan) dropOwned(in schema.Name, column string) {
	if p.db == nil {
		return
	}
	for _, q := range p.db.Sequences {
		if q.OwnerTable == in && q.OwnerColumn == column {
			p.addf("DROP SEQUENCE IF EXISTS %s", quoteName(q.Name))
		}
	}
}

func sameDefault(a, b *schema.Default) bool {
	return a == nil && b == nil || a != nil && b != nil && *a == *b
}

// conversion is the expression that makes the new value of the old one.
func (p *stepPlan) conversion(col string, from, to schema.Type, typ string) string {
	if !casts(from, to) {
		return col + "::text::" + typ // a text that is no such value is refused, never bent
	}
	return col + "::" + typ
}

// modifyGenerated changes how a column is computed; done reports that nothing is left.
func (p *stepPlan) modifyGenerated(c schema.ModifyColumn) (done bool, err error) {
	from, to := c.From, c.To
	col := quote(to.Name)
	switch {
	case from.Generated != nil && to.Generated == nil && from.Generated.Stored:
		p.alter(c.In, "ALTER COLUMN %s DROP EXPRESSION", col)
		return false, nil
	case from.Generated != nil && to.Generated != nil && *from.Generated == *to.Generated && from.Type.Equal(to.Type):
		return false, nil
	case from.Generated != nil && to.Generated != nil && from.Generated.Stored == to.Generated.Stored && from.Type.Equal(to.Type) && p.version >= 170000:
		p.alter(c.In, "ALTER COLUMN %s SET EXPRESSION AS (%s)", col, to.Generated.Expr)
		return false, nil
	case from.Generated != nil && to.Generated == nil:
		// A virtual column holds no values: they are put into a plain one in its place.
		plain := to
		plain.Options = nil
		plain.Name, plain.Default, plain.Identity, plain.Nullable, plain.Comment = clip(to.Name, "_sync_new"), nil, nil, true, ""
		sql, err := p.columnSQL(plain)
		if err != nil {
			return true, err
		}
		t := quoteName(c.In)
		p.add(fmt.Sprintf("ALTER TABLE %[1]s ADD COLUMN %[2]s;\nUPDATE %[1]s SET %[3]s = %[4]s;\nALTER TABLE %[1]s DROP COLUMN %[4]s;\nALTER TABLE %[1]s RENAME COLUMN %[3]s TO %[4]s", t, sql, quote(plain.Name), col))
		plain.Name = to.Name
		return true, p.modifyColumn(schema.ModifyColumn{In: c.In, From: plain, To: to})
	case from.Generated == nil && to.Generated != nil:
		return true, errors.New("PostgreSQL can't turn a column that holds values into a generated one in place")
	}
	// The values are computed: the column is made anew, at the end of the table.
	sql, err := p.columnSQL(to)
	if err != nil {
		return true, err
	}
	p.alter(c.In, "DROP COLUMN %s", col)
	p.alter(c.In, "ADD COLUMN %s", sql)
	p.commentColumn(c.In, to.Name, "", to.Comment)
	p.setColumnOptions(c.In, to.Name, to.Type, nil, to.Options, true)
	return true, nil
}

// modifyEnum adds labels in their places; where labels go or change order the type is
// made anew and the columns move over to it.
func (p *stepPlan) modifyEnum(from, to schema.Enum) error {
	name := quoteName(to.Name)
	if keepsLabels(from.Labels, to.Labels) {
		for i, l := range to.Labels {
			switch {
			case slices.Contains(from.Labels, l):
			case i > 0:
				p.addf("ALTER TYPE %s ADD VALUE IF NOT EXISTS %s AFTER %s", name, literal(l), literal(to.Labels[i-1]))
			case len(from.Labels) > 0:
				p.addf("ALTER TYPE %s ADD VALUE IF NOT EXISTS %s BEFORE %s", name, literal(l), literal(from.Labels[0]))
			default:
				p.addf("ALTER TYPE %s ADD VALUE IF NOT EXISTS %s", name, literal(l))
			}
		}
		p.comment("TYPE "+name, from.Comment, to.Comment)
		return nil
	}
	return p.remakeEnum(from, to)
}

// keepsLabels reports whether the old labels are all there, in their old order.
func keepsLabels(from, to []string) bool {
	i := 0
	for _, l := range to {
		if i < len(from) && from[i] == l {
			i++
		}
	}
	return i == len(from)
}

func (p *stepPlan) remakeEnum(from, to schema.Enum) error {
	name := quoteName(to.Name)
	for _, d := range p.db.Domains {
		if usesEnum(d.Base, to.Name) {
			return fmt.Errorf("labels of enum %s go or change order, and domain %s is made of it: change them by hand", to.Name, d.Name)
		}
	}
	var removed []string
	for _, l := range from.Labels {
		if !slices.Contains(to.Labels, l) {
			removed = append(removed, l)
		}
	}
	old := schema.Name{Schema: to.Name.Schema, Name: clip(to.Name.Name, "_sync_old")}
	statements := []string{fmt.Sprintf("ALTER TYPE %s RENAME TO %s", name, quote(old.Name))}
	labels := make([]string, len(to.Labels))
	for i, l := range to.Labels {
		labels[i] = literal(l)
	}
	statements = append(statements, fmt.Sprintf("CREATE TYPE %s AS ENUM (%s)", name, strings.Join(labels, ", ")))
	for _, t := range p.db.Tables {
		for _, c := range t.Columns {
			if !usesEnum(c.Type, to.Name) || c.Generated != nil {
				continue
			}
			alter := "ALTER TABLE " + quoteName(t.Name) + " ALTER COLUMN " + quote(c.Name)
			typ, via := name, "text"
			if c.Type.Kind == schema.Array {
				typ, via = name+"[]", "text[]"
			}
			if c.Default != nil {
				statements = append(statements, alter+" DROP DEFAULT")
			}
			statements = append(statements, alter+" TYPE "+typ+" USING "+quote(c.Name)+"::"+via+"::"+typ)
			if c.Default != nil && !namesLabel(c.Default.Text, removed) { // else the column is to have another
				statements = append(statements, alter+" SET DEFAULT "+defaultSQL(c.Type, c.Default))
			}
		}
	}
	statements = append(statements, "DROP TYPE "+quoteName(old))
	p.add(strings.Join(statements, ";\n"))
	p.steps[len(p.steps)-1].LockTimeout = lockTimeout
	p.comment("TYPE "+name, "", to.Comment)
	return nil
}

// namesLabel reports whether a default is one of the labels, or holds one.
func namesLabel(text string, labels []string) bool {
	return slices.ContainsFunc(labels, func(l string) bool { return text == l || strings.Contains(text, l) })
}

func usesEnum(t schema.Type, n schema.Name) bool {
	if t.Kind == schema.Array && t.Elem != nil {
		return usesEnum(*t.Elem, n)
	}
	return t.Kind == schema.EnumKind && !t.Domain && t.Name == n
}
