package lang

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
)

var variableSpec = BlockSpec{
	Name:   "variable",
	Labels: []Label{{Name: "name"}},
	Arguments: []Argument{
		{Name: "type", Type: typeExpr, Default: "any", Text: "What values it takes: string, number, bool, list(string), map(number), object({...}), ..."},
		{Name: "default", Type: later, Text: "Its value where none is given; without a default a value is needed. No references, no functions."},
		{Name: "description", Type: text, Empty: true, Text: "What it is for."},
		{Name: "sensitive", Type: boolean, Default: "false", Text: "Its value is never shown or written to a file."},
		{Name: "nullable", Type: boolean, Default: "true", Text: "Whether it may be null; if not, null means the default."},
	},
	Blocks: []BlockSpec{{
		Name: "validation",
		Arguments: []Argument{
			{Name: "condition", Type: later, Required: true, Text: "True for the values that it takes."},
			{Name: "error_message", Type: later, Required: true, Text: "What to say of any other."},
		},
		Many: true,
		Text: "A rule that its values must meet.",
	}},
	Text:    "An input: a value that is set from outside.",
	literal: true,
}

// variable is a variable block on its way to its value.
type variable struct {
	*Variable
	blk      *blk
	defaults *typeexpr.Defaults
	def      cty.Value // NilVal: none
	nullable bool
	typed    bool
	given    *inputValue
	failed   bool
}

// declareVariable decodes a variable block.
func (l *loader) declareVariable(b *hcl.Block) {
	name := b.Labels[0]
	addr := "var." + name
	if !l.once(addr, b.DefRange) {
		return
	}
	blk := l.open(&variableSpec, b, addr, env{})
	v := &variable{
		Variable: &Variable{Block: blk.Block, Name: name, Type: cty.DynamicPseudoType,
			Description: get[string](blk, "description"), Sensitive: get[bool](blk, "sensitive")},
		blk: blk, def: cty.NilVal, nullable: getOr(blk, "nullable", true),
	}
	l.vars[name] = v
	if expr, ok := blk.vals["type"].(hcl.Expression); ok {
		ty, defaults, diags := typeexpr.TypeConstraintWithDefaults(expr)
		if l.report(diags...); !diags.HasErrors() {
			v.Type, v.defaults, v.typed = ty, defaults, true
		} else {
			v.failed = true
		}
	}
	if expr, ok := blk.vals["default"].(hcl.Expression); ok {
		l.defaultValue(v, expr)
	}
	l.cfg.Variables = append(l.cfg.Variables, v.Variable)
	l.scope.add(&node{kind: "var", addr: addr, rng: b.DefRange, make: func() cty.Value { return v.Value }})
}

// defaultValue evaluates a variable's default.
func (l *loader) defaultValue(v *variable, expr hcl.Expression) {
	if v.Sensitive {
		l.hide(expr)
	}
	val, diags := l.scope.eval(expr, env{literal: true})
	if l.report(diags...); diags.HasErrors() {
		v.failed = true
		return
	}
	val, err := v.convert(val)
	switch {
	case err != nil:
		l.report(errorAt(expr.Range(), sumType, "The default of %s does not have the variable's type: %s.", v.Addr, v.reason(err)))
		v.failed = true
	case val.IsNull() && !v.nullable:
		l.report(errorAt(expr.Range(), sumValue, "The default of %s is null, but nullable = false excludes that.", v.Addr))
		v.failed = true
	default:
		v.def = val
	}
}

// convert gives a value the variable's type, with the defaults of optional attributes.
func (v *variable) convert(val cty.Value) (cty.Value, error) {
	if v.defaults != nil && !val.IsNull() {
		val = v.defaults.Apply(val)
	}
	return convert.Convert(val, v.Type)
}

// reason says why a conversion failed, without the value where that is sensitive.
func (v *variable) reason(err error) string {
	if v.Sensitive {
		return "a value of type " + typeexpr.TypeString(v.Type) + " is required"
	}
	return pathText(err) + err.Error()
}

