package plan

import (
	"slices"

	"github.com/syncform/syncform/providers/schema"
)

// Policy is a schema_policy as it was applied: what becomes of a change of the source's
// tables, whether a plan finds it or it arrives in the stream. nil is no policy.
type Policy struct {
	Addr         string  `json:"addr"`           // schema_policy.evolve
	Mode         string  `json:"mode,omitempty"` // "" and evolve: the rules decide; strict; ignore
	AddColumn    *Rule   `json:"add_column,omitempty"`
	RemoveColumn *Rule   `json:"remove_column,omitempty"`
	ModifyType   *Rule   `json:"modify_type,omitempty"`
	RenameColumn *Rule   `json:"rename_column,omitempty"`
	DropTable    *Rule   `json:"drop_table,omitempty"`
	Backup       *Backup `json:"backup,omitempty"`
}

// Rule is what a policy says of one kind of change.
type Rule struct {
	Action Verdict `json:"action"`
	// DefaultValue is, as text, what rows that are there get in a column that is added.
	DefaultValue *string `json:"default_value,omitempty"`
	KeepData     bool    `json:"keep_data,omitempty"` // a removed column's values stay where they are
	// SafeChanges are names of schema.SafeChanges that are applied without asking; nil: all.
	SafeChanges   []string `json:"safe_changes,omitzero"`
	CreateMapping bool     `json:"create_mapping,omitempty"` // write out the HCL of a rename
}

// Backup says before which changes what they destroy is copied.
type Backup struct {
	Before []string `json:"before"` // drop_column, modify_type, drop_table
	Keep   int      `json:"keep,omitempty"`
}

// Verdict is what becomes of a change.
type Verdict string

// The verdicts.
const (
	Apply  Verdict = "apply"
	Warn   Verdict = "warn"   // it is left, and told of each time
	Review Verdict = "review" // it waits for -approve
	Manual Verdict = "manual" // it is not made until the configuration says it
	Deny   Verdict = "deny"   // it is an error
	Ignore Verdict = "ignore" // it is left
)

// The rules of a policy, by name.
const (
	AddColumnRule    = "add_column"
	RemoveColumnRule = "remove_column"
	ModifyTypeRule   = "modify_type"
	RenameColumnRule = "rename_column"
	DropTableRule    = "drop_table"
)

// Decision is what a policy says of one change.
type Decision struct {
	Verdict Verdict
	Rule    string // the rule that decided, "" where none speaks of such a change
	// Written says that the policy itself has the rule, or the mode, that decided; else it
	// is what holds without.
	Written bool
	Safe    string // the name of a safe change of type (schema.SafeChanges), else ""
}

// Decide says what becomes of a change of a target's table or type. It is a pure
// function of the policy, which may be nil, and the change. A change that no rule speaks
// of is applied, as far as its hazards allow.
func (p *Policy) Decide(c schema.Change) Decision {
	d := Decision{Verdict: Apply}
	var rule *Rule
	d.Rule, d.Verdict, d.Safe = ruleOf(c)
	if p == nil {
		return d
	}
	switch p.Mode {
	case "strict":
		return Decision{Verdict: Deny, Rule: d.Rule, Written: true, Safe: d.Safe}
	case "ignore":
		return Decision{Verdict: Ignore, Rule: d.Rule, Written: true, Safe: d.Safe}
	}
	if rule = p.Rule(d.Rule); rule == nil {
		return d
	}
	d.Written = true
	switch {
	case d.Safe == "":
		d.Verdict = rule.Action
	case rule.SafeChanges == nil:
		d.Verdict, d.Written = Apply, rule.Action == Apply
	case slices.Contains(rule.SafeChanges, d.Safe):
		d.Verdict = Apply
	default:
		d.Verdict = rule.Action
	}
	return d
}

// ruleOf gives the rule that a change falls under, and what becomes of it where no
// policy says otherwise.
func ruleOf(c schema.Change) (rule string, verdict Verdict, safe string) {
	switch c := c.(type) {
	case schema.AddColumn:
		return AddColumnRule, Apply, ""
	case schema.DropColumn:
		return RemoveColumnRule, Warn, ""
	case schema.RenameColumn:
		return RenameColumnRule, Apply, ""
	case schema.DropTable:
		return DropTableRule, Warn, ""
	case schema.ModifyEnum:
		if keepsOrder(c.From.Labels, c.To.Labels) {
			return ModifyTypeRule, Apply, "enum_append"
		}
		return ModifyTypeRule, Review, ""
	case schema.ModifyColumn:
		switch {
		case c.From.Type.Equal(c.To.Type):
			return "", Apply, ""
		case c.Type == schema.Widens || c.Type == schema.NotNarrow:
			return ModifyTypeRule, Apply, schema.SafeChange(c.From.Type, c.To.Type)
		}
		return ModifyTypeRule, Review, ""
	}
	return "", Apply, ""
}

// keepsOrder reports whether to holds all of from, in the same order.
func keepsOrder(from, to []string) bool {
	i := 0
	for _, label := range to {
		if i < len(from) && from[i] == label {
			i++
		}
	}
	return i == len(from)
}

// Rule gives the policy's rule of that name, nil where it has none.
func (p *Policy) Rule(name string) *Rule {
	if p == nil {
		return nil
	}
	switch name {
	case AddColumnRule:
		return p.AddColumn
	case RemoveColumnRule:
		return p.RemoveColumn
	case ModifyTypeRule:
		return p.ModifyType
	case RenameColumnRule:
		return p.RenameColumn
	case DropTableRule:
		return p.DropTable
	}
	return nil
}

// Backups reports whether a copy is to be taken before a change of that kind:
// drop_column, modify_type or drop_table. Without a backup block it is before all.
func (p *Policy) Backups(moment string) bool {
	return p == nil || p.Backup == nil || slices.Contains(p.Backup.Before, moment)
}

// Keeps is how many backups of one table or column are kept; 0 is all.
func (p *Policy) Keeps() int {
	if p == nil || p.Backup == nil {
		return 0
	}
	return p.Backup.Keep
}
