package planner

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/hcl/v2"

	"github.com/syncform/syncform/lang"
	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/planner/state"
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/attr"
	"github.com/syncform/syncform/providers/schema"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const goldenDir = "../testdata/diff"

// goldenCase is what a case's case.json may say; all of it may be left out.
type goldenCase struct {
	Text    string                  `json:"text"`   // what the case is about
	Status  map[string]state.Status `json:"status"` // by target table: what a killed apply left; "absent": the table is gone
	Asides  []string                `json:"asides"` // target tables whose table beside them is there
	Rows    map[string]bool         `json:"rows"`   // by target table: other than what was loaded
	Running bool                    `json:"running"`
	Options struct {
		Targets     []string `json:"targets"`
		Replace     []string `json:"replace"`
		Destroy     bool     `json:"destroy"`
		DropTables  bool     `json:"drop_tables"`
		RefreshOnly bool     `json:"refresh_only"`
	} `json:"options"`
	Held bool `json:"held"` // something is held, so that the next plan is not empty
}

// TestGolden plans each case of testdata/diff: new.json is the source's schema;
// old.json, if there, the one that was applied before, by old.sf.hcl or main.sf.hcl;
// target.json what else stands in the target. The plan, or its diagnostics, are
// plan.txt and plan.json. A plan that was carried out must plan empty again.
func TestGolden(t *testing.T) {
	cases, err := filepath.Glob(goldenDir + "/*/*/new.json")
	if err != nil || len(cases) == 0 {
		t.Fatalf("no cases in %s: %v", goldenDir, err)
	}
	for _, path := range cases {
		dir := filepath.Dir(path)
		t.Run(strings.TrimPrefix(filepath.ToSlash(dir), goldenDir+"/"), func(t *testing.T) { golden(t, dir) })
	}
}

func golden(t *testing.T, dir string) {
	var c goldenCase
	readJSON(t, filepath.Join(dir, "case.json"), &c)
	e := newBench(t, dir)
	if old := filepath.Join(dir, "old.json"); exists(old) {
		e.source.db = readDatabase(t, old)
		e.config(filepath.Join(dir, "old.sf.hcl"), filepath.Join(dir, "main.sf.hcl"))
		p, diags := e.plan(Options{})
		if diags.HasErrors() {
			t.Fatalf("the plan of old.json: %s", diags)
		}
		e.apply(p)
		e.killed(c)
	}
	e.source.db = readDatabase(t, filepath.Join(dir, "new.json"))
	e.config(filepath.Join(dir, "main.sf.hcl"))
	for name, has := range c.Rows {
		e.target.rows[e.name(name)] = has
	}
	o := c.Options
	p, diags := e.plan(Options{Targets: o.Targets, Replace: o.Replace, Destroy: o.Destroy, DropTables: o.DropTables, RefreshOnly: o.RefreshOnly})
	e.compare(filepath.Join(dir, "plan.txt"), []byte(c.Text+"\n\n"+render(p, diags)))
	if p == nil {
		if *update {
			os.Remove(filepath.Join(dir, "plan.json")) // of a time when there was a plan
		}
		if exists(filepath.Join(dir, "plan.json")) {
			t.Error("there is a plan.json, and no plan")
		}
		return
	}
	e.compare(filepath.Join(dir, "plan.json"), planJSON(t, p))
	if p.Destroy || o.RefreshOnly {
		return
	}
	e.apply(p)
	again, diags := e.plan(Options{Targets: o.Targets})
	if diags.HasErrors() {
		t.Fatalf("the plan after it: %s", diags)
	}
	if !again.Empty() || (again.Held > 0) != c.Held {
		t.Errorf("the plan after it has something to do:\n%s", render(again, nil))
	}
}

// bench is what a case is tried on.
type bench struct {
	t              testing.TB
	cfg            *lang.Config
	source, target *recorded
	addrs          [2]string
	state          *state.State
	ids            int
	dir            string
}

func newBench(t *testing.T, dir string) *bench {
	e := &bench{t: t, source: &recorded{rows: map[schema.Name]bool{}}, target: &recorded{rows: map[schema.Name]bool{}}}
	from := readDatabase(t, filepath.Join(dir, "new.json"))
	e.target.db = &schema.Database{System: from.System, Version: from.Version, Identity: "b", Name: "b", DefaultSchema: from.DefaultSchema, Schemas: from.Schemas}
	if path := filepath.Join(dir, "target.json"); exists(path) {
		e.target.db = readDatabase(t, path)
	}
	e.addrs = [2]string{fmt.Sprintf("source.%s.a", from.System), fmt.Sprintf("target.%s.b", e.target.db.System)}
	return e
}

