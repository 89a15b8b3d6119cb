package scaffold

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"

	"github.com/syncform/syncform/providers/schema"
)

// Result is a configuration that was written, and what must be set to use it.
type Result struct {
	HCL       []byte
	Tables    int
	Variables map[string]Location // environment variables that hold a connection
}

// Write gives the configuration that copies every table of db, found at from, into
// the tables of the same names at to. environ is the process's environment.
func Write(db *schema.Database, from, to Location, environ []string) Result {
	r := Result{Variables: map[string]Location{}}
	f := hclwrite.NewEmptyFile()
	body := f.Body()
	comment(body, "Written by \"syncform init -from\" for "+from.String()+".")
	body.AppendNewline()
	source := r.endpoint(body, "source", from, environ)
	body.AppendNewline()
	if to == from {
		comment(body, "The source itself, so there is nothing to do yet: put the database here that the")
		comment(body, "tables are to be copied into.")
	}
	target := r.endpoint(body, "target", to, environ)
	body.AppendNewline()
	sync := body.AppendNewBlock("sync", []string{from.name()}).Body()
	sync.SetAttributeTraversal("source", source)
	sync.SetAttributeTraversal("target", target)
	sync.SetAttributeValue("mode", cty.StringVal("full"))
	sync.AppendNewline()
	labels := map[string]bool{}
	for _, t := range db.Tables {
		label := t.Name.Name
		if t.Name.Schema != db.DefaultSchema {
			label = t.Name.String()
		}
		if strings.Contains(label, "*") || labels[label] {
			comment(sync, "Left out: table "+label+", which a label can't name.")
			continue
		}
		labels[label] = true
		r.Tables++
		mapping(sync, label)
	}
	if others := kinds(db.Others); others != "" {
		sync.AppendNewline()
		comment(sync, "A sync copies tables; the database also has "+others+".")
	}
	r.HCL = hclwrite.Format(f.Bytes())
	return r
}

// endpoint appends a source or target block and returns its address. A connection
// with a password stays out of the file.
func (r *Result) endpoint(body *hclwrite.Body, role string, l Location, environ []string) hcl.Traversal {
	b := body.AppendNewBlock(role, []string{l.Provider, l.name()}).Body()
	switch {
	case l.Provider == "sqlite":
		b.SetAttributeValue("path", cty.StringVal(l.Path))
	case !l.secret:
		b.SetAttributeValue("connection", cty.StringVal(l.URL))
	default:
		name := strings.ToUpper(l.Provider) + "_CONNECTION_STRING"
		if other, taken := r.Variables[name]; taken && other != l {
			name = strings.ToUpper(role) + "_" + name
		}
		name = variable(l, environ, name)
		r.Variables[name] = l
		b.SetAttributeRaw("connection", hclwrite.TokensForFunctionCall("env", hclwrite.TokensForValue(cty.StringVal(name))))
	}
	return hcl.Traversal{hcl.TraverseRoot{Name: role}, hcl.TraverseAttr{Name: l.Provider}, hcl.TraverseAttr{Name: l.name()}}
}

// mapping appends an empty mapping block on one line.
func mapping(body *hclwrite.Body, label string) {
	tokens := hclwrite.Tokens{{Type: hclsyntax.TokenIdent, Bytes: []byte("mapping")}}
	tokens = append(tokens, hclwrite.TokensForValue(cty.StringVal(label))...)
	tokens = append(tokens, &hclwrite.Token{Type: hclsyntax.TokenOBrace, Bytes: []byte("{")},
		&hclwrite.Token{Type: hclsyntax.TokenCBrace, Bytes: []byte("}")}, &hclwrite.Token{Type: hclsyntax.TokenNewline, Bytes: []byte("\n")})
	body.AppendUnstructuredTokens(tokens)
}

// kinds counts objects: 3 of kind view, 1 of kind trigger.
func kinds(objects []schema.Object) string {
	n := map[string]int{}
	for _, o := range objects {
		n[o.Kind]++
	}
	var parts []string
	for _, kind := range slices.Sorted(maps.Keys(n)) {
		parts = append(parts, strconv.Itoa(n[kind])+" of kind "+kind)
	}
	return strings.Join(parts, ", ")
}

// comment appends a comment of one line, whatever the text holds.
func comment(body *hclwrite.Body, text string) {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, text)
	body.AppendUnstructuredTokens(hclwrite.Tokens{{Type: hclsyntax.TokenComment, Bytes: []byte("# " + text + "\n")}})
}
