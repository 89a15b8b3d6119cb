package lang

import (
	"time"

	"github.com/hashicorp/hcl/v2"
)

var (
	conflictStrategies = []string{"last_write_wins", "source_priority", "merge", "custom_rules"}
	defaultStrategies  = []string{"last_write_wins", "source_priority", "merge"}
	fieldStrategies    = []string{"last_write_wins", "source_priority", "sum", "max", "min", "priority_order"}
)

var conflictPolicySpec = BlockSpec{
	Name:   "conflict_policy",
	Labels: []Label{{Name: "name"}},
	Arguments: []Argument{
		{Name: "strategy", Type: text, OneOf: conflictStrategies, Default: "last_write_wins", Text: "Who wins when both sides change a row."},
		{Name: "priority", Type: reference, Kinds: endpointKinds, Text: "source_priority: the endpoint that wins, in both directions; left out, the source."},
		{Name: "timestamp_column", Type: text, Text: "last_write_wins: the column that tells when a row was written."},
		{Name: "default", Type: text, OneOf: defaultStrategies, Default: "last_write_wins", Text: "The strategy of fields without a rule."},
	},
	Blocks: []BlockSpec{
		{
			Name: "rule", Labels: []Label{{Name: "field", Free: true}},
			Arguments: []Argument{
				{Name: "strategy", Type: text, Required: true, OneOf: fieldStrategies, Text: "Who wins when both sides change the field."},
				{Name: "order", Type: texts, Text: "priority_order: the values, the winner first."},
			},
			Many: true,
			Text: "The rule of one field.",
		},
		{
			Name: "log",
			Arguments: []Argument{
				{Name: "table", Type: text, Default: "sync_conflicts", Text: "The table that conflicts are kept in."},
				{Name: "retention_days", Type: wholeNum, Min: 1, Text: "How long; left out, for ever."},
			},
			Text: "Where conflicts are kept.",
		},
		{
			Name: "alert",
			Arguments: []Argument{
				{Name: "threshold", Type: wholeNum, Min: 1, Required: true, Text: "How many conflicts are too many."},
				{Name: "per", Type: duration, Default: "1h", Text: "In what time."},
				{Name: "notify", Type: notifiers, Kinds: []string{"notify"}, Required: true, Text: "Who is told."},
			},
			Text: "When too many conflicts are told, and to whom.",
		},
	},
	Text: "Who wins when both sides change a row.",
}

// conflictPolicy decodes a conflict_policy block.
func (l *loader) conflictPolicy(b *hcl.Block, addr string) {
	blk := l.open(&conflictPolicySpec, b, addr, env{})
	p := &ConflictPolicy{Block: blk.Block, Name: b.Labels[0], Strategy: getOr(blk, "strategy", "last_write_wins"),
		Priority: get[string](blk, "priority"), TimestampColumn: get[string](blk, "timestamp_column"),
		Default: getOr(blk, "default", "last_write_wins")}
	for _, r := range blk.many("rule") {
		p.Rules = append(p.Rules, l.conflictRule(r))
	}
	switch {
	case p.Strategy == "custom_rules" && len(blk.inner["rule"]) == 0:
		l.report(errorAt(blk.Range("strategy"), sumMissingBlk, `The strategy "custom_rules" needs at least one rule: rule "FIELD" { strategy = "max" }.`))
	case p.Strategy == "": // reported
	case p.Strategy != "custom_rules" && len(p.Rules) > 0:
		l.report(errorAt(p.Rules[0].DeclRange, sumConflict, `The strategy %q has no rules for fields. Write strategy = "custom_rules", or take the rules out.`, p.Strategy))
	case p.Strategy != "custom_rules" && blk.set["default"]:
		l.report(errorAt(blk.Range("default"), sumConflict, `default is for the fields without a rule, so it belongs to strategy = "custom_rules". Take it out, or change the strategy.`))
	}
	if log := blk.one("log"); log != nil {
		p.Log = &ConflictLog{Block: log.Block, Table: getOr(log, "table", "sync_conflicts"), RetentionDays: int(get[int64](log, "retention_days"))}
	}
	if alert := blk.one("alert"); alert != nil {
		p.Alert = &ConflictAlert{Block: alert.Block, Threshold: get[int64](alert, "threshold"),
			Per: getOr(alert, "per", time.Hour), Notify: get[[]string](alert, "notify")}
	}
	l.cfg.ConflictPolicies = append(l.cfg.ConflictPolicies, p)
}

// conflictRule decodes the rule of one field.
func (l *loader) conflictRule(blk *blk) *ConflictRule {
	r := &ConflictRule{Block: blk.Block, Field: blk.labels[0], Strategy: get[string](blk, "strategy"), Order: get[[]string](blk, "order")}
	switch {
	case r.Strategy == "priority_order" && !blk.set["order"]:
		l.report(errorAt(blk.DeclRange, sumMissingArg, `The strategy "priority_order" needs the argument order: the values, the winner first.`))
	case r.Strategy != "priority_order" && r.Strategy != "" && blk.set["order"]:
		l.report(errorAt(blk.Range("order"), sumConflict, `order belongs to the strategy "priority_order"; this is %q.`, r.Strategy))
	}
	return r
}
