package view

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/syncform/syncform/executor/cutover"
	"github.com/syncform/syncform/executor/stream"
	"github.com/syncform/syncform/executor/verify"
	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/planner/state"
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// schemaMaker makes JSON Schemas of Go types, with the comments of their fields.
type schemaMaker struct {
	defs     map[string]any
	comments map[string]string // package.Type.Field
	strict   bool              // no other members: the test that a schema knows all of them
}

// enums are types whose values are these words.
var enums = map[reflect.Type][]string{
	reflect.TypeFor[plan.Kind]():        {string(plan.Create), string(plan.Update), string(plan.Delete), string(plan.Backfill), string(plan.NoteKind)},
	reflect.TypeFor[plan.Phase]():       {string(plan.Expand), string(plan.Sync), string(plan.Contract)},
	reflect.TypeFor[plan.Cause]():       {string(plan.CauseSource), string(plan.CauseConfiguration), string(plan.CauseDrift)},
	reflect.TypeFor[schema.Narrowing](): {string(schema.Drops), string(schema.Narrows), string(schema.Widens), string(schema.Retypes)},
	reflect.TypeFor[state.Status]():     {string(state.Creating), string(state.Emptying), string(state.Loading), string(state.Loaded)},
}

func (m *schemaMaker) of(t reflect.Type) map[string]any {
	if words, ok := enums[t]; ok {
		return map[string]any{"enum": words}
	}
	switch t {
	case reflect.TypeFor[time.Time]():
		return map[string]any{"type": "string", "format": "date-time"}
	case reflect.TypeFor[time.Duration]():
		return map[string]any{"type": "integer", "description": "nanoseconds"}
	case reflect.TypeFor[json.RawMessage]():
		return map[string]any{}
	case reflect.TypeFor[schema.Change]():
		return m.change()
	}
	switch t.Kind() {
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.String:
		return map[string]any{"type": "string"}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return map[string]any{"type": "integer"}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return map[string]any{"type": "integer", "minimum": 0}
	case reflect.Float64:
		return map[string]any{"type": "number"}
	case reflect.Interface:
		return map[string]any{}
	case reflect.Pointer:
		return m.of(t.Elem())
	case reflect.Slice:
		return map[string]any{"type": "array", "items": m.of(t.Elem())}
	case reflect.Map:
		return map[string]any{"type": "object", "additionalProperties": m.of(t.Elem())}
	case reflect.Struct:
		name := t.Name()
		if pkg := filepath.Base(t.PkgPath()); pkg != "view" {
			name = pkg + "." + name
		}
		if _, ok := m.defs[name]; !ok {
			m.defs[name] = nil // it may hold itself
			m.defs[name] = m.object(t)
		}
		return map[string]any{"$ref": "#/$defs/" + name}
	}
	panic("no JSON Schema of " + t.String())
}

func (m *schemaMaker) object(t reflect.Type) map[string]any {
	props, required := map[string]any{}, []string{}
	m.fields(t, props, &required)
	slices.Sort(required)
	out := map[string]any{"type": "object", "properties": props, "required": required}
	if m.strict {
		out["additionalProperties"] = false
	}
	if text := m.comments[t.PkgPath()+"."+t.Name()]; text != "" {
		out["description"] = text
	}
	return out
}

func (m *schemaMaker) fields(t reflect.Type, props map[string]any, required *[]string) {
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous && f.Tag.Get("json") == "" {
			in := f.Type
			if in.Kind() == reflect.Pointer {
				in = in.Elem()
			}
			m.fields(in, props, required)
			continue
		}
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "-" || !f.IsExported() {
			continue
		}
		if name == "" {
			name = f.Name
		}
		s := m.of(f.Type)
		optional := strings.Contains(options, "omitempty") || strings.Contains(options, "omitzero")
		if !optional {
			*required = append(*required, name)
			switch {
			case f.Tag.Get("nil") == "never":
			case slices.Contains([]reflect.Kind{reflect.Pointer, reflect.Slice, reflect.Map}, f.Type.Kind()): // nil is null
				s = map[string]any{"anyOf": []any{s, map[string]any{"type": "null"}}}
			}
		}
		if text := m.comments[t.PkgPath()+"."+t.Name()+"."+f.Name]; text != "" {
			s["description"] = text
		}
		props[name] = s
	}
}

// change is any of the kinds of change, each with its own members.
func (m *schemaMaker) change() map[string]any {
	if _, ok := m.defs["change"]; ok {
		return map[string]any{"$ref": "#/$defs/change"}
	}
	m.defs["change"] = nil
	var all []any
	for _, c := range schema.Changes() {
		t := reflect.TypeOf(c)
		o := m.object(t)
		o["properties"].(map[string]any)["kind"] = map[string]any{"const": schema.ChangeKind(c)}
		o["required"] = append(o["required"].([]string), "kind")
		all = append(all, o)
	}
	m.defs["change"] = map[string]any{"oneOf": all}
	return map[string]any{"$ref": "#/$defs/change"}
}

// comments reads the comments of the types of these packages.
func comments(t *testing.T, dirs map[string]string) map[string]string {
	t.Helper()
	out := map[string]string{}
	clean := func(g *ast.CommentGroup) string { return strings.Join(strings.Fields(g.Text()), " ") }
	for pkg, dir := range dirs {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v", dir, err)
		}
		for _, path := range files {
			f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(f, func(n ast.Node) bool {
				spec, ok := n.(*ast.TypeSpec)
				if !ok {
					return true
				}
				s, ok := spec.Type.(*ast.StructType)
				if !ok {
					return true
				}
				for _, field := range s.Fields.List {
					text := clean(field.Doc)
					if line := clean(field.Comment); line != "" {
						text = strings.TrimSpace(text + " " + line)
					}
					for _, name := range field.Names {
						if text != "" {
							out[pkg+"."+spec.Name.Name+"."+name.Name] = text
						}
					}
				}
				return true
			})
		}
	}
	return out
}

