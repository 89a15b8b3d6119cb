package lang

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
)

var outputSpec = BlockSpec{
	Name:   "output",
	Labels: []Label{{Name: "name"}},
	Arguments: []Argument{
		{Name: "value", Type: later, Required: true, Text: "What is shown after apply, and by the output command."},
		{Name: "description", Type: text, Empty: true, Text: "What it is for."},
		{Name: "sensitive", Type: boolean, Default: "false", Text: "The value is not shown, and not written to a file."},
	},
	Text: "A value that the configuration hands out.",
}

// outputs evaluates the outputs, once the syncs that they refer to are decoded.
func (l *loader) outputs() {
	for _, b := range l.outputBlocks {
		blk := l.open(&outputSpec, b, "output."+b.Labels[0], env{})
		out := &Output{Block: blk.Block, Name: b.Labels[0], Value: cty.DynamicVal,
			Description: get[string](blk, "description"), Sensitive: get[bool](blk, "sensitive")}
		l.cfg.Outputs = append(l.cfg.Outputs, out)
		expr, ok := blk.vals["value"].(hcl.Expression)
		if !ok {
			continue
		}
		v, diags := l.scope.eval(expr, env{sync: true})
		if l.report(diags...); diags.HasErrors() {
			continue
		}
		v = refsAsText(v)
		switch {
		case out.Sensitive:
			v = v.Mark(Sensitive)
		case v.ContainsMarked():
			l.report(errorAt(expr.Range(), sumSensitive,
				"%s holds a sensitive value. Write sensitive = true in its block, so that it is not shown; where the value is no secret, nonsensitive(...).", blk.Addr))
			continue
		}
		out.Value = v
	}
}

// refsAsText replaces references by the addresses that they stand for.
func refsAsText(v cty.Value) cty.Value {
	if !containsRef(Reveal(v)) {
		return v
	}
	out, err := cty.Transform(v, func(_ cty.Path, v cty.Value) (cty.Value, error) {
		bare, marks := v.Unmark()
		if bare.Type() != refType {
			return v, nil
		}
		if bare.IsNull() {
			return cty.NullVal(cty.String), nil
		}
		if !bare.IsKnown() {
			return cty.UnknownVal(cty.String).WithMarks(marks), nil
		}
		return cty.StringVal(bare.EncapsulatedValue().(*ref).addr).WithMarks(marks), nil
	})
	if err != nil {
		return cty.DynamicVal
	}
	return out
}
