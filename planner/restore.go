package planner

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/planner/state"
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// RestorePrefix begins the ID of every plan that Restore makes: one that was cut short is
// gone on with by another restore.
const RestorePrefix = "restore-"

// Restore plans to bring a backup back: a table, or a column, where its place is free, and
// otherwise only what is missing there, if the place has the shape that it had. as, if not
// empty, is another name for the table or the column. It reads the live database and
// changes nothing.
func Restore(ctx context.Context, in Input, e *providers.BackupEntry, as string) (*plan.Plan, error) {
	if !e.Done {
		return nil, fmt.Errorf("%s is unfinished: what it was to hold is still in its place", e.Name)
	}
	b := newBuilder(in)
	b.plan.ID = RestorePrefix + b.plan.ID
	conn := in.Conns[e.Endpoint]
	db, err := conn.Inspect(ctx, providers.InspectOptions{})
	if err != nil {
		return nil, fmt.Errorf("read the schema of %s: %w", e.Endpoint, err)
	}
	target := newEndpoint(e.Endpoint, conn, db)
	if d := target.capable(); d != nil {
		return nil, errors.New(d.Detail)
	}
	r := &restorer{b: b, e: e, s: b.newScript(target), as: as}
	r.s.serial = true
	if e.Column == "" || len(e.Key()) == 0 {
		err = r.table()
	} else {
		err = r.column()
	}
	if err != nil {
		return nil, err
	}
	b.plan.Endpoints = []plan.Endpoint{{Addr: e.Endpoint, System: db.System, Version: db.Version, Identity: db.Identity}}
	b.plan.Actions = r.s.actions
	if in.State != nil {
		b.plan.StateSerial, b.plan.StateLineage = in.State.Serial, in.State.Lineage
	}
	b.plan.ConfigHash = in.Config.Hash
	if b.diags.HasErrors() {
		return nil, errors.New(b.diags[0].Detail)
	}
	return b.plan, b.plan.Validate()
}

// restorer plans one restore.
type restorer struct {
	b  *builder
	e  *providers.BackupEntry
	s  *script
	as string
}

const whyRestore = "the backup holds it"

func (r *restorer) do(c schema.Change) {
	w := asWant(&state.Mapping{Mapping: plan.Mapping{Addr: r.e.Addr, TargetTable: r.e.Of.Name}})
	r.s.do(w, plan.Expand, difference{change: c, reason: whyRestore})
}

func (r *restorer) note(format string, args ...any) {
	r.b.note("", fmt.Sprintf(format, args...))
}

// table brings a whole table back.
func (r *restorer) table() error {
	to := r.e.Of
	if r.e.Column != "" && r.as == "" {
		return fmt.Errorf("table %s had no key by which values could find their rows again, so %s holds its whole rows: restore them as a table, with -as=NAME", to.Name, r.e.Name)
	}
	if r.as != "" {
		to = r.renamed()
	}
	live := r.s.target.table(to.Name)
	if live == nil {
		return r.newTable(to)
	}
	if how := shapes(&to, live); len(how) > 0 {
		return fmt.Errorf("there is a table %s of another shape already: %s. Restore it beside that, with -as=NAME", to.Name, strings.Join(how, "; "))
	}
	b := providers.Backup{Of: *live, Column: "\x00"} // any column but those of the key
	key := b.Key()
	if len(key) == 0 {
		r.note("table %s has no key, so rows are only written if it is empty", live.Name)
	} else {
		r.note("table %s is there already: only rows whose %s it lacks are written", live.Name, strings.Join(key, ", "))
	}
	r.do(schema.RestoreRows{To: *live, From: r.e.Name, Key: key})
	r.number(live)
	return nil
}

