package lang

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// Where values of variables come from.
const (
	VarFile   = "syncform.sfvars" // read where it is there, with .json too
	EnvPrefix = "SF_VAR_"
)

// inputValue is a value given for a variable: an expression from a file, or a text
// from the environment or the command line.
type inputValue struct {
	rng  hcl.Range
	expr hcl.Expression
	text string
}

// readInputs gives each variable the value that wins, in Terraform's order: the
// environment, syncform.sfvars, syncform.sfvars.json, *.auto.sfvars(.json) by name,
// -var-file, -var.
func (l *loader) readInputs() {
	for _, name := range slices.Sorted(maps.Keys(l.vars)) {
		if s, ok := l.opts.Env(EnvPrefix + name); ok {
			l.vars[name].given = &inputValue{rng: placeless("the environment variable " + EnvPrefix + name), text: s}
		}
	}
	for _, file := range []string{VarFile, VarFile + ".json"} {
		if path := filepath.Join(l.cfg.Dir, file); exists(path) {
			l.readVarFile(path, false)
		}
	}
	// An unreadable folder has been reported already.
	entries, _ := os.ReadDir(l.cfg.Dir)
	for _, e := range entries {
		name := e.Name()
		if strings.HasSuffix(name, ".auto.sfvars") || strings.HasSuffix(name, ".auto.sfvars.json") {
			l.readVarFile(filepath.Join(l.cfg.Dir, name), false)
		}
	}
	for _, path := range l.opts.VarFiles {
		l.readVarFile(path, true)
	}
	for _, arg := range l.opts.Vars {
		l.readVarFlag(arg)
	}
}

func exists(path string) bool { _, err := os.Stat(path); return err == nil }

// placeless is the range of a value that stands in no file.
func placeless(what string) hcl.Range {
	return hcl.Range{Filename: "<" + what + ">", Start: hcl.InitialPos, End: hcl.InitialPos}
}

// readVarFile takes the values of a file. Its source is not kept for diagnostics,
// which so show no value.
func (l *loader) readVarFile(path string, named bool) {
	src, err := readRegular(path)
	if err != nil {
		hint := ""
		if named {
			hint = " Check the path given with -var-file."
		}
		l.report(errorAt(hcl.Range{Filename: path, Start: hcl.InitialPos, End: hcl.InitialPos}, sumUnreadable,
			"%s can't be read: %s.%s", path, reason(err), hint))
		return
	}
	f, diags := parse(src, path)
	if l.report(diags...); diags.HasErrors() {
		return
	}
	attrs, diags := f.Body.JustAttributes()
	l.report(diags...)
	for _, name := range slices.Sorted(maps.Keys(attrs)) {
		a := attrs[name]
		v := l.vars[name]
		if v == nil {
			l.report(warnAt(a.NameRange, sumUndeclared,
				"The configuration declares no variable %q, so this value is not used.%s", name, didYouMean(name, l.varNames())))
			continue
		}
		v.given = &inputValue{rng: a.Expr.Range(), expr: a.Expr}
	}
}

// readVarFlag takes one -var name=value.
func (l *loader) readVarFlag(arg string) {
	name, value, ok := strings.Cut(arg, "=")
	name = strings.TrimSpace(name)
	if !ok || name == "" {
		l.report(errorAt(placeless("-var"), sumVariable, "-var takes name=value, such as -var region=eu. One was given that has no name or no equals sign."))
		return
	}
	v := l.vars[name]
	if v == nil {
		l.report(errorAt(placeless("-var "+name), sumUndeclared,
			"The configuration declares no variable %q.%s", name, allowed(name, "It declares", l.varNames())))
		return
	}
	v.given = &inputValue{rng: placeless("-var " + name), text: value}
}

func (l *loader) varNames() []string { return slices.Sorted(maps.Keys(l.vars)) }

// inputFor evaluates a given value and converts it to the variable's type.
func (l *loader) inputFor(v *variable, in *inputValue) (cty.Value, bool) {
	val, ok := l.inputValue(v, in)
	if !ok {
		return cty.NilVal, false
	}
	val, err := v.convert(val)
	if err != nil {
		l.report(errorAt(in.rng, sumVariable, "The value for %s does not have the variable's type: %s.", v.Addr, v.reason(err)))
		return cty.NilVal, false
	}
	return val, true
}

// inputValue evaluates a given value. A text is taken as it is where the variable is a
// primitive or has no type, else it is an expression.
func (l *loader) inputValue(v *variable, in *inputValue) (cty.Value, bool) {
	expr := in.expr
	if expr == nil {
		if !v.typed || v.Type.IsPrimitiveType() {
			return cty.StringVal(in.text), true
		}
		e, diags := hclsyntax.ParseExpression([]byte(in.text), in.rng.Filename, hcl.InitialPos)
		if diags.HasErrors() {
			l.reportInput(v, in, diags)
			return cty.NilVal, false
		}
		expr = e
	}
	val, diags := l.scope.eval(expr, env{literal: true})
	if diags.HasErrors() {
		l.reportInput(v, in, diags)
		return cty.NilVal, false
	}
	return val, true
}

// reportInput reports why a value can't be read; of a sensitive one only that.
func (l *loader) reportInput(v *variable, in *inputValue, diags hcl.Diagnostics) {
	if v.Sensitive || in.expr == nil {
		l.report(errorAt(in.rng, sumVariable, "The value for %s is not an expression of its type. A list is written [\"a\", \"b\"], a map {a = \"b\"}.", v.Addr))
		return
	}
	l.report(diags...)
}
