package lang

import "github.com/hashicorp/hcl/v2"

var migrationSpec = BlockSpec{
	Name:   "migration",
	Labels: []Label{{Name: "name"}},
	Arguments: []Argument{
		{Name: "target", Type: reference, Required: true, Kinds: endpointKinds, Text: "Where it runs."},
		{Name: "up", Type: text, Required: true, Text: `The script, as a rule file("...").`},
		{Name: "when", Type: text, OneOf: []string{"before", "after"}, Default: "before", Text: "Whether it runs before what the syncs of its target need, or after it."},
		{Name: "down", Type: text, Text: "The script that undoes it."},
	},
	Text: "A script that runs once per target, in plan order.",
}

// migration decodes a migration block.
func (l *loader) migration(b *hcl.Block, addr string) {
	blk := l.open(&migrationSpec, b, addr, env{})
	l.cfg.Migrations = append(l.cfg.Migrations, &Migration{Block: blk.Block, Name: b.Labels[0],
		Target: get[string](blk, "target"), Up: get[string](blk, "up"), Down: get[string](blk, "down"), When: getOr(blk, "when", "before")})
}