const module = "github.com/syncform/syncform/"

// documents are what the commands print with -json, by the name of their schema.
var documents = map[string]reflect.Type{
	"validate":  reflect.TypeFor[JSONValidation](),
	"plan":      reflect.TypeFor[PlanDocument](),
	"apply":     reflect.TypeFor[event](),
	"state":     reflect.TypeFor[StateDocument](),
	"mapping":   reflect.TypeFor[state.Mapping](),
	"outputs":   reflect.TypeFor[map[string]OutputValue](),
	"verify":    reflect.TypeFor[VerifyDocument](),
	"version":   reflect.TypeFor[VersionDocument](),
	"addresses": reflect.TypeFor[AddressesDocument](),
	"providers": reflect.TypeFor[ProvidersDocument](),
	"done":      reflect.TypeFor[DoneDocument](),
	"history":   reflect.TypeFor[HistoryDocument](),
	"backups":   reflect.TypeFor[BackupsDocument](),
	"sync":      reflect.TypeFor[SyncLine](),
	"status":    reflect.TypeFor[StatusDocument](),
	"letters":   reflect.TypeFor[LettersDocument](),
	"retried":   reflect.TypeFor[RetriedDocument](),
	"cutover":   reflect.TypeFor[CutoverDocument](),
}

func documentSchema(name string, comments map[string]string, strict bool) []byte {
	m := &schemaMaker{defs: map[string]any{}, comments: comments, strict: strict}
	s := m.of(documents[name])
	s["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	s["title"] = "syncform: " + name
	if len(m.defs) > 0 {
		s["$defs"] = m.defs
	}
	b, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		panic(err)
	}
	return append(b, '\n')
}

// TestJSONSchemas: docs/schemas is what the types say.
func TestJSONSchemas(t *testing.T) {
	texts := comments(t, map[string]string{
		module + "cmd/internal/view": ".", module + "planner/plan": "../../../planner/plan", module + "planner/state": "../../../planner/state",
		module + "providers": "../../../providers", module + "providers/schema": "../../../providers/schema", module + "executor/verify": "../../../executor/verify",
		module + "providers/attr": "../../../providers/attr", module + "lang": "../../../lang", module + "executor/stream": "../../../executor/stream", module + "executor/cutover": "../../../executor/cutover",
	})
	for name := range documents {
		goldenAt(t, filepath.Join("../../../docs/schemas", name+".json"), string(documentSchema(name, texts, false)))
	}
}

// TestJSON: what is written is valid by its schema, and the schema knows every member.
func TestJSON(t *testing.T) {
	dir := t.TempDir()
	check := map[string]func(what, text string){}
	for name := range documents {
		path := filepath.Join(dir, name+".json")
		if err := os.WriteFile(path, documentSchema(name, nil, true), 0o600); err != nil {
			t.Fatal(err)
		}
		open, strict := compiled(t, filepath.Join("../../../docs/schemas", name+".json")), compiled(t, path)
		check[name] = func(what, text string) {
			t.Helper()
			valid(t, open, name+" "+what, text)
			valid(t, strict, name+" "+what+" (strict)", text)
		}
	}
	for name, write := range map[string]func(io.Writer) error{
		"status": func(w io.Writer) error {
			return StatusJSON(w, []stream.Health{{Sync: "sync.s", LagBytes: new(int64), PausedBy: []string{"person"}, Tables: []stream.TableHealth{{Do: "x"}}, Alarms: []stream.Alarm{{Code: stream.AlarmHeld}}}})
		},
		"cutover": func(w io.Writer) error {
			return CutoverJSON(w, cutover.Report{Sync: "sync.s", Tables: []verify.Report{{Addr: "a"}}, Sequences: []string{}, Problems: []string{"p"}})
		},
		"letters": func(w io.Writer) error {
			return LettersJSON(w, []Letters{{"sync.s", []providers.DeadLetter{{ID: "1", Column: "c", Row: `{"a": null, "b": {"hex": "00"}}`}}}})
		},
		"retried": func(w io.Writer) error { return RetriedJSON(w, []stream.RetriedRow{{Column: "c", Error: "e"}}) },
	} {
		var out strings.Builder
		if err := write(&out); err != nil {
			t.Fatal(err)
		}
		check[name]("written", out.String())
	}
	for name, p := range fixtures(t) {
		b, err := json.Marshal(PlanDocument{p, Summarize(p), nil, nil})
		if err != nil {
			t.Fatal(err)
		}
		check["plan"](name, string(b))
		s := state.New("test")
		s.Begin(p)
		var out strings.Builder
		if err := StateJSON(&out, s); err != nil {
			t.Fatal(err)
		}
		check["state"](name, out.String())
		for _, m := range s.Mappings {
			b, err := json.Marshal(m)
			if err != nil {
				t.Fatal(err)
			}
			check["mapping"](m.Addr, string(b))
		}
	}
	for _, reports := range [][]verify.Report{nil, {{Addr: "a", Method: "rows", Missing: 1, Differences: []verify.Difference{{Kind: "different", Key: "id=1", Columns: []verify.ColumnDifference{{Column: "x"}}}}}}} {
		var out strings.Builder
		if err := VerifyJSON(&out, reports); err != nil {
			t.Fatal(err)
		}
		check["verify"]("", out.String())
	}
}
