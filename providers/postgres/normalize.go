package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// Normalize makes the tables as temporary ones in a transaction that is rolled back,
// and reads them back: defaults, expressions and types come out as the server spells
// them. Foreign keys, partitions and options stay as they are; so does a table that the
// server does not take by itself, for example one whose types are yet to be made.
func (c *Conn) Normalize(ctx context.Context, tables []schema.Table) ([]schema.Table, error) {
	if len(tables) == 0 {
		return nil, nil
	}
	n := &normalization{planner: stepPlan{version: c.version}}
	script, err := n.script(tables)
	if err != nil {
		return nil, err
	}
	s, err := c.acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer c.release(s)
	// What the server thinks of temporary tables at all is asked first: below, an error
	// only means one table.
	if err := s.exec(ctx, `BEGIN; CREATE TEMPORARY TABLE "_sync_load_probe" () ON COMMIT DROP; `+script); err != nil {
		s.rollback()
		err = classify(err)
		if errors.Is(err, providers.ErrPrivilege) {
			err = fmt.Errorf("%w: %w", providers.ErrReadOnly, err)
		}
		return nil, fmt.Errorf("normalize: %w", err)
	}
	defer s.rollback()
	r, err := readCatalogue(ctx, s, scope{namespace: "n.oid = (SELECT pg_my_temp_schema())", types: userNamespaces}, "SET LOCAL search_path = ''; ", "")
	if err != nil {
		return nil, fmt.Errorf("normalize: %w", err)
	}
	made := map[string]*schema.Table{}
	db := r.database()
	for i := range db.Tables {
		made[db.Tables[i].Name.Name] = &db.Tables[i]
	}
	out := make([]schema.Table, len(tables))
	for i, t := range tables {
		out[i] = t
		if m := made[n.names[i]]; m != nil {
			out[i] = n.merge(t, *m, i)
		}
	}
	return out, nil
}

// aliasPrefix names a temporary table where another one of the batch has its name.
const aliasPrefix = "_sync_normal_"

type normalization struct {
	planner stepPlan
	names   []string // the temporary tables'
}

// script makes all tables, each in a block of its own that may fail.
func (n *normalization) script(tables []schema.Table) (string, error) {
	var b strings.Builder
	b.WriteString("BEGIN\n")
	used := map[string]bool{"_sync_load_probe": true}
	types := map[string]bool{}
	for i, t := range tables {
		name := t.Name.Name
		if used[name] {
			name = fmt.Sprintf("%s%d", aliasPrefix, i)
		}
		used[name] = true
		n.names = append(n.names, name)
		for _, c := range t.Columns {
			if text := missingEnum(c.Type); text != "" && !types[text] {
				types[text] = true
				b.WriteString("BEGIN " + text + " EXCEPTION WHEN OTHERS THEN NULL; END;\n")
			}
		}
		statements, err := n.statements(t, schema.Name{Schema: "pg_temp", Name: name}, i)
		if err != nil {
			return "", fmt.Errorf("table %s: %w", t.Name, err)
		}
		b.WriteString("BEGIN\n")
		for _, s := range statements {
			b.WriteString("EXECUTE " + literal(s) + ";\n")
		}
		b.WriteString("EXCEPTION WHEN OTHERS THEN NULL; END;\n")
	}
	b.WriteString("END")
	return "DO " + dollarQuote(b.String()), nil
}

// missingEnum makes the enum of a column where it is not there yet.
func missingEnum(t schema.Type) string {
	if t.Kind == schema.Array && t.Elem != nil {
		return missingEnum(*t.Elem)
	}
	if t.Kind != schema.EnumKind || t.Domain || t.Name.Name == "" {
		return ""
	}
	labels := make([]string, len(t.Values))
	for i, l := range t.Values {
		labels[i] = literal(l)
	}
	name := quoteName(t.Name)
	return fmt.Sprintf("IF pg_catalog.to_regtype(%s) IS NULL THEN EXECUTE %s; EXECUTE %s; END IF;", literal(name),
		literal("CREATE SCHEMA IF NOT EXISTS "+quote(t.Name.Schema)), literal("CREATE TYPE "+name+" AS ENUM ("+strings.Join(labels, ", ")+")"))
}

// isSequenceDefault: such a default is in its normal form, and its sequence may not be
// there yet.
func isSequenceDefault(d *schema.Default) bool {
	return d != nil && !d.Literal && strings.HasPrefix(d.Text, "nextval('")
}

