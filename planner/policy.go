package planner

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/syncform/syncform/lang"
	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/planner/state"
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// policy gives the schema policy of a sync as the plan keeps it, with its block; nil
// where it has none.
func (b *builder) policy(s *lang.Sync) (*plan.Policy, *lang.SchemaPolicy) {
	if s == nil || s.SchemaPolicy == "" {
		return nil, nil
	}
	i := slices.IndexFunc(b.in.Config.SchemaPolicies, func(p *lang.SchemaPolicy) bool { return p.Addr == s.SchemaPolicy })
	if i < 0 {
		return nil, nil // lang has told
	}
	p := b.in.Config.SchemaPolicies[i]
	out := &plan.Policy{Addr: p.Addr, Mode: p.Mode, AddColumn: planRule(p.AddColumn), RemoveColumn: planRule(p.RemoveColumn),
		ModifyType: planRule(p.ModifyType), RenameColumn: planRule(p.RenameColumn), DropTable: planRule(p.DropTable)}
	if len(p.BackupBefore) > 0 {
		out.Backup = &plan.Backup{Before: p.BackupBefore, Keep: p.BackupKeep}
	}
	return out, p
}

func planRule(r *lang.PolicyRule) *plan.Rule {
	if r == nil {
		return nil
	}
	out := &plan.Rule{Action: plan.Verdict(r.Action), SafeChanges: r.SafeChanges,
		KeepData: r.KeepData != nil && *r.KeepData, CreateMapping: r.CreateMapping != nil && *r.CreateMapping}
	if v := r.DefaultValue; v != cty.NilVal && !v.IsNull() && v.IsWhollyKnown() {
		if s, err := convert.Convert(unmarked(v), cty.String); err == nil {
			text := s.AsString()
			out.DefaultValue = &text
		}
	}
	return out
}

func unmarked(v cty.Value) cty.Value {
	v, _ = v.Unmark()
	return v
}

// ruleRange is where the configuration says the rule, or the policy.
func ruleRange(p *lang.SchemaPolicy, rule string) hcl.Range {
	for name, r := range map[string]*lang.PolicyRule{
		plan.AddColumnRule: p.AddColumn, plan.RemoveColumnRule: p.RemoveColumn, plan.ModifyTypeRule: p.ModifyType,
		plan.RenameColumnRule: p.RenameColumn, plan.DropTableRule: p.DropTable,
	} {
		if name == rule && r != nil {
			return r.DeclRange
		}
	}
	return p.DeclRange
}

// policies has each sync's policy decide on the changes of its tables that are there.
// What is not made is not carried by rows either.
func (b *builder) policies() {
	for _, w := range b.wants {
		w.policy, w.policyBlock = b.policy(w.sync)
		if w.policy == nil || w.live == nil {
			continue
		}
		left := map[string]bool{} // columns that are not added
		var out []difference
		for i := range w.work.diffs {
			d := w.work.diffs[i]
			if left[d.column] && d.column != "" {
				continue // the rest of a column that is not added
			}
			keep := b.judge(w, &d)
			if add, ok := d.change.(schema.AddColumn); ok {
				if d.held() || !keep {
					left[d.column] = true
				} else if r := w.policy.AddColumn; r != nil && r.DefaultValue != nil && w.policyBlock.AddColumn != nil {
					out = append(out, b.withDefault(w, d, add, w.work.diffs[i+1:])...)
					continue
				}
			}
			if keep {
				out = append(out, d)
			}
		}
		w.work.diffs = out
		w.leave(left)
		if w.ignored > 0 {
			ways := "one way"
			if w.ignored != 1 {
				ways = fmt.Sprintf("%d ways", w.ignored)
			}
			b.note(w.addr, fmt.Sprintf("table %s of %s is in %s not as the configuration says, which %s ignores", w.name, w.target.addr, ways, w.policy.Addr))
		}
	}
}

