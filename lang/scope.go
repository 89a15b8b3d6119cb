package lang

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
)

// ref is what a reference to a block evaluates to.
type ref struct{ kind, addr string }

// refType lets references stand in locals, lists and conditionals like any value.
var refType = cty.CapsuleWithOps("reference", reflect.TypeFor[ref](), &cty.CapsuleOps{
	RawEquals: func(a, b any) bool { return *a.(*ref) == *b.(*ref) },
	Equals:    func(a, b any) cty.Value { return cty.BoolVal(*a.(*ref) == *b.(*ref)) },
	HashKey:   func(v any) string { return v.(*ref).addr },
	GoString:  func(v any) string { return v.(*ref).addr },
})

func refVal(kind, addr string) cty.Value {
	return cty.CapsuleVal(refType, &ref{kind: kind, addr: addr})
}

// rootParts says how many names follow each root of a reference.
var rootParts = map[string]int{
	"var": 1, "local": 1, "each": 1,
	"source": 2, "target": 2, "secret_manager": 2, "notify": 2,
	"schema_policy": 1, "conflict_policy": 1, "sync": 1,
}

// rootNames are the roots in the order of the docs.
var rootNames = []string{"var", "local", "each", "source", "target", "secret_manager",
	"schema_policy", "conflict_policy", "notify", "sync"}

// node is one thing that can be referred to. Its value is made when it is first
// needed, so that the order of blocks never matters and a cycle shows.
type node struct {
	kind, addr string
	rng        hcl.Range
	forEach    bool             // its value is an object of its elements
	make       func() cty.Value // reports its own errors; DynamicVal when it failed
	state      nodeState
	val        cty.Value
}

type nodeState uint8

const (
	untouched nodeState = iota
	underWay
	finished
)

// scope holds all nodes and evaluates expressions against them.
type scope struct {
	nodes  map[string]*node
	addrs  []string // in order of declaration
	stack  []*node
	funcs  map[string]function.Function
	report func(...*hcl.Diagnostic)
	scrub  func(string) string // takes sensitive values out of a text
}

// add registers a node.
func (s *scope) add(n *node) {
	s.nodes[n.addr] = n
	s.addrs = append(s.addrs, n.addr)
}

// resolve returns the node's value.
func (s *scope) resolve(n *node) cty.Value {
	switch n.state {
	case finished:
		return n.val
	case underWay:
		at := slices.Index(s.stack, n)
		var names []string
		for _, m := range s.stack[at:] {
			names = append(names, m.addr)
		}
		names = append(names, n.addr)
		s.report(errorAt(n.rng, sumCycle,
			"%s needs its own value: %s. Take one of these references out.", n.addr, strings.Join(names, " → ")))
		return cty.DynamicVal
	}
	n.state = underWay
	s.stack = append(s.stack, n)
	n.val = n.make()
	s.stack = s.stack[:len(s.stack)-1]
	n.state = finished
	return n.val
}

// env is what an expression may use besides the nodes.
type env struct {
	each    *each
	sync    bool // sync.NAME may be referred to
	literal bool // nothing may be referred to or called
}

// eval evaluates an expression. What is not known because of an error reported
// elsewhere is DynamicVal.
func (s *scope) eval(expr hcl.Expression, e env) (cty.Value, hcl.Diagnostics) {
	if e.literal {
		v, diags := expr.Value(nil)
		return v, s.clean(expr, diags)
	}
	var diags hcl.Diagnostics
	root := &tree{}
	for _, t := range expr.Variables() {
		path, v, d := s.follow(t, e)
		if d != nil {
			diags = append(diags, d)
			continue
		}
		root.set(path, v)
	}
	if len(diags) > 0 {
		return cty.DynamicVal, diags
	}
	ctx := &hcl.EvalContext{Functions: s.funcs, Variables: map[string]cty.Value{}}
	for name, kid := range root.kids {
		ctx.Variables[name] = kid.value()
	}
	v, evalDiags := expr.Value(ctx)
	return v, s.clean(expr, evalDiags)
}

