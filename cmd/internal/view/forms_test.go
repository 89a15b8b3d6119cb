package view

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/tools/txtar"

	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers/schema"
)

// fixtures are plans as the planner makes them, and some that are made to be hard on
// those who show them.
func fixtures(t *testing.T) map[string]*plan.Plan {
	t.Helper()
	files, err := filepath.Glob("testdata/plans/*.json")
	if err != nil || len(files) < 30 {
		t.Fatalf("%d plans, %v", len(files), err)
	}
	out := map[string]*plan.Plan{"hostile": samplePlan(), "texts": textsPlan(), "empty": {}}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		var p plan.Plan
		if err := json.Unmarshal(b, &p); err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		out[strings.TrimSuffix(filepath.Base(f), ".json")] = &p
	}
	return out
}

// textsPlan changes long texts.
func textsPlan() *plan.Plan {
	in := schema.Name{Schema: "public", Name: "orders"}
	text := native(schema.Text, "text")
	act := func(id string, kind plan.Kind, c schema.Change) plan.Action {
		return plan.Action{ID: id, Kind: kind, Addr: `sync.s.mapping["orders"]`, Endpoint: "target.postgresql.b", Table: in, Phase: plan.Expand, Change: c, Reason: "the source has it otherwise", Cause: plan.CauseSource}
	}
	return &plan.Plan{ID: "p2", Actions: []plan.Action{
		act("a001", plan.Delete, schema.DropCheck{In: in, Check: schema.Check{Name: "state_ok", Expr: "state = 'new' OR state = 'paid' AND total > 0 OR state = 'sent' AND shipped_at IS NOT NULL"}}),
		act("a002", plan.Create, schema.AddCheck{In: in, Check: schema.Check{Name: "state_ok", Expr: "state = 'new' OR state = 'paid' AND total >= 0 OR state = 'sent' AND shipped_at IS NOT NULL"}}),
		act("a003", plan.Delete, schema.DropIndex{In: in, Index: schema.Index{Name: "by_state", Parts: []schema.KeyPart{{Column: "state"}}}}),
		act("a004", plan.Create, schema.AddIndex{In: in, Index: schema.Index{Name: "by_state", Parts: []schema.KeyPart{{Column: "state"}, {Column: "id"}}}}),
		act("a005", plan.Update, schema.ModifyColumn{In: in,
			From: schema.Column{Name: "note", Type: text, Comment: "first line\nsecond line\nthird line\nfourth line\nfifth line"},
			To:   schema.Column{Name: "note", Type: text, Comment: "first line\nsecond line\nthird line, changed\nfourth line\nfifth line"}}),
		act("a006", plan.Update, schema.ModifyColumn{In: in,
			From: schema.Column{Name: "help", Type: text, Default: &schema.Default{Literal: true, Text: "short"}},
			To:   schema.Column{Name: "help", Type: text, Default: &schema.Default{Literal: true, Text: strings.Repeat("verylongword", 20)}}}),
		act("a007", plan.Update, schema.ModifyColumn{In: in,
			From: schema.Column{Name: "label", Type: text, Generated: &schema.Generated{Expr: "CASE WHEN state = 'new' THEN 'to do' WHEN state = 'paid' THEN 'pack it' ELSE 'done' END"}},
			To:   schema.Column{Name: "label", Type: text, Generated: &schema.Generated{Expr: "CASE WHEN state = 'new' THEN 'to do' WHEN state = 'paid' THEN 'pack' ELSE 'done' END"}}}),
	}}
}