// pathText says where in a value an error is.
func pathText(err error) string {
	pe, ok := err.(cty.PathError)
	if !ok || len(pe.Path) == 0 {
		return ""
	}
	out := "at "
	for _, step := range pe.Path {
		switch s := step.(type) {
		case cty.GetAttrStep:
			out += "." + s.Name
		case cty.IndexStep:
			if k, _ := s.Key.Unmark(); k.Type() == cty.String && k.IsKnown() {
				out += Element("", k.AsString())
			} else if k.Type() == cty.Number && k.IsKnown() {
				out += "[" + k.AsBigFloat().Text('f', 0) + "]"
			}
		}
	}
	return out + ": "
}

// settle decides a variable's value from what was given, else its default.
func (l *loader) settle(v *variable) {
	fallback := cty.DynamicVal
	if v.typed {
		fallback = cty.UnknownVal(v.Type)
	}
	v.Value = fallback
	switch {
	case v.failed:
	case v.given != nil:
		val, ok := l.inputFor(v, v.given)
		if ok && val.IsNull() && !v.nullable {
			if v.def == cty.NilVal {
				l.report(errorAt(v.given.rng, sumVariable, "%s can't be null: its block says nullable = false, and it has no default.", v.Addr))
				break
			}
			val = v.def
		}
		if ok {
			v.Value = val
		}
	case v.def != cty.NilVal:
		v.Value = v.def
	case !l.opts.AllowMissing:
		l.report(errorAt(v.DeclRange, sumNoValue,
			"%s has no default, so it needs a value. Set it with -var %s=..., in %s, or in the environment as %s%s.", v.Addr, v.Name, VarFile, EnvPrefix, v.Name))
	}
	if v.Sensitive {
		l.secretsOf(v.Value)
		v.Value = v.Value.Mark(Sensitive)
	}
}

// checkVariables evaluates the validation rules.
func (l *loader) checkVariables() {
	for _, v := range l.cfg.Variables {
		full := l.vars[v.Name]
		for _, rule := range full.blk.many("validation") {
			l.checkRule(full, rule)
		}
	}
}

// checkRule evaluates one rule of a variable.
func (l *loader) checkRule(v *variable, rule *blk) {
	cond, ok := rule.vals["condition"].(hcl.Expression)
	msg, ok2 := rule.vals["error_message"].(hcl.Expression)
	if !ok || !ok2 {
		return
	}
	if !refersTo(cond, v.Name) {
		l.report(errorAt(cond.Range(), sumInvalidRule, "The condition has to refer to %s: it is there to check its value.", v.Addr))
		return
	}
	res, diags := l.scope.eval(cond, env{})
	if l.report(diags...); diags.HasErrors() {
		return
	}
	res, _ = res.Unmark()
	if !res.IsKnown() {
		return
	}
	holds, err := convert.Convert(res, cty.Bool)
	if err != nil || holds.IsNull() {
		l.report(errorAt(cond.Range(), sumInvalidRule, "The condition is true or false; this is %s.", describe(res)))
		return
	}
	said, diags := l.scope.eval(msg, env{})
	if l.report(diags...); diags.HasErrors() {
		return
	}
	if said.IsMarked() {
		l.report(errorAt(msg.Range(), sumSensitive, "error_message is shown, so it can't hold a sensitive value."))
		return
	}
	said, err = convert.Convert(said, cty.String)
	if err != nil || said.IsNull() || (said.IsKnown() && said.AsString() == "") {
		l.report(errorAt(msg.Range(), sumInvalidRule, "error_message is a text that says what values are good."))
		return
	}
	if holds.True() || !said.IsKnown() {
		return
	}
	at := v.DeclRange
	if v.given != nil {
		at = v.given.rng
	}
	l.report(errorAt(at, sumVariable, "%s: %s\n\nThis is checked by the rule at %s.", v.Addr, said.AsString(), place(rule.DeclRange)))
}

// refersTo reports whether an expression refers to that variable.
func refersTo(expr hcl.Expression, name string) bool {
	for _, t := range expr.Variables() {
		if a, ok := at(t, 1).(hcl.TraverseAttr); t.RootName() == "var" && ok && a.Name == name {
			return true
		}
	}
	return false
}

// at returns a step of a traversal, or nil.
func at(t hcl.Traversal, i int) hcl.Traverser {
	if i < len(t) {
		return t[i]
	}
	return nil
}
