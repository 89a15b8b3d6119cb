package view

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/syncform/syncform/executor/verify"
	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/planner/state"
	"github.com/syncform/syncform/providers/schema"
)

func text(s string) *string { return &s }

func TestVerify(t *testing.T) {
	reports := []verify.Report{
		{Addr: `sync.a.mapping["same"]`, SourceRows: 1_200_000, TargetRows: 1_200_000, Method: verify.ByChecksum},
		{Addr: `sync.a.mapping["users"]`, SourceRows: 4, TargetRows: 4, Method: verify.ByRows, Missing: 1, Extra: 1, Different: 2, Truncated: true, Differences: []verify.Difference{
			{Kind: verify.KindDifferent, Key: "id=2, region=eu", Columns: []verify.ColumnDifference{
				{Column: "email", Source: text("it's\n\x1b[2J"), Target: nil},
				{Column: "note", Source: text(""), Target: text("a text that is longer than sixty characters, and so it is cut somewhere about here")},
			}},
			{Kind: verify.KindMissing, Key: "id=9"},
			{Kind: verify.KindExtra, Key: "id=1"},
		}},
		{Addr: `sync.a.mapping["much"]`, SourceRows: 9, TargetRows: 0, Missing: 9, AtLeast: true},
		{Addr: `sync.a.mapping["gone"]`, Error: "no such table"},
	}
	for name, rs := range map[string][]verify.Report{"verify.txt": reports, "verify_equal.txt": reports[:1], "verify_none.txt": nil} {
		var b bytes.Buffer
		if err := Verify(&b, Paint{}, rs); err != nil {
			t.Fatal(err)
		}
		golden(t, name, b.String())
	}
	for want, rs := range map[bool][]verify.Report{true: reports[:1], false: reports} {
		var b bytes.Buffer
		if err := VerifyJSON(&b, rs); err != nil {
			t.Fatal(err)
		}
		var v struct {
			FormatVersion string          `json:"format_version"`
			Equal         bool            `json:"equal"`
			Mappings      []verify.Report `json:"mappings"`
		}
		if err := json.Unmarshal(b.Bytes(), &v); err != nil || v.Equal != want || v.FormatVersion != VerifyFormat || len(v.Mappings) != len(rs) {
			t.Errorf("%v: %s", err, &b)
		}
	}
}

func sampleState() *state.State {
	users := schema.Name{Schema: "public", Name: "users"}
	return &state.State{
		FormatVersion: state.FormatVersion, Serial: 7, Lineage: "l", Running: "p2",
		Mappings: []state.Mapping{
			{Mapping: plan.Mapping{
				Addr: `sync.a.mapping["users"]`, Sync: "sync.a", Source: "source.postgresql.p", Target: "target.mysql.m", SourceTable: users, TargetTable: schema.Name{Name: "dim_users"}, Mode: "full",
				Columns: []plan.Column{{Source: "id", Target: "user_id", SourceType: &schema.Type{}, TargetType: new(native(schema.Int, "bigint"))}, {Source: "email", Target: "email", SourceType: &schema.Type{}, TargetType: new(native(schema.Varchar, "varchar(20)"))}}, TargetKey: []string{"user_id"},
			}, Created: true, Status: state.Loaded, Rows: 1_200_000, LoadedAt: time.Date(2026, 11, 24, 3, 4, 5, 0, time.UTC)},
			{Mapping: plan.Mapping{Addr: `sync.a.mapping["orders"]`, Source: "source.postgresql.p", Target: "target.mysql.m", Mode: "full", TargetTable: schema.Name{Name: "orders"}}, Status: state.Loading, Into: schema.Name{Name: "_sync_load_x"}},
		},
		Outputs: map[string]state.Output{
			"list": {Value: []any{"a", 1.5, true, nil, map[string]any{"k": "v", "not an identifier": json.Number("12345678901234567890")}}}, "text": {Value: "a \"b\"\n${c}"}, "secret": {Sensitive: true}, "none": {Value: []any{}},
		},
	}
}

func TestState(t *testing.T) {
	var b, js, out bytes.Buffer
	s := sampleState()
	for _, err := range []error{State(&b, Paint{}, s), StateJSON(&js, s), OutputsJSON(&out, s.Outputs)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	golden(t, "state.txt", b.String())
	golden(t, "state.json", js.String())
	golden(t, "outputs.json", out.String())
	b.Reset()
	if err := State(&b, Paint{}, nil); err != nil {
		t.Fatal(err)
	}
	if want := "The state holds no mappings: nothing was applied yet.\n"; b.String() != want {
		t.Errorf("got %q", b.String())
	}
}

func TestRawOutput(t *testing.T) {
	for want, v := range map[string]any{"a b": "a b", "1.5": 1.5, "12345678901234567890": json.Number("12345678901234567890"), "true": true} {
		var b bytes.Buffer
		if err := RawOutput(&b, "o", v); err != nil || b.String() != want {
			t.Errorf("%v: got %q, %v", v, b.String(), err)
		}
	}
	if err := RawOutput(&bytes.Buffer{}, "o", []any{}); err == nil {
		t.Error("a list was written raw")
	}
}

func TestGraph(t *testing.T) {
	var b bytes.Buffer
	p := samplePlan()
	p.Actions[3].DependsOn = []string{"a001"}
	if err := Graph(&b, p, GraphOptions{}); err != nil {
		t.Fatal(err)
	}
	golden(t, "graph.dot", b.String())
}

func TestText(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", -1234567: "-1,234,567"} {
		if got := Count(n); got != want {
			t.Errorf("Count(%d) = %s", n, got)
		}
	}
	for n, want := range map[int64]string{950: "950", 1200: "1.2k", 45000: "45k", 1_200_000: "1.2M", 310_000_000: "310M"} {
		if got := Short(n); got != want {
			t.Errorf("Short(%d) = %s, want %s", n, got, want)
		}
	}
	for n, want := range map[int64]string{512: "512 B", 8200: "8.2 kB", 310_000_000: "310 MB"} {
		if got := Bytes(n); got != want {
			t.Errorf("Bytes(%d) = %s, want %s", n, got, want)
		}
	}
	for in, want := range map[string]string{"plain ünï 🌞": "plain ünï 🌞", "a\nb\x1b[2Jc\u202ed\u2028": `a\nb\x1b[2Jc\u202ed\u2028`, "\xff": `\ufffd`} {
		if got := Safe(in); got != want {
			t.Errorf("Safe(%q) = %q, want %q", in, got, want)
		}
	}
	for n, want := range map[int64]string{1: "1 table", 2: "2 tables", 1000: "1,000 tables"} {
		if got := Plural(n, "table"); got != want {
			t.Errorf("Plural(%d) = %s", n, got)
		}
	}
}

func TestOutputChanges(t *testing.T) {
	p := &plan.Plan{Outputs: map[string]any{"same": "x", "new": []any{"a"}, "changed": json.Number("2")}, SensitiveOutputs: []string{"secret", "hidden"}}
	s := &state.State{Outputs: map[string]state.Output{"same": {Value: "x"}, "changed": {Value: json.Number("1")}, "gone": {Value: true}, "secret": {Sensitive: true}, "hidden": {Value: "v"}}}
	var b bytes.Buffer
	if err := Plan(&b, Paint{}, p, PlanOptions{Outputs: OutputChanges(s, p)}); err != nil {
		t.Fatal(err)
	}
	golden(t, "outputs.txt", b.String())
	if got := OutputChanges(nil, &plan.Plan{}); got != nil {
		t.Errorf("changes of nothing: %v", got)
	}
}