// renamed is the backup's table under another name: columns and primary key, for other
// names may be taken.
func (r *restorer) renamed() schema.Table {
	to := r.e.Of
	name := schema.Name{Schema: to.Name.Schema, Name: r.as}
	if in, n, ok := strings.Cut(r.as, "."); ok && r.s.target.hasSchemas() {
		name = schema.Name{Schema: in, Name: n}
	}
	t := schema.Table{Name: name, Comment: to.Comment, Options: to.Options}
	for _, c := range to.Columns {
		c.Identity, c.Generated = nil, nil
		if c.Default != nil && !c.Default.Literal {
			c.Default = nil
		}
		t.Columns = append(t.Columns, c)
	}
	if k := to.PrimaryKey; k != nil {
		t.PrimaryKey = &schema.Key{Parts: k.Parts}
	}
	r.note("it comes back with its columns and its primary key; other keys, indexes and numbering stay with the name %s", to.Name)
	return t
}

func (r *restorer) newTable(to schema.Table) error {
	to.Rows, to.Bytes = 0, 0
	db := r.s.target.db
	for _, c := range to.Columns {
		t := c.Type
		if t.Elem != nil {
			t = *t.Elem
		}
		switch {
		case t.Name.Name == "":
		case t.Domain && db.Domain(t.Name) == nil:
			return fmt.Errorf("column %q is of domain %s, which is gone: make that first", c.Name, t.Name)
		case !t.Domain && t.Kind == schema.EnumKind && r.s.db.Enum(t.Name) == nil:
			r.do(schema.AddEnum{Enum: schema.Enum{Name: t.Name, Labels: t.Values}})
		}
	}
	if r.as == "" {
		for _, q := range r.e.Sequences {
			if !slices.ContainsFunc(db.Sequences, func(x schema.Sequence) bool { return x.Name == q.Name }) {
				q.OwnerTable, q.OwnerColumn = schema.Name{}, ""
				r.do(schema.AddSequence{Sequence: q})
			}
		}
	}
	whole := r.s.target.stepper.ForeignKeysWithTable()
	var ties []schema.ForeignKey
	for _, k := range to.ForeignKeys {
		if k.RefTable == to.Name || r.s.target.table(k.RefTable) != nil {
			ties = append(ties, k)
		} else {
			r.note("its foreign key to table %s stays away, for that table is gone", k.RefTable)
		}
	}
	to.ForeignKeys = ties
	r.do(schema.AddTable{To: to})
	if r.as == "" {
		for _, q := range r.e.Sequences {
			r.do(schema.OwnSequence{Sequence: q})
		}
	}
	r.do(schema.RestoreRows{To: to, From: r.e.Name})
	if to.PrimaryKey != nil && !r.s.target.stepper.KeyWithTable() {
		r.do(schema.AddPrimaryKey{In: to.Name, Key: *to.PrimaryKey})
	}
	for _, k := range to.Uniques {
		if !whole {
			r.do(schema.AddUnique{In: to.Name, Key: k})
		}
	}
	for _, x := range to.Exclusions {
		r.do(schema.AddExclusion{In: to.Name, Exclusion: x})
	}
	for _, x := range to.Indexes {
		r.do(schema.AddIndex{In: to.Name, Index: x})
	}
	for _, k := range ties {
		if !whole {
			r.do(schema.AddForeignKey{In: to.Name, Key: k})
		}
	}
	r.number(&to)
	return nil
}

func (r *restorer) number(t *schema.Table) {
	if numbered(t) {
		r.do(schema.AdvanceSequences{To: *t})
	}
}