func (n *normalization) statements(t schema.Table, name schema.Name, i int) ([]string, error) {
	bare := schema.Table{Name: name, Checks: slices.Clone(t.Checks), Columns: slices.Clone(t.Columns)}
	for j := range bare.Checks {
		bare.Checks[j].NotValid = false
	}
	for j := range bare.Columns {
		if isSequenceDefault(bare.Columns[j].Default) {
			bare.Columns[j].Default = nil
		}
	}
	p := n.planner
	body, err := p.tableBody(bare)
	if err != nil {
		return nil, err
	}
	p.add("CREATE TEMPORARY TABLE " + quote(name.Name) + " (" + strings.Join(body, ", ") + ") ON COMMIT DROP")
	for j, x := range t.Indexes {
		x.Name, x.Comment = indexAlias(i, j), ""
		x.Options = nil
		if err := p.addIndex(name, x); err != nil {
			return nil, err
		}
	}
	text := make([]string, len(p.steps))
	for j, s := range p.steps {
		text[j] = s.Text
	}
	return text, nil
}

func indexAlias(table, index int) string { return fmt.Sprintf("_sync_%d_%d", table, index) }

// merge takes from the temporary table what the server has spelled.
func (n *normalization) merge(t, m schema.Table, at int) schema.Table {
	t.Columns = slices.Clone(t.Columns)
	for i := range t.Columns {
		c, k := &t.Columns[i], m.Column(t.Columns[i].Name)
		if k == nil {
			continue
		}
		if !isSequenceDefault(c.Default) {
			c.Default = k.Default
		}
		c.Type, c.Generated, c.Identity, c.Collation = k.Type, k.Generated, k.Identity, k.Collation
		c.Nullable = k.Nullable
	}
	if t.PrimaryKey != nil {
		for _, name := range t.PrimaryKey.Columns() {
			if c := t.Column(name); c != nil {
				c.Nullable = false
			}
		}
		if t.PrimaryKey.Name == "" {
			k := *t.PrimaryKey
			k.Name = objectName(t.Name.Name, "", "pkey")
			t.PrimaryKey = &k
		}
	}
	t.Uniques = nameUniques(t)
	t.ForeignKeys = nameForeignKeys(t)
	t.Checks = mergeChecks(t, m.Checks, n.names[at])
	t.Indexes = slices.Clone(t.Indexes)
	for j := range t.Indexes {
		for _, x := range m.Indexes {
			if x.Name == indexAlias(at, j) {
				i := &t.Indexes[j]
				i.Method, i.Parts, i.Where, i.Include = x.Method, x.Parts, x.Where, x.Include
			}
		}
	}
	return t
}

// nameUniques gives unique constraints without a name the server's.
func nameUniques(t schema.Table) []schema.Key {
	keys := slices.Clone(t.Uniques)
	for i := range keys {
		if keys[i].Name == "" {
			keys[i].Name = objectName(t.Name.Name, strings.Join(keys[i].Columns(), "_"), "key")
		}
	}
	slices.SortFunc(keys, func(a, b schema.Key) int { return strings.Compare(a.Name, b.Name) })
	return keys
}

// nameForeignKeys does the same for foreign keys.
func nameForeignKeys(t schema.Table) []schema.ForeignKey {
	keys := slices.Clone(t.ForeignKeys)
	for i := range keys {
		if keys[i].Name == "" {
			keys[i].Name = objectName(t.Name.Name, strings.Join(keys[i].Columns, "_"), "fkey")
		}
	}
	slices.SortFunc(keys, func(a, b schema.ForeignKey) int { return strings.Compare(a.Name, b.Name) })
	return keys
}

// mergeChecks takes the server's expressions, and its names where none were given.
func mergeChecks(t schema.Table, made []schema.Check, alias string) []schema.Check {
	out := make([]schema.Check, 0, len(made))
	for _, m := range made {
		given := slices.IndexFunc(t.Checks, func(k schema.Check) bool { return k.Name == m.Name })
		if given >= 0 {
			m.NotValid, m.Comment = t.Checks[given].NotValid, t.Checks[given].Comment
		} else if rest, ok := strings.CutPrefix(m.Name, alias); ok {
			m.Name = clip(t.Name.Name, rest)
		}
		out = append(out, m)
	}
	slices.SortFunc(out, func(a, b schema.Check) int { return strings.Compare(a.Name, b.Name) })
	return out
}