// clean takes out of HCL's own diagnostics what could show a sensitive value: the
// variables of the expression, and what a function said of its arguments.
func (s *scope) clean(expr hcl.Expression, diags hcl.Diagnostics) hcl.Diagnostics {
	for _, d := range diags {
		var unset unsetError
		if call, ok := hcl.DiagnosticExtra[hclsyntax.FunctionCallDiagExtra](d); ok && errors.As(call.FunctionCallError(), &unset) {
			d.Summary = sumEnv
			d.Detail = fmt.Sprintf("The environment variable %s is not set. Set it before the command: export %[1]s=...", string(unset))
		}
		d.Expression, d.EvalContext, d.Extra = nil, nil, nil
		d.Summary, d.Detail = s.scrub(d.Summary), s.scrub(d.Detail)
		if strings.HasPrefix(d.Summary, "Duplicate object") { // it quotes the key, which may be made from a secret
			d.Detail = "Two elements of the object have the same key. In a for expression, group them by an ellipsis (...) after the value."
		}
		if d.Subject == nil {
			d.Subject = expr.Range().Ptr()
		}
	}
	return diags
}

// tree builds the nested objects in which an expression finds its references.
type tree struct {
	val  cty.Value
	kids map[string]*tree
}

func (t *tree) set(path []string, v cty.Value) {
	for _, name := range path {
		if t.kids == nil {
			t.kids = map[string]*tree{}
		}
		if t.kids[name] == nil {
			t.kids[name] = &tree{}
		}
		t = t.kids[name]
	}
	t.val = v
}

func (t *tree) value() cty.Value {
	if t.kids == nil {
		return t.val
	}
	vals := make(map[string]cty.Value, len(t.kids))
	for name, kid := range t.kids {
		vals[name] = kid.value()
	}
	return cty.ObjectVal(vals)
}

// follow finds what a traversal refers to.
func (s *scope) follow(t hcl.Traversal, e env) ([]string, cty.Value, *hcl.Diagnostic) {
	root, rng := t.RootName(), t.SourceRange()
	parts, known := rootParts[root]
	if !known {
		return nil, cty.NilVal, unknownRoot(root, t)
	}
	path := []string{root}
	for _, step := range t[1:] {
		a, ok := step.(hcl.TraverseAttr)
		if !ok || len(path) > parts {
			break
		}
		path = append(path, a.Name)
	}
	if len(path) <= parts {
		return nil, cty.NilVal, errorAt(rng, sumRef, "A reference to %s is written %s.", kindName(root), shape(root))
	}
	path = path[:parts+1]
	if root == "each" {
		v, d := e.each.follow(path[1], rng)
		return path, v, d
	}
	addr := strings.Join(path, ".")
	n := s.nodes[addr]
	if n == nil {
		return nil, cty.NilVal, s.nothing(root, addr, rng)
	}
	if root == "sync" && !e.sync {
		return nil, cty.NilVal, errorAt(rng, sumRef,
			"A sync can be referred to in an output, in moved and in removed, not here.")
	}
	v := s.resolve(n)
	return path, v, s.checkRest(n, v, t[parts+1:], rng)
}