// column brings a column's values back.
func (r *restorer) column() error {
	of, name := r.e.Of.Name, r.e.Column
	live := r.s.target.table(of)
	if live == nil {
		return fmt.Errorf("table %s, whose column %q it holds, is gone: bring that back first", of, name)
	}
	for _, k := range r.e.Key() {
		was, is := r.e.Of.Column(k), findColumn(r.s.target.db.System, live, k)
		if k == name {
			return fmt.Errorf("column %q was of the key itself: there is nothing left by which its values would find their rows", name)
		}
		if is == nil || !sameType(was.Type, is.Type) {
			return fmt.Errorf("the values are told apart by %q %s, which table %s no longer has so", k, was.Type, of)
		}
	}
	if r.as != "" {
		name = r.as
	}
	c := *r.e.Of.Column(r.e.Column)
	c.Name = name
	if there := findColumn(r.s.target.db.System, live, name); there != nil {
		if there.Generated != nil || !sameType(there.Type, c.Type) {
			return fmt.Errorf("table %s has a column %q of another type already (%s, not %s). Restore the values beside it, with -as=NAME", of, name, there.Type, c.Type)
		}
		r.note("column %q is there already: only rows that hold NULL in it get a value", there.Name)
		r.do(schema.RestoreRows{To: *live, From: r.e.Name, Column: there.Name, Source: r.e.Column, Key: r.e.Key()})
		return nil
	}
	bare := c
	bare.Nullable, bare.Default, bare.Identity, bare.OnUpdate = true, nil, nil, ""
	r.do(schema.AddColumn{In: live.Name, Column: bare})
	t := after(*live, schema.AddColumn{In: live.Name, Column: bare})
	r.do(schema.RestoreRows{To: t, From: r.e.Name, Column: name, Source: r.e.Column, Key: r.e.Key()})
	full := bare
	if c.Default != nil && (c.Default.Literal || !strings.HasPrefix(c.Default.Text, "nextval(")) {
		full.Default = c.Default
	}
	full.OnUpdate = c.OnUpdate
	if !sameColumn(&bare, &full) {
		r.do(schema.ModifyColumn{In: live.Name, From: bare, To: full})
	}
	if !c.Nullable {
		r.note("column %q was NOT NULL; it comes back without that, for rows may have come since that have no value", name)
	}
	if r.as == "" {
		r.keysOf(live, name)
	}
	return nil
}

// keysOf brings back the keys and indexes that went with the column, where the other
// columns that they need are there.
func (r *restorer) keysOf(live *schema.Table, name string) {
	usable := func(parts []schema.KeyPart, include []string) bool {
		names := slices.Clone(include)
		for _, p := range parts {
			names = append(names, p.Column)
		}
		return slices.Contains(names, name) && !slices.ContainsFunc(names, func(n string) bool { return n != name && live.Column(n) == nil })
	}
	for _, x := range r.e.Of.Indexes {
		if usable(x.Parts, x.Include) && !slices.ContainsFunc(live.Indexes, func(y schema.Index) bool { return y.Name == x.Name }) {
			r.do(schema.AddIndex{In: live.Name, Index: x})
		}
	}
	for _, k := range r.e.Of.Uniques {
		if usable(k.Parts, k.Include) && !slices.ContainsFunc(live.Uniques, func(y schema.Key) bool { return y.Name == k.Name }) {
			r.do(schema.AddUnique{In: live.Name, Key: k})
		}
	}
	for _, k := range r.e.Of.ForeignKeys {
		if slices.Contains(k.Columns, name) && r.s.target.table(k.RefTable) != nil && !slices.ContainsFunc(live.ForeignKeys, func(y schema.ForeignKey) bool { return y.Name == k.Name }) {
			r.do(schema.AddForeignKey{In: live.Name, Key: k})
		}
	}
}

// shapes says in which columns two tables differ.
func shapes(was, is *schema.Table) []string {
	var out []string
	for _, c := range was.Columns {
		now := is.Column(c.Name)
		switch {
		case now == nil:
			out = append(out, fmt.Sprintf("it has no column %q", c.Name))
		case !sameType(c.Type, now.Type):
			out = append(out, fmt.Sprintf("column %q is %s, not %s", c.Name, now.Type, c.Type))
		}
	}
	for i := range is.Columns {
		if c := &is.Columns[i]; was.Column(c.Name) == nil && !c.Nullable && !filled(c) {
			out = append(out, fmt.Sprintf("column %q takes no NULL, and the backup lacks it", c.Name))
		}
	}
	return out
}
