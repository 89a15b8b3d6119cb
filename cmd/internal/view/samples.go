package view

import (
	"strings"
)

// samples shows what expressions make of some rows, where that was asked for.
func (v *planView) samples() {
	if len(v.plan.Samples) == 0 || !v.opts.Samples {
		return
	}
	v.out.line("")
	v.out.line("%s", v.Bold("What expressions make of the first rows:"))
	addr, column := "", ""
	for _, s := range v.plan.Samples {
		if s.Addr != addr {
			addr, column = s.Addr, ""
			v.out.line("  %s", Safe(addr))
		}
		if s.Column != column {
			column = s.Column
			v.out.line("    %s = %s", Safe(s.Column), Safe(strings.Join(strings.Fields(s.Expr), " ")))
		}
		if s.Bad != "" {
			v.out.line("      %s %s", v.Red("!"), Safe(s.Bad))
			continue
		}
		v.out.line("      %s", fieldText(s.Value))
	}
}