// leave takes columns that are not added out of what the rows carry.
func (w *want) leave(cols map[string]bool) {
	if len(cols) == 0 {
		return
	}
	for _, c := range w.columns {
		if c.source != nil && cols[c.name] && slices.Contains(w.key, c.source.Name) {
			w.key = nil
			if w.prev != nil {
				w.key = w.prev.SourceKey
			}
		}
	}
	w.columns = slices.DeleteFunc(slices.Clone(w.columns), func(c column) bool { return cols[c.name] })
}

// judge applies the want's policy to one change: it may be held, only told of, or an
// error. keep is false where nothing is said of it in the plan.
func (b *builder) judge(w *want, d *difference) (keep bool) {
	if w.policy == nil {
		return true
	}
	dec := w.policy.Decide(d.change)
	addr := w.addr
	if d.column != "" {
		addr = columnAddr(addr, d.column)
	}
	says := w.policy.Addr + " has " + dec.Rule + " = " + string(dec.Verdict)
	switch dec.Verdict {
	case plan.Apply:
		if dec.Written {
			d.consent(dec)
		}
	case plan.Warn:
		if !dec.Written {
			return true
		}
		d.said = fmt.Sprintf("left as it is (%s = warn)", dec.Rule)
	case plan.Review:
		if !dec.Written {
			return true // it is held for its hazards
		}
		if b.approved(addr) {
			d.consent(dec)
			break
		}
		d.policy = fmt.Sprintf("%s. Release it with apply -approve='%s'", says, addr)
	case plan.Manual:
		text, declared := w.byHand(d.change)
		if declared {
			break
		}
		d.policy, d.manual = says+": "+text, true
	case plan.Ignore:
		w.ignored++
		return false
	case plan.Deny:
		if w.policy.Mode == "strict" {
			if b.unfinished(w, d) {
				return true
			}
			if b.approved(addr) {
				d.consent(plan.Decision{Rule: dec.Rule})
				return true
			}
			b.errorAt(w.policyBlock.Range("mode"), sumPolicy, "%s: table %s of %s is not as the configuration says (%s), and %s is strict. Change the table, or the configuration, so that they agree, or approve the change: -approve='%s'.", addr, w.name, w.target.addr, changeText(d.change), w.policy.Addr, addr)
			return true
		}
		b.errorAt(ruleRange(w.policyBlock, dec.Rule), sumPolicy, "%s: %s, which the plan would need (%s). Undo it at the source, leave it out of the mapping, or let the policy say something else.", addr, says, changeText(d.change))
	}
	return true
}

// consent takes away the hazards that the policy's word, or an approval, answers for.
func (d *difference) consent(dec plan.Decision) {
	d.consented = true
	d.risky = d.risky && slices.ContainsFunc(d.hazards, func(h providers.Hazard) bool {
		switch h.Code {
		case hazardNarrow, hazardRetype, hazardEnum, hazardRewrite:
			return dec.Rule != plan.ModifyTypeRule
		case hazardDropColumn:
			return dec.Rule != plan.RemoveColumnRule
		case hazardDropTable:
			return dec.Rule != plan.DropTableRule
		}
		return true
	})
}

// unfinished reports whether a change only goes on with an apply that was cut short,
// which is no drift.
func (b *builder) unfinished(w *want, d *difference) bool {
	if w.prev == nil || w.prev.Status == state.Creating {
		return true // it is taken over
	}
	if b.state.Running == "" {
		return false
	}
	switch d.change.(type) {
	case schema.AddPrimaryKey, schema.AddUnique, schema.AddIndex, schema.AddForeignKey, schema.AddCheck, schema.AddExclusion:
		return true
	case schema.ModifyColumn:
		return d.afterRows
	}
	return false
}

// approved reports whether -approve names the address, or one above it, and notes that
// something stands there.
func (b *builder) approved(addr string) bool {
	found := false
	for _, a := range b.in.Approve {
		if state.Under(addr, a) {
			found = true
			if b.used == nil {
				b.used = map[string]bool{}
			}
			b.used[a] = true
		}
	}
	return found
}

