package planner

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/planner/state"
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// Moved is one thing that is no longer as a plan read it.
type Moved struct {
	What string // "the state", "the configuration", target.mysql.analytics, table orders of ...
	How  string // what it was, what it is
}

// StaleError is a plan that does not hold any more. It names everything that moved.
type StaleError struct {
	Plan  string
	Moved []Moved
}

func (e *StaleError) Error() string {
	var b strings.Builder
	b.WriteString("the plan no longer holds; make a new one. Since it was made:")
	for _, m := range e.Moved {
		fmt.Fprintf(&b, "\n  %s: %s", m.What, m.How)
	}
	return b.String()
}

// AppliedError is a plan that was applied before.
type AppliedError struct {
	Plan string
	At   time.Time
	By   string
}

func (e *AppliedError) Error() string {
	return fmt.Sprintf("this plan was applied already, at %s by %s; make a new one", e.At.UTC().Format(time.RFC3339), e.By)
}

// Check says whether a saved plan still holds: nil, or a *StaleError that names what
// moved (state, configuration, endpoint, table) and how, or an *AppliedError. A plan
// whose apply was cut short (state.Running) holds whatever its own steps have changed
// since. Estimates of rows and bytes play no part.
func Check(ctx context.Context, p *plan.Plan, in Input) error {
	stale := &StaleError{Plan: p.ID}
	running, err := stale.state(p, in.State)
	if err != nil {
		return err
	}
	if !running && in.Config != nil && in.Config.Hash != p.ConfigHash {
		stale.add("the configuration", "its values have changed")
	}
	if len(stale.Moved) > 0 {
		return stale // what follows asks the servers
	}
	if err := stale.endpoints(ctx, p, in, running); err != nil {
		return err
	}
	if len(stale.Moved) > 0 {
		return stale
	}
	return nil
}

func (e *StaleError) add(what, format string, args ...any) {
	e.Moved = append(e.Moved, Moved{what, fmt.Sprintf(format, args...)})
}

// state compares the state, and reports whether the plan's own apply was cut short.
func (e *StaleError) state(p *plan.Plan, s *state.State) (running bool, err error) {
	if s == nil {
		if p.StateLineage != "" {
			e.add("the state", "it is gone; the plan was made from serial %d", p.StateSerial)
		}
		return false, nil
	}
	if a := s.WasApplied(p.ID); a != nil {
		return false, &AppliedError{Plan: p.ID, At: a.At, By: a.By}
	}
	switch {
	case s.Running == p.ID:
		return true, nil
	case p.StateLineage == "":
		e.add("the state", "there was none, and now there is one of serial %d", s.Serial)
	case s.Lineage != p.StateLineage:
		e.add("the state", "it is of another lineage (%s, not %s)", s.Lineage, p.StateLineage)
	case s.Serial != p.StateSerial:
		e.add("the state", "its serial is %d, not %d", s.Serial, p.StateSerial)
	}
	return false, nil
}