// written gives what f writes.
func written(t *testing.T, f func(io.Writer) error) string {
	t.Helper()
	var b bytes.Buffer
	if err := f(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// forms are all that a plan is shown as.
func forms(t *testing.T, p *plan.Plan) []txtar.File {
	issues := PlanIssues(p, nil, "envs/prod")
	var out []txtar.File
	add := func(name string, f func(io.Writer) error) {
		out = append(out, txtar.File{Name: name, Data: []byte(written(t, f))})
	}
	add("plan.txt", func(w io.Writer) error { return Plan(w, Paint{}, p, PlanOptions{}) })
	add("verbose.txt", func(w io.Writer) error { return Plan(w, Paint{}, p, PlanOptions{Verbose: true}) })
	add("words.txt", func(w io.Writer) error { return Plan(w, Paint{Words: true}, p, PlanOptions{}) })
	add("plan.sql", func(w io.Writer) error { return PlanSQL(w, p) })
	add("plan.md", func(w io.Writer) error { return PlanMarkdown(w, p, MarkdownOptions{}) })
	add("annotations.txt", func(w io.Writer) error { return GitHubAnnotations(w, issues) })
	add("sarif.json", func(w io.Writer) error { return SARIF(w, "1.2.3", issues) })
	add("code-quality.json", func(w io.Writer) error { return CodeQuality(w, issues, "main.sf.hcl") })
	add("order.dot", func(w io.Writer) error { return Graph(w, p, GraphOptions{}) })
	add("order.mmd", func(w io.Writer) error { return Graph(w, p, GraphOptions{Mermaid: true}) })
	add("flow.dot", func(w io.Writer) error { return Graph(w, p, GraphOptions{Flow: true}) })
	add("flow.mmd", func(w io.Writer) error { return Graph(w, p, GraphOptions{Flow: true, Mermaid: true}) })
	return out
}

// TestForms: every plan in every form is what its golden file says.
func TestForms(t *testing.T) {
	for name, p := range fixtures(t) {
		t.Run(name, func(t *testing.T) {
			golden(t, filepath.Join("forms", name+".txtar"), string(txtar.Format(&txtar.Archive{Files: forms(t, p)})))
		})
	}
}

// TestWidth: no line of a plan is wider than 80 columns, but one that is a single word,
// such as an address to copy; and there is no colour.
func TestWidth(t *testing.T) {
	for name, p := range fixtures(t) {
		for _, words := range []bool{false, true} {
			text := written(t, func(w io.Writer) error { return Plan(w, Paint{Words: words}, p, PlanOptions{Hints: true}) })
			for line := range strings.SplitSeq(text, "\n") {
				bare := strings.TrimPrefix(strings.TrimSpace(line), "+ ")
				bare = strings.TrimPrefix(bare, "add: ")
				if width(line) > 80 && strings.Contains(strings.TrimPrefix(bare, "- "), " ") {
					t.Errorf("%s: wider than 80 columns: %q", name, line)
				}
				if strings.ContainsRune(line, 0x1b) {
					t.Errorf("%s: an escape in %q", name, line)
				}
				if sign, _, _ := strings.Cut(strings.TrimSpace(line), " "); words && !strings.HasPrefix(line, "          ") && slices.Contains([]string{"+", "~", ">", "!"}, sign) {
					t.Errorf("%s: a symbol where there should be a word: %q", name, line)
				}
			}
		}
		plain := written(t, func(w io.Writer) error { return Plan(w, Paint{}, p, PlanOptions{}) })
		coloured := written(t, func(w io.Writer) error { return Plan(w, Paint{On: true}, p, PlanOptions{}) })
		if got := stripColour(coloured); got != plain {
			t.Errorf("%s: colour changes more than colour: got\n%s\nwant\n%s", name, got, plain)
		}
	}
}

// compiled is a JSON Schema of testdata or the docs.
func compiled(t *testing.T, path string) *jsonschema.Schema {
	t.Helper()
	s, err := jsonschema.NewCompiler().Compile(path)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// valid checks JSON against a schema.
func valid(t *testing.T, s *jsonschema.Schema, what, text string) {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Errorf("%s: %v", what, err)
		return
	}
	if err := s.Validate(v); err != nil {
		t.Errorf("%s: %v\n%.2000s", what, err, text)
	}
}

// TestSARIF: what is written is SARIF 2.1.0 by its own schema, and code quality reports
// have what GitLab asks for, each fingerprint once.
func TestSARIF(t *testing.T) {
	sarif, quality := compiled(t, "testdata/sarif-2.1.0.schema.json"), compiled(t, "testdata/code-quality.schema.json")
	results := 0
	for name, p := range fixtures(t) {
		issues := PlanIssues(p, nil, "a b/ü")
		results += len(issues)
		valid(t, sarif, name, written(t, func(w io.Writer) error { return SARIF(w, "1.2.3", issues) }))
		text := written(t, func(w io.Writer) error { return CodeQuality(w, issues, "main.sf.hcl") })
		valid(t, quality, name, text)
		var entries []codeQuality
		if err := json.Unmarshal([]byte(text), &entries); err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for _, e := range entries {
			if seen[e.Fingerprint] {
				t.Errorf("%s: fingerprint %s twice", name, e.Fingerprint)
			}
			seen[e.Fingerprint] = true
		}
		for line := range strings.SplitSeq(strings.TrimSuffix(written(t, func(w io.Writer) error { return GitHubAnnotations(w, issues) }), "\n"), "\n") {
			if line != "" && !strings.HasPrefix(line, "::warning ") && !strings.HasPrefix(line, "::notice ") && !strings.HasPrefix(line, "::error ") {
				t.Errorf("%s: no workflow command: %q", name, line)
			}
		}
	}
	if results < 10 {
		t.Errorf("only %d results in all plans", results)
	}
}
