package confschema

import (
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/santhosh-tekuri/jsonschema/v6"
	ctyjson "github.com/zclconf/go-cty/cty/json"

	"github.com/syncform/syncform/lang"
	"github.com/syncform/syncform/providers/all"
	"github.com/syncform/syncform/providers/attr"
)

// TestExamples writes each example and each configuration that the language's tests call
// right as *.sf.json: it is valid by the schema, and the language takes it as before.
func TestExamples(t *testing.T) {
	schemas := map[string]attr.Provider{}
	for name, p := range all.Providers() {
		schemas[name] = p.Schema()
	}
	valid := compiled(t, schemas)
	dirs := map[string]bool{}
	for _, pattern := range []string{"../../../examples/*/*.sf.hcl", "../../../examples/*/*/*.sf.hcl", "../../../lang/testdata/valid/*/*.sf.hcl"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v", pattern, err)
		}
		for _, f := range files {
			// These have blocks of providers that only the language's own tests know, or that
			// are for later versions.
			if dir := filepath.Dir(f); !slices.Contains([]string{"language", "references", "supported"}, filepath.Base(dir)) {
				dirs[dir] = true
			}
		}
	}
	for dir := range dirs {
		t.Run(filepath.Base(filepath.Dir(dir))+"/"+filepath.Base(dir), func(t *testing.T) {
			o := lang.Options{Dir: dir, Version: "0.1.0-dev", Providers: schemas, Env: func(string) (string, bool) { return "", false }, AllowMissing: true}
			if _, diags := lang.Load(o); diags.HasErrors() {
				t.Fatal(diags)
			}
			o.Dir = t.TempDir()
			if err := os.CopyFS(o.Dir, os.DirFS(dir)); err != nil {
				t.Fatal(err)
			}
			files, err := filepath.Glob(filepath.Join(o.Dir, "*.sf.hcl"))
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range files {
				text := asJSON(t, f, map[string]bool{})
				v, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
				if err != nil {
					t.Fatal(err)
				}
				if err := valid.Validate(v); err != nil {
					t.Errorf("%s: %v\n%s", filepath.Base(f), err, text)
				}
				if err := os.Remove(f); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(strings.TrimSuffix(f, "hcl")+"json", []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if _, diags := lang.Load(o); diags.HasErrors() {
				t.Errorf("as JSON: %v", diags)
			}
		})
	}
}

// TestPages does the same with the HCL of the docs, as far as the schema goes: pages show
// parts of configurations.
func TestPages(t *testing.T) {
	schemas := map[string]attr.Provider{}
	for name, p := range all.Providers() {
		schemas[name] = p.Schema()
	}
	valid := compiled(t, schemas)
	names := map[string]bool{}
	for _, b := range lang.Blocks() {
		names[b.Name] = true
	}
	seen := map[string]bool{}
	err := filepath.WalkDir("../../../docs", func(path string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".md" {
			return err
		}
		page, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, m := range hclBlock.FindAllSubmatch(page, -1) {
			file := filepath.Join(t.TempDir(), "a.sf.hcl")
			if err := os.WriteFile(file, m[1], 0o600); err != nil {
				return err
			}
			blocks := map[string]bool{}
			text := asJSON(t, file, blocks)
			if !strings.HasPrefix(text, "{\n  \"") || !within(blocks, names) {
				continue // the inside of a block
			}
			v, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
			if err != nil {
				return err
			}
			if err := valid.Validate(v); err != nil {
				t.Errorf("%s: %v\n%s", path, err, text)
			}
			maps.Copy(seen, blocks)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for name := range names {
		if !seen[name] && !slices.Contains([]string{"conflict_policy", "monitoring", "notify"}, name) { // which this version refuses
			t.Errorf("no page shows a block %q", name)
		}
	}
}

var hclBlock = regexp.MustCompile("(?s)```hcl\n(.*?)```")

func within(part, all map[string]bool) bool {
	for name := range part {
		if !all[name] {
			return false
		}
	}
	return len(part) > 0
}

func compiled(t *testing.T, schemas map[string]attr.Provider) *jsonschema.Schema {
	t.Helper()
	b, err := json.Marshal(Schema(schemas))
	if err != nil {
		t.Fatal(err)
	}
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(string(b)))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("schema.json", v); err != nil {
		t.Fatal(err)
	}
	return c.MustCompile("schema.json")
}

// asJSON gives a file in HCL's JSON syntax, and notes the blocks at its top.
func asJSON(t *testing.T, path string, blocks map[string]bool) string {
	t.Helper()
	src, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f, diags := hclsyntax.ParseConfig(src, path, hcl.InitialPos)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	top := f.Body.(*hclsyntax.Body)
	for _, b := range top.Blocks {
		blocks[b.Type] = true
	}
	text, err := json.MarshalIndent(bodyJSON(t, src, top), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// bodyJSON gives a body: each block in a list, so that several of a kind keep their order.
func bodyJSON(t *testing.T, src []byte, b *hclsyntax.Body) object {
	out := object{}
	for name, a := range b.Attributes {
		text := string(a.Expr.Range().SliceBytes(src))
		switch name {
		case "type": // of a variable: words of the language
			out[name] = strings.Trim(text, `"`)
		case "for_each", "value", "default": // a value, not the name of one
			out[name] = exprJSON(t, src, a.Expr)
			if out[name] == text {
				out[name] = "${" + text + "}"
			}
		default:
			out[name] = exprJSON(t, src, a.Expr)
		}
	}
	for _, in := range b.Blocks {
		v := bodyJSON(t, src, in.Body)
		for i := len(in.Labels) - 1; i >= 0; i-- {
			v = object{in.Labels[i]: v}
		}
		list, _ := out[in.Type].([]any)
		out[in.Type] = append(list, v)
	}
	return out
}

// exprJSON gives an expression: what is constant as it is, references and the rest as
// text that HCL reads as an expression.
func exprJSON(t *testing.T, src []byte, e hclsyntax.Expression) any {
	text := string(e.Range().SliceBytes(src))
	switch e := e.(type) {
	case *hclsyntax.TemplateExpr:
		if v, diags := e.Value(nil); !diags.HasErrors() {
			return strings.NewReplacer("${", "$${", "%{", "%%{").Replace(v.AsString())
		}
		if strings.HasPrefix(text, `"`) && !strings.Contains(text, `\`) {
			return strings.Trim(text, `"`)
		}
	case *hclsyntax.ScopeTraversalExpr:
		if root := e.Traversal.RootName(); root != "var" && root != "local" && root != "each" {
			return text
		}
	case *hclsyntax.TupleConsExpr:
		out := []any{}
		for _, x := range e.Exprs {
			out = append(out, exprJSON(t, src, x))
		}
		return out
	case *hclsyntax.LiteralValueExpr:
		b, err := ctyjson.Marshal(e.Val, e.Val.Type())
		if err != nil {
			t.Fatal(err)
		}
		return json.RawMessage(b)
	}
	return "${" + text + "}"
}