// unapproved tells of each -approve that names nothing.
func (b *builder) unapproved() {
	var held []string
	for _, a := range b.plan.Actions {
		if a.Held != "" && !slices.Contains(held, a.Addr) {
			held = append(held, a.Addr)
		}
	}
	for _, a := range b.in.Approve {
		if b.used[a] {
			continue
		}
		if i := slices.IndexFunc(b.plan.Actions, func(x plan.Action) bool { return x.Held != "" && state.Under(x.Addr, a) }); i >= 0 {
			x := &b.plan.Actions[i]
			b.errorf("Can't be approved", "The change at %s can't be released: %s", x.Addr, x.Held)
			continue
		}
		b.errorf("Nothing to approve", "No change at or below %s is held for review. Held so far: %s.", a, some(held))
	}
}

// withDefault gives a column that is added the policy's value for the rows that are
// there, and takes it back after that unless it is the column's own.
func (b *builder) withDefault(w *want, d difference, add schema.AddColumn, rest []difference) []difference {
	c := add.Column
	if c.Default != nil || c.Generated != nil || c.Identity != nil {
		return []difference{d}
	}
	if err := setDefault(&c, w.policyBlock.AddColumn.DefaultValue); err != nil {
		b.errorAt(w.policyBlock.AddColumn.Range("default_value"), sumValue, "%s: default_value can't be a %s: %s.", columnAddr(w.addr, c.Name), c.Type, err)
		return nil
	}
	d.info = strings.TrimPrefix(d.info+"; rows that are there get the policy's default_value", "; ")
	d.change = schema.AddColumn{In: add.In, Column: c}
	for i := range rest {
		if m, ok := rest[i].change.(schema.ModifyColumn); ok && m.To.Name == c.Name {
			m.From = c
			rest[i].change = m
			return []difference{d}
		}
	}
	return []difference{d, {change: schema.ModifyColumn{In: add.In, From: c, To: add.Column}, column: c.Name, afterRows: true, reason: "the default was for the rows that were there"}}
}

// byHand says what to write so that a change is made that the policy leaves to people;
// declared reports that it is written already.
func (w *want) byHand(c schema.Change) (text string, declared bool) {
	block := func(name string) *lang.Column {
		for _, b := range w.cfg.ColumnBlocks {
			if b.Name == name {
				return b
			}
		}
		return nil
	}
	source := func(name string) string {
		for _, c := range w.columns {
			if c.name == name && c.source != nil {
				return c.source.Name
			}
		}
		return name
	}
	switch c := c.(type) {
	case schema.AddColumn:
		if block(c.Column.Name) != nil || slices.Contains(mapped(w.cfg.Columns), c.Column.Name) {
			return "", true
		}
		return fmt.Sprintf("to add it, write in the mapping\ncolumn %q {\n  from = %q\n}\nor leave it out with exclude_columns", c.Column.Name, source(c.Column.Name)), false
	case schema.ModifyColumn:
		if b := block(c.To.Name); b != nil && b.Type != "" {
			return "", true
		}
		return fmt.Sprintf("to change it, write in the mapping\ncolumn %q {\n  from = %q\n  type = %q\n}\nor keep it with type = %q", c.To.Name, source(c.To.Name), c.To.Type.String(), c.From.Type.String()), false
	case schema.RenameColumn:
		if b := block(c.To); b != nil && b.RenamedFrom == c.From {
			return "", true
		}
		return fmt.Sprintf("to rename it, write in the mapping\ncolumn %q {\n  from         = %q\n  renamed_from = %q\n}", c.To, source(c.To), c.From), false
	case schema.DropColumn:
		return fmt.Sprintf("drop column %q of table %s by hand, or let %s say apply or review", c.Column.Name, c.In, w.policy.Addr), false
	case schema.DropTable:
		return fmt.Sprintf("to drop it, write\nremoved {\n  from    = %s\n  destroy = true\n}", w.addr), false
	}
	return "make the change by hand, or let " + w.policy.Addr + " say something else", false
}

func mapped(columns map[string]string) []string {
	var out []string
	for _, target := range columns {
		out = append(out, target)
	}
	return out
}