// endpoints compares what the plan read of each database.
func (e *StaleError) endpoints(ctx context.Context, p *plan.Plan, in Input, running bool) error {
	names := map[string][]schema.Name{}
	for _, r := range p.Read {
		names[r.Endpoint] = append(names[r.Endpoint], r.Name)
	}
	found := make([]*endpoint, len(p.Endpoints))
	errs := make([]error, len(p.Endpoints))
	var wg sync.WaitGroup
	for i, was := range p.Endpoints {
		// Only the tables that the plan read, and none of them where the plan's own steps
		// have changed them.
		o := providers.InspectOptions{NoEstimates: true, Tables: names[was.Addr]}
		if running || o.Tables == nil {
			o.Tables = []schema.Name{}
		}
		wg.Go(func() {
			all, diags := refresh(ctx, in.Conns, in.Config, []string{was.Addr}, o)
			if diags.HasErrors() {
				errs[i] = errors.New(diags[0].Detail)
			}
			found[i] = all[was.Addr]
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	now := map[string]*endpoint{}
	for i, was := range p.Endpoints {
		if found[i].db.Identity == was.Identity {
			now[was.Addr] = found[i]
		} else {
			e.add(was.Addr, "it leads to another database than when the plan was made")
		}
	}
	if running {
		return nil
	}
	for _, r := range p.Read {
		if is := now[r.Endpoint]; is != nil {
			e.table(fmt.Sprintf("table %s of %s", r.Name, r.Endpoint), r.Table, is.table(r.Name), is.db.System)
		}
	}
	return nil
}

// table compares one table with how the plan read it.
func (e *StaleError) table(what string, was, is *schema.Table, sys schema.System) {
	switch {
	case was == nil && is == nil:
	case was == nil:
		e.add(what, "it is there now")
	case is == nil:
		e.add(what, "it was dropped, or renamed")
	case was.Fingerprint() != is.Fingerprint():
		how := describe(was, is, sys)
		if len(how) == 0 {
			how = []string{"it has changed"}
		}
		for _, h := range how {
			e.add(what, "%s", h)
		}
	}
}

// describe words the differences between two readings of one table.
func describe(was, is *schema.Table, sys schema.System) []string {
	var out []string
	say := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	for i := range was.Columns {
		c := &was.Columns[i]
		now := is.Column(c.Name)
		if now == nil {
			say("column %q: dropped, or renamed", c.Name)
			continue
		}
		describeColumn(c, now, say)
	}
	for _, c := range is.Columns {
		if was.Column(c.Name) == nil {
			say("column %q: added (%s)", c.Name, c.Type)
		}
	}
	if len(out) == 0 && !slices.Equal(columnNames(was), columnNames(is)) {
		say("the order of its columns changed")
	}
	describeKey(was.PrimaryKey, is.PrimaryKey, say)
	d := differ{sys: sys}
	describeList("unique constraint", was.Uniques, is.Uniques, func(k *schema.Key) string { return cmp.Or(k.Name, "("+some(k.Columns())+")") }, d.sameKey, say)
	describeList("index", was.Indexes, is.Indexes, func(x *schema.Index) string { return x.Name }, d.sameIndex, say)
	describeList("foreign key", was.ForeignKeys, is.ForeignKeys, func(k *schema.ForeignKey) string {
		return cmp.Or(k.Name, "("+some(k.Columns)+") -> "+k.RefTable.String())
	}, d.sameForeignKey, say)
	describeList("check", was.Checks, is.Checks, func(c *schema.Check) string { return cmp.Or(c.Name, c.Expr) }, d.sameCheck, say)
	describeList("exclusion constraint", was.Exclusions, is.Exclusions, func(x *schema.Exclusion) string { return x.Name },
		func(a, b *schema.Exclusion) bool { return a.Definition == b.Definition }, say)
	if was.Comment != is.Comment {
		say("its comment changed")
	}
	if len(was.Options) != len(is.Options) || !covers(was.Options, is.Options) {
		say("its options changed")
	}
	return out
}

func describeColumn(was, is *schema.Column, say func(string, ...any)) {
	nullable := map[bool]string{true: "nullable", false: "not null"}
	switch {
	case !was.Type.Equal(is.Type):
		say("column %q: %s -> %s", was.Name, was.Type, is.Type)
	case was.Nullable != is.Nullable:
		say("column %q: %s -> %s", was.Name, nullable[was.Nullable], nullable[is.Nullable])
	case !sameDefault(is.Type, was.Default, is.Default):
		say("column %q: default %s -> %s", was.Name, defaultText(was.Default), defaultText(is.Default))
	case !sameColumn(was, is):
		say("column %q: changed", was.Name)
	}
}

func defaultText(d *schema.Default) string {
	switch {
	case d == nil:
		return "none"
	case d.Literal:
		return "'" + d.Text + "'"
	}
	return d.Text
}

func describeKey(was, is *schema.Key, say func(string, ...any)) {
	switch {
	case was == nil && is == nil:
	case was == nil:
		say("primary key: added (%s)", some(is.Columns()))
	case is == nil:
		say("primary key: dropped")
	case !slices.Equal(was.Columns(), is.Columns()):
		say("primary key: (%s) -> (%s)", some(was.Columns()), some(is.Columns()))
	}
}

// describeList words what came, went or changed among things that have names.
func describeList[T any](kind string, was, is []T, name func(*T) string, same func(a, b *T) bool, say func(string, ...any)) {
	now := map[string]*T{}
	for i := range is {
		now[name(&is[i])] = &is[i]
	}
	for i := range was {
		n := name(&was[i])
		switch x := now[n]; {
		case x == nil:
			say("%s %q: dropped", kind, n)
		case !same(&was[i], x):
			say("%s %q: changed", kind, n)
		}
		delete(now, n)
	}
	for i := range is {
		if n := name(&is[i]); now[n] != nil {
			say("%s %q: added", kind, n)
		}
	}
}