// config reads the first of the files that is there; none maps all tables.
func (e *bench) config(files ...string) {
	e.t.Helper()
	dir := e.t.TempDir()
	e.dir = dir
	text := fmt.Sprintf("sync \"s\" {\n  source = %s\n  target = %s\n  mode   = \"full\"\n  mapping \"*\" {}\n}\n", e.addrs[0], e.addrs[1])
	for _, f := range files {
		if b, err := os.ReadFile(f); err == nil {
			text = string(b)
			break
		}
	}
	for i, addr := range e.addrs {
		part := strings.Split(addr, ".")
		text += fmt.Sprintf("\n%s %q %q {\n  path = \"%d\"\n}\n", part[0], part[1], part[2], i)
	}
	if err := os.WriteFile(filepath.Join(dir, "main.sf.hcl"), []byte(text), 0o600); err != nil {
		e.t.Fatal(err)
	}
	known := map[string]attr.Provider{}
	for _, sys := range []schema.System{schema.PostgreSQL, schema.MySQL, schema.SQLite} {
		known[string(sys)] = attr.Provider{Name: string(sys), Source: true, Target: true, Available: true, Attributes: []attr.Attribute{{Name: "path", Type: attr.String}}}
	}
	cfg, diags := lang.Load(lang.Options{Dir: dir, Providers: known, Env: func(string) (string, bool) { return "", false }})
	if diags.HasErrors() {
		e.t.Fatalf("the configuration: %s", diags)
	}
	e.cfg = cfg
}

func (e *bench) plan(o Options) (*plan.Plan, hcl.Diagnostics) {
	o.Version = "test"
	b := newBuilder(Input{Config: e.cfg, State: e.state, Options: o, Conns: map[string]providers.Conn{e.addrs[0]: e.source, e.addrs[1]: e.target}})
	b.newID = func() string { e.ids++; return fmt.Sprintf("%032x", e.ids) }
	b.plan.ID = b.newID()
	b.plan.CreatedAt = time.Date(2026, 11, 2, 3, 4, 5, 0, time.UTC)
	b.make(context.Background())
	return b.finish()
}

// apply carries a plan out on what is recorded and in the state.
func (e *bench) apply(p *plan.Plan) {
	if e.state == nil {
		e.state = state.New("test")
		e.state.Lineage = "lineage"
	}
	e.state.Begin(p)
	e.target.perform(p)
	for i := range p.Actions {
		if a := &p.Actions[i]; a.Backfill != nil {
			e.state.LoadDone(a.Backfill.Mapping, 1, time.Time{})
		}
	}
	e.state.Finish(p, "test", time.Time{})
	e.state.Serial++
}

// killed makes the state what an apply leaves that was killed.
func (e *bench) killed(c goldenCase) {
	for i := range e.state.Mappings {
		m := &e.state.Mappings[i]
		status, ok := c.Status[m.TargetTable.String()]
		switch {
		case !ok:
			continue
		case status == "absent":
			e.target.db = with(e.target.db, schema.DropTable{From: schema.Table{Name: m.TargetTable}}, e.target)
			continue
		}
		m.Status, m.Into = status, m.TargetTable
		for _, name := range c.Asides {
			if name == m.TargetTable.String() {
				m.Into.Name = "_sync_load_1"
				m.Asides = []schema.Name{m.Into}
				aside := *e.target.db.Table(m.TargetTable)
				aside.Name = m.Into
				e.target.db = with(e.target.db, schema.AddTable{To: aside}, e.target)
			}
		}
		if status == state.Creating {
			e.target.rows[m.TargetTable] = false
		}
	}
	if c.Running {
		e.state.Running = "another"
	}
}

// name reads schema.table as a case writes it.
func (e *bench) name(s string) schema.Name {
	if in, name, ok := strings.Cut(s, "."); ok {
		return schema.Name{Schema: in, Name: name}
	}
	return schema.Name{Schema: e.target.db.DefaultSchema, Name: s}
}

