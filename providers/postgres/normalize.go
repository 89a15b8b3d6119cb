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
			name = fmt.Sprintf("_sync_load_%d", i)
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
	if k := t.PrimaryKey; k != nil && k.Name == "" {
		if err := p.addKey(name, "PRIMARY KEY", *k); err != nil {
			return nil, err
		}
	}
	for _, k := range t.Uniques {
		if k.Name == "" {
			if err := p.addKey(name, "UNIQUE", k); err != nil {
				return nil, err
			}
		}
	}
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
		if t.PrimaryKey.Name == "" && m.PrimaryKey != nil {
			k := *t.PrimaryKey
			k.Name = m.PrimaryKey.Name
			t.PrimaryKey = &k
		}
	}
	t.Uniques = mergeUniques(t.Uniques, m.Uniques)
	t.Checks = mergeChecks(t.Checks, m.Checks)
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

func mergeUniques(want, made []schema.Key) []schema.Key {
	want = slices.Clone(want)
	for i := range want {
		if want[i].Name != "" {
			continue
		}
		for _, k := range made {
			if slices.Equal(k.Columns(), want[i].Columns()) {
				want[i].Name = k.Name
			}
		}
	}
	slices.SortFunc(want, func(a, b schema.Key) int { return strings.Compare(a.Name, b.Name) })
	return want
}

// mergeChecks takes the server's expressions, and its names where none were given.
func mergeChecks(want, made []schema.Check) []schema.Check {
	out := make([]schema.Check, 0, len(made))
	for _, m := range made {
		for _, w := range want {
			if w.Name == m.Name {
				m.NotValid, m.Comment = w.NotValid, w.Comment
			}
		}
		out = append(out, m)
	}
	return out
}
