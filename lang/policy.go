package lang

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
)

var (
	policyModes   = []string{"evolve", "strict", "ignore"}
	policyActions = []string{"apply", "warn", "review", "manual", "deny"}
	backupMoments = []string{"drop_column", "modify_type", "drop_table"}
)

// policyRule is the block of one kind of change.
func policyRule(name, what string, more ...Argument) BlockSpec {
	return BlockSpec{
		Name: name,
		Arguments: append([]Argument{{Name: "action", Type: text, Required: true, OneOf: policyActions,
			Text: "apply does it; warn leaves it and says so; review waits for approval; manual is refused with the HCL to write; deny fails the plan."}}, more...),
		Text: what,
	}
}

var schemaPolicySpec = BlockSpec{
	Name:   "schema_policy",
	Labels: []Label{{Name: "name"}},
	Arguments: []Argument{
		{Name: "mode", Type: text, OneOf: policyModes, Default: "evolve", Text: "evolve acts by the rules; with strict any drift is an error; ignore leaves all."},
	},
	Blocks: []BlockSpec{
		policyRule("add_column", "A column that the source has and the target lacks.",
			Argument{Name: "default_value", Type: scalar, Text: "The value of rows that are there already."}),
		policyRule("remove_column", "A column that the source has no longer.",
			Argument{Name: "keep_data", Type: boolean, Text: "Whether its values are kept."}),
		policyRule("modify_type", "A column whose type changed.",
			Argument{Name: "safe_changes", Type: texts, Empty: true, Text: "Changes that are applied without asking, such as varchar_expand and int_to_bigint."}),
		policyRule("rename_column", "A column that likely has a new name.",
			Argument{Name: "create_mapping", Type: boolean, Text: "Whether the HCL of the rename is written out."}),
		policyRule("drop_table", "A table that the source has no longer."),
		{
			Name: "backup",
			Arguments: []Argument{
				{Name: "before", Type: texts, Required: true, OneOf: backupMoments, Text: "The changes that a backup is taken before."},
				{Name: "keep", Type: wholeNum, Min: 1, Text: "How many are kept."},
			},
			Text: "Copies of what a change destroys.",
		},
	},
	Text: "What happens when the source's tables change.",
}

// schemaPolicy decodes a schema_policy block.
func (l *loader) schemaPolicy(b *hcl.Block, addr string) {
	blk := l.open(&schemaPolicySpec, b, addr, env{})
	p := &SchemaPolicy{Block: blk.Block, Name: b.Labels[0], Mode: getOr(blk, "mode", "evolve"),
		AddColumn: rule(blk.one("add_column")), RemoveColumn: rule(blk.one("remove_column")),
		ModifyType: rule(blk.one("modify_type")), RenameColumn: rule(blk.one("rename_column")), DropTable: rule(blk.one("drop_table"))}
	if backup := blk.one("backup"); backup != nil {
		p.ArgRanges["backup"] = backup.DeclRange
		p.BackupBefore = get[[]string](backup, "before")
		p.BackupKeep = int(get[int64](backup, "keep"))
	}
	l.cfg.SchemaPolicies = append(l.cfg.SchemaPolicies, p)
}

// rule decodes one rule of a schema policy.
func rule(blk *blk) *PolicyRule {
	if blk == nil {
		return nil
	}
	return &PolicyRule{Block: blk.Block, Action: get[string](blk, "action"), DefaultValue: getOr(blk, "default_value", cty.NilVal),
		KeepData: ptr[bool](blk, "keep_data"), SafeChanges: get[[]string](blk, "safe_changes"), CreateMapping: ptr[bool](blk, "create_mapping")}
}