// checkRest looks at what stands behind a block's address: an element of its
// for_each, and nothing else.
func (s *scope) checkRest(n *node, v cty.Value, rest hcl.Traversal, rng hcl.Range) *hcl.Diagnostic {
	if n.kind == "var" || n.kind == "local" || len(rest) == 0 || !v.IsKnown() {
		return nil
	}
	if n.forEach {
		key := stepKey(rest[0])
		if key == "" {
			return nil // HCL's own message says what is wrong with the index
		}
		if !v.Type().HasAttribute(key) {
			return noElement(n.addr, key, v, rng)
		}
		rest = rest[1:]
	} else if _, ok := rest[0].(hcl.TraverseIndex); ok {
		return errorAt(rng, sumRef, "%s has no for_each, so it has no elements: write %s.", n.addr, n.addr)
	}
	if len(rest) == 0 {
		return nil
	}
	if n.kind != "sync" {
		return errorAt(rng, sumRef,
			"A reference stands for the whole of %s: its arguments can't be read. Put a value that two places need into a local.", n.addr)
	}
	if a, ok := rest[0].(hcl.TraverseAttr); ok && !slices.Contains(syncAttributes, a.Name) {
		return errorAt(rng, sumRefNothing, "%s has no %q to refer to.%s", n.addr, a.Name,
			allowed(a.Name, "There is", syncAttributes))
	}
	return nil
}

// stepKey returns the element that a step names, or "".
func stepKey(step hcl.Traverser) string {
	switch s := step.(type) {
	case hcl.TraverseAttr:
		return s.Name
	case hcl.TraverseIndex:
		if k, _ := s.Key.Unmark(); k.Type() == cty.String && k.IsKnown() && !k.IsNull() {
			return k.AsString()
		}
	}
	return ""
}

// noElement says that a block with for_each has no such element.
func noElement(addr, key string, v cty.Value, rng hcl.Range) *hcl.Diagnostic {
	var keys []string
	for name := range v.Type().AttributeTypes() {
		keys = append(keys, name)
	}
	slices.Sort(keys)
	return errorAt(rng, sumRefNothing, "The for_each of %s has no element %q.%s", addr, key,
		allowed(key, "There is", firstFew(keys)))
}

// nothing says that no block has that address.
func (s *scope) nothing(root, addr string, rng hcl.Range) *hcl.Diagnostic {
	var same, others []string
	name := addr[strings.LastIndex(addr, ".")+1:]
	for _, a := range s.addrs {
		switch n := s.nodes[a]; {
		case n.kind == root:
			same = append(same, a)
		case a[strings.LastIndex(a, ".")+1:] == name && (root == "var" || root == "local" || isEndpoint(root) == isEndpoint(n.kind)):
			others = append(others, a)
		}
	}
	hint := ""
	switch best := nearest(addr, same); {
	case best != "":
		hint = fmt.Sprintf(" Did you mean %s?", best)
	case len(others) > 0:
		hint = fmt.Sprintf(" Did you mean %s?", others[0])
	case len(same) > 0:
		hint = " Declared: " + strings.Join(firstFew(same), ", ") + "."
	}
	return errorAt(rng, sumRefNothing, "There is no %s.%s", addr, hint)
}

// unknownRoot says that a reference begins with no kind of block.
func unknownRoot(root string, t hcl.Traversal) *hcl.Diagnostic {
	rng := t.SourceRange()
	if len(t) == 1 {
		if slices.Contains(rootNames, root) {
			return errorAt(rng, sumRef, "A reference to %s is written %s.", kindName(root), shape(root))
		}
		return errorAt(rng, sumRefNothing, "%s is not something to refer to. A text stands in quotes: %s.", root, strconv.Quote(root))
	}
	return errorAt(rng, sumRefNothing, "A reference can't begin with %q.%s", root,
		allowed(root, "It begins with", rootNames))
}

func isEndpoint(root string) bool { return root == "source" || root == "target" }

// kindName puts a root into words.
func kindName(root string) string {
	switch root {
	case "var":
		return "a variable"
	case "local":
		return "a local"
	case "each":
		return "an element of for_each"
	}
	return "a " + root
}

// shape shows how a reference of that root is written.
func shape(root string) string {
	switch {
	case root == "each":
		return "each.key or each.value"
	case rootParts[root] == 2:
		return root + ".TYPE.NAME"
	}
	return root + ".NAME"
}

// firstFew keeps a list in a message short.
func firstFew(names []string) []string {
	const most = 8
	if len(names) > most {
		return names[:most]
	}
	return names
}
