package planner

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/syncform/syncform/lang"
	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers"
)

const sumMigration = "Migration can't be run"

// migrations plans the scripts that a target has not run yet, in the order of their
// blocks: those before what the syncs need, or those after it. -target leaves them out.
func (b *builder) migrations(ctx context.Context, when string) {
	if len(b.in.Targets) > 0 {
		return
	}
	entries := map[string][]providers.MigrationEntry{}
	last := map[string]string{} // the last script at each endpoint
	n := len(b.plan.Actions)
	for _, m := range b.in.Config.Migrations {
		if m.When != when {
			continue
		}
		e := b.endpoints[m.Target]
		if e == nil {
			continue
		}
		runner, err := providers.As[providers.Migrator](e.conn)
		if err != nil {
			b.errorAt(m.DeclRange, sumMigration, "%s: %s runs no scripts: %s.", m.Addr, m.Target, err)
			continue
		}
		if _, read := entries[m.Target]; !read {
			if entries[m.Target], err = runner.Migrations(ctx); err != nil {
				b.errorAt(m.DeclRange, sumUnreadable, "What %s has run of migrations can't be read: %s.", m.Target, err)
				return
			}
		}
		script, err := runner.PlanMigration(m.Addr, m.Up)
		if err != nil {
			b.errorAt(m.Range("up"), sumMigration, "%s: %s.", m.Addr, err)
			continue
		}
		if a := b.migration(m, script, entries[m.Target]); a != nil {
			if when == "before" {
				a.DependsOn = deps(last[m.Target])
			} else {
				a.DependsOn = b.atEndpoint(m.Target)
			}
			b.plan.Actions = append(b.plan.Actions, *a)
			if a.Held == "" {
				last[m.Target] = a.ID
			}
		}
	}
	if when == "before" && len(b.plan.Actions) > n {
		b.afterMigration = last
	}
}

func deps(id string) []string {
	if id == "" {
		return nil
	}
	return []string{id}
}

// atEndpoint lists what the plan does there so far.
func (b *builder) atEndpoint(addr string) []string {
	var out []string
	for i := range b.plan.Actions {
		if a := &b.plan.Actions[i]; a.Endpoint == addr && a.Held == "" && a.Kind != plan.NoteKind {
			out = append(out, a.ID)
		}
	}
	slices.Sort(out)
	return out
}

// migration plans one script, nil where there is nothing to do.
func (b *builder) migration(m *lang.Migration, s providers.Migration, entries []providers.MigrationEntry) *plan.Action {
	held := ""
	if i := slices.IndexFunc(entries, func(e providers.MigrationEntry) bool { return e.Addr == m.Addr }); i >= 0 {
		e := &entries[i]
		at := e.At.UTC().Format(time.RFC3339)
		switch {
		case e.Complete() && e.Checksum == s.Checksum:
			return nil
		case e.Complete():
			b.errorAt(m.Range("up"), sumMigration, "%s has changed since %s ran it, at %s by %s: a script runs once. Put it back as it was, and write what is new as another migration block.", m.Addr, m.Target, at, e.By)
			return nil
		case e.Done > len(s.Statements) || providers.ScriptSum(s.Statements[:e.Done]) != e.DoneSum:
			b.errorAt(m.Range("up"), sumMigration, "%s stands behind statement %d of %d at %s, and what it ran until then, at %s by %s, has changed since. Put those statements back as they were; those behind them may change.", m.Addr, e.Done, e.Statements, m.Target, at, e.By)
			return nil
		}
		s.From = e.Done
		if s.From > 0 {
			s.Whole = false
		}
		if e.Running && e.Done < len(s.Statements) && !b.approved(m.Addr) {
			held = fmt.Sprintf("the apply of %s was cut short in statement %d (line %d), and whether that took effect can't be known. Look at %s: if it did, take it out of the script, or make it do no harm twice. Then go on with apply -approve='%s'", at, e.Done+1, s.Statements[e.Done].Line, m.Target, m.Addr)
		}
	}
	b.count++
	r := m.DeclRange
	a := &plan.Action{
		ID: fmt.Sprintf("a%03d", b.count), Kind: plan.Update, Addr: m.Addr, Endpoint: m.Target, Phase: plan.Expand, Migration: &s, Held: held,
		Reason: "its target has not run it", Source: plan.Range{File: r.Filename, Line: r.Start.Line, Column: r.Start.Column, EndLine: r.End.Line, EndColumn: r.End.Column},
	}
	how := "each kept once it has run"
	if s.Whole {
		how = "in one transaction"
	}
	left := len(s.Statements) - s.From
	a.Info = fmt.Sprintf("%d statements, %s", left, how)
	if left == 1 {
		a.Info = "1 statement"
	}
	if s.From > 0 {
		a.Info += fmt.Sprintf("; goes on with statement %d of %d", s.From+1, len(s.Statements))
	}
	for _, st := range s.Statements[s.From:] {
		a.Steps = append(a.Steps, providers.Step{Text: st.Text, Transactional: s.Whole})
	}
	return a
}

// waitForMigrations has what changes an endpoint wait for the scripts that come first.
func (b *builder) waitForMigrations() {
	for i := range b.plan.Actions {
		a := &b.plan.Actions[i]
		id := b.afterMigration[a.Endpoint]
		if id == "" || a.Migration != nil || a.Kind == plan.NoteKind {
			continue
		}
		a.DependsOn = append(a.DependsOn, id)
		slices.Sort(a.DependsOn)
		a.DependsOn = slices.Compact(a.DependsOn)
	}
}
