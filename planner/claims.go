package planner

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	"github.com/hashicorp/hcl/v2"
)

// claims refuses what says the value of one target column twice under names that the
// target takes for one, as "Name" and "name" in MySQL. Equal names are refused when the
// configuration is read.
func (c *chooser) claims() bool {
	type claim struct {
		name, by string
		at       hcl.Range
	}
	sys, ok := c.w.target.db.System, true
	value, blocks := map[string]claim{}, map[string]claim{}
	add := func(to map[string]claim, x claim) {
		f, twice := to[foldColumn(sys, x.name)]
		if !twice {
			to[foldColumn(sys, x.name)] = x
			return
		}
		ok = false
		c.b.errorAt(x.at, sumTwoColumns, "%s: %s and %s (%s) are of one target column, as %s does not tell %q from %q. Take one of them out, or give it another name.",
			c.w.addr, x.by, f.by, placed(f.at), c.w.target.addr, x.name, f.name)
	}
	cfg := c.w.cfg
	for _, from := range slices.Sorted(maps.Keys(cfg.Columns)) {
		if col := findColumn(c.w.source.db.System, c.w.from, from); col != nil && from != "*" {
			add(value, claim{cfg.Columns[from], fmt.Sprintf("columns, from source column %q,", from), cfg.ValueRange("columns", from)})
		}
	}
	for _, x := range cfg.ColumnBlocks {
		by := claim{x.Name, fmt.Sprintf("the column block %q", x.Name), x.DeclRange}
		switch {
		case x.Expr != "", x.From != "" && findColumn(c.w.source.db.System, c.w.from, x.From) != nil:
			add(value, by)
		case x.From == "":
			add(blocks, by)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(cfg.AddMetadata)) {
		add(value, claim{name, "add_metadata", cfg.Range("add_metadata." + name)})
	}
	return ok
}

// placed names a place in the configuration.
func placed(r hcl.Range) string {
	return fmt.Sprintf("%s:%d,%d", filepath.Base(r.Filename), r.Start.Line, r.Start.Column)
}
