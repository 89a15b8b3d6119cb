package state

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers/schema"
)

func sample() *State {
	s := New("0.1.0")
	s.Serial = 7
	s.Mappings = []Mapping{{
		Mapping: plan.Mapping{
			Addr: `sync.s.mapping["users"]`, Sync: "sync.s", Source: "source.a.b", Target: "target.c.d",
			SourceTable: schema.Name{Schema: "public", Name: "users"}, TargetTable: schema.Name{Name: "dim_users"},
			Columns: []plan.Column{{Source: "id", Target: "user_id", SourceType: &schema.Type{Kind: schema.Int, Bits: 32}, TargetType: &schema.Type{Kind: schema.Int, Bits: 64}}},
			Mode:    "full", BatchSize: 1000,
		},
		Created: true, Status: Loaded, Generation: "g1", Rows: 42, LoadedAt: time.Date(2026, 11, 2, 3, 4, 5, 0, time.UTC),
	}}
	s.Outputs = map[string]Output{"slot": {Value: "x"}, "password": {Sensitive: true}}
	s.Applied = []Applied{{Plan: "p1", At: time.Date(2026, 11, 2, 3, 4, 6, 0, time.UTC), By: "ann@host"}}
	return s
}

func TestDecodeReadsWhatEncodeWrote(t *testing.T) {
	s := sample()
	b, err := Encode(s)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, s) {
		t.Errorf("got %+v, want %+v", got, s)
	}
}

// TestEncodeIsPlainJSON: written one mapping at a time, the text is that of the whole.
func TestEncodeIsPlainJSON(t *testing.T) {
	for n := range 4 {
		s := sample()
		s.Lineage, s.Version = `a"<b`, "\n  \"lineage\": \"a"
		s.Mappings = slices.Repeat(s.Mappings, n)
		got, err := Encode(s)
		if err != nil {
			t.Fatal(err)
		}
		want, err := json.MarshalIndent(s, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != string(want)+"\n" {
			t.Errorf("%d mappings:\n%s\nwant\n%s", n, got, want)
		}
	}
}

// TestDecodeCut cuts the text at every length: none may pass for a state.
func TestDecodeCut(t *testing.T) {
	b, err := Encode(sample())
	if err != nil {
		t.Fatal(err)
	}
	for n := range len(b) - 2 { // the newline at the end carries nothing
		s, err := Decode(b[:n])
		var fe *FormatError
		if s != nil || !errors.As(err, &fe) {
			t.Fatalf("cut to %d of %d bytes: %v", n, len(b), err)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	good, err := Encode(sample())
	if err != nil {
		t.Fatal(err)
	}
	edit := func(old, new string) string {
		if !strings.Contains(string(good), old) {
			t.Fatalf("no %s in the sample", old)
		}
		return strings.Replace(string(good), old, new, 1)
	}
	for name, c := range map[string]struct{ text, want string }{
		"nothing":        {"", "empty"},
		"blank":          {" \n", "empty"},
		"zeros":          {strings.Repeat("\x00", 100), "damaged"},
		"newer format":   {edit(`"format_version": 1`, `"format_version": 2`), "format 2, written by syncform 0.1.0"},
		"no format":      {"{}", "not a state"},
		"Terraform's":    {`{"version": 4, "resources": []}`, "not a state"},
		"unknown field":  {edit(`"serial": 7`, `"serial": 7, "surprise": 1`), `"surprise"`},
		"no lineage":     {edit(`"lineage": "`, `"lineage": "", "version": "`), "damaged"},
		"unknown status": {edit(`"loaded"`, `"lost"`), `"lost"`},
		"wrong type":     {edit(`"serial": 7`, `"serial": "x"`), "damaged"},
		"more behind":    {string(good) + "{}", "not JSON"},
		"twice":          {edit(`"mappings": [`, `"mappings": [{"addr": "sync.s.mapping[\"users\"]", "status": "loaded"},`), "twice"},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := Decode([]byte(c.text))
			var fe *FormatError
			if err == nil || !errors.As(err, &fe) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, %v; want a FormatError with %q", s, err, c.want)
			}
		})
	}
}

func TestEdits(t *testing.T) {
	s := &State{}
	for _, a := range []string{`sync.a.mapping["x"]`, `sync.a.mapping["y"]`, `sync.ab.mapping["x"]`} {
		s.Mappings = append(s.Mappings, Mapping{Mapping: plan.Mapping{Addr: a, Sync: a[:strings.Index(a, ".mapping")]}})
	}
	if got := s.List("sync.a"); len(got) != 2 {
		t.Errorf("list sync.a: %v", got)
	}
	if _, err := s.Move(`sync.a.mapping["x"]`, `sync.a.mapping["y"]`); err == nil {
		t.Error("moved onto a mapping that is there")
	}
	moved, err := s.Move("sync.a", "sync.z")
	if err != nil || len(moved) != 2 {
		t.Fatalf("move: %v, %v", moved, err)
	}
	if m := s.Mapping(`sync.z.mapping["y"]`); m == nil || m.Sync != "sync.z" {
		t.Errorf("after the move: %+v", s.Mappings)
	}
	var nf *NotFoundError
	if _, err := s.Remove("sync.ab", "sync.a"); !errors.As(err, &nf) || nf.Addr != "sync.a" || len(s.Mappings) != 3 {
		t.Errorf("remove of what is not there: %v, %d left", err, len(s.Mappings))
	}
	gone, err := s.Remove("sync.ab", `sync.z.mapping["x"]`)
	if err != nil || len(gone) != 2 || len(s.Mappings) != 1 {
		t.Errorf("remove: %v, %v, %d left", gone, err, len(s.Mappings))
	}
}