// render writes a plan, or what kept it from being made, for a person to read.
func render(p *plan.Plan, diags hcl.Diagnostics) string {
	var b strings.Builder
	for _, d := range diags {
		if d.Severity == hcl.DiagWarning {
			b.WriteString("warning: ")
		}
		fmt.Fprintf(&b, "%s: %s\n", d.Summary, d.Detail)
		if d.Subject != nil {
			fmt.Fprintf(&b, "    at %s\n", placeOf(*d.Subject))
		}
	}
	if p == nil {
		return b.String()
	}
	for i := range p.Actions {
		renderAction(&b, &p.Actions[i])
	}
	for _, m := range p.Moved {
		fmt.Fprintf(&b, "moved %s -> %s\n", m.From, m.To)
	}
	for _, addr := range p.Forget {
		fmt.Fprintf(&b, "forget %s\n", addr)
	}
	for _, m := range p.Mappings {
		fmt.Fprintf(&b, "mapping %s: %s -> %s key %v -> %v", m.Addr, m.SourceTable, m.TargetTable, m.SourceKey, m.TargetKey)
		if m.Only {
			b.WriteString(" only")
		}
		b.WriteString("\n")
		for _, c := range m.Columns {
			fmt.Fprintf(&b, "    %s %s -> %s %s\n", c.Source, c.SourceType, c.Target, c.TargetType)
		}
	}
	for _, n := range p.Notes {
		fmt.Fprintf(&b, "note %s: %s\n", n.Addr, n.Text)
	}
	if p.Empty() {
		b.WriteString("nothing to do\n")
	}
	return b.String()
}

// placeOf writes a range, and what stands there.
func placeOf(r hcl.Range) string {
	text := ""
	if src, err := os.ReadFile(r.Filename); err == nil && r.End.Byte <= len(src) && r.Start.Line == r.End.Line {
		text = ": " + string(src[r.Start.Byte:r.End.Byte])
	}
	return fmt.Sprintf("%s:%d,%d-%d%s", filepath.Base(r.Filename), r.Start.Line, r.Start.Column, r.End.Column, text)
}

func renderAction(b *strings.Builder, a *plan.Action) {
	what := "backfill"
	if a.Change != nil {
		what = schema.ChangeKind(a.Change)
		if text, err := schema.MarshalChange(a.Change); err == nil && len(text) < 400 {
			what += " " + string(text)
		}
	}
	fmt.Fprintf(b, "%s %-8s %-8s %s %s\n", a.ID, a.Phase, a.Kind, a.Addr, what)
	line := func(format string, args ...any) { fmt.Fprintf(b, "     "+format+"\n", args...) }
	if f := a.Backfill; f != nil {
		line("into %s, generation %s, %d rows, %d bytes, %d chunks, resumed %v, snapshot %q", f.Into, f.Generation, f.Rows, f.Bytes, f.Chunks, f.Resumed, f.Snapshot)
	}
	line("because: %s", a.Reason)
	if len(a.DependsOn) > 0 {
		line("after %s", strings.Join(a.DependsOn, ", "))
	}
	if a.Info != "" {
		line("info: %s", a.Info)
	}
	for _, s := range a.Steps {
		for _, h := range s.Hazards {
			line("hazard %s: %s", h.Code, h.Text)
		}
	}
	if a.Held != "" {
		line("held: %s", a.Held)
	}
}

// planJSON writes the plan without the tables that it read, which are the inputs.
func planJSON(t testing.TB, p *plan.Plan) []byte {
	t.Helper()
	short := *p
	short.Read = nil
	for _, r := range p.Read {
		r.Table = nil
		short.Read = append(short.Read, r)
	}
	short.ConfigHash = "" // of the whole configuration, which is lang's
	short.Mappings = nil  // in plan.txt
	b, err := json.MarshalIndent(short, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return append(b, '\n')
}

// compare compares with a golden file. The folder of the configuration has another
// name each time.
func (e *bench) compare(path string, got []byte) {
	t := e.t
	t.Helper()
	got = bytes.ReplaceAll(got, []byte(e.dir+string(filepath.Separator)), nil)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs (go test ./planner -run Golden -update rewrites it); got:\n%s", path, got)
	}
}

func readDatabase(t testing.TB, path string) *schema.Database {
	t.Helper()
	var db schema.Database
	readJSON(t, path, &db)
	return &db
}

// readJSON reads a file strictly; one that is not there leaves v as it is.
func readJSON(t testing.TB, path string, v any) {
	t.Helper()
	b, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
