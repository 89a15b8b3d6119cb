package plan

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

func sample() *Plan {
	users := schema.Table{Name: schema.Name{Name: "users"}, Columns: []schema.Column{{Name: "id", Type: schema.Type{Kind: schema.Int, Bits: 64}}}}
	return &Plan{
		FormatVersion: FormatVersion,
		Version:       "0.1.0",
		ID:            "0123abcd",
		CreatedAt:     time.Date(2026, 11, 2, 3, 4, 5, 0, time.UTC),
		Read:          []ReadObject{{Endpoint: "source.sqlite.a", Name: users.Name, Table: &users}},
		Actions: []Action{
			{ID: "a001", Kind: Create, Addr: `sync.s.mapping["users"]`, Phase: Expand, Change: schema.AddTable{To: users},
				Steps: []providers.Step{{Text: "CREATE TABLE users (id <bigint>)", Transactional: true}}},
			{ID: "a002", Kind: Backfill, Addr: `sync.s.mapping["users"]`, Phase: Sync, DependsOn: []string{"a001"},
				Backfill: &BackfillSpec{Mapping: `sync.s.mapping["users"]`, Generation: "g", Into: users.Name, Rows: -1, Bytes: -1}},
		},
		Mappings: []Mapping{{Addr: `sync.s.mapping["users"]`, SourceTable: users.Name, TargetTable: users.Name, Mode: "full"}},
		Outputs:  map[string]any{"name": "x"},
	}
}

func TestFileRoundTrip(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tfplan")
	p := sample()
	if err := WriteFile(path, p); err != nil {
		t.Fatal(err)
	}
	got, err := ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, p) {
		t.Errorf("read back another plan:\n%+v\n%+v", got, p)
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Errorf("the folder holds %v, %v; want the plan alone", entries, err)
	}
}

// TestFileTampering cuts the file at every length and flips a bit of every byte.
func TestFileTampering(t *testing.T) {
	good, err := Encode(sample())
	if err != nil {
		t.Fatal(err)
	}
	refused := func(b []byte, what string) {
		t.Helper()
		p, err := Decode(b)
		var fe *FileError
		if p != nil || !errors.As(err, &fe) {
			t.Errorf("%s: got plan %v, error %v; want a FileError", what, p != nil, err)
		}
	}
	for n := range good {
		refused(good[:n], fmt.Sprintf("cut to %d bytes", n))
	}
	for i := range good {
		b := bytes.Clone(good)
		b[i] ^= 1
		refused(b, fmt.Sprintf("bit of byte %d flipped", i))
	}
	refused(append(bytes.Clone(good), 'x'), "one byte more")
	refused([]byte("{}"), "JSON")
	refused(nil, "empty")
}

func TestFileOfNewerFormat(t *testing.T) {
	p := sample()
	p.FormatVersion, p.Version = "2.0", "9.9.9"
	b, err := Encode(p)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Decode(b)
	if err == nil || !strings.Contains(err.Error(), "format 2.0") || !strings.Contains(err.Error(), "9.9.9") {
		t.Errorf("error %v; want one that names the format and the version", err)
	}
	p.FormatVersion = "1.7"
	if b, err = Encode(p); err != nil {
		t.Fatal(err)
	}
	if _, err := Decode(b); err != nil {
		t.Errorf("a later minor format: %v", err)
	}
}

func TestValidate(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(*Plan)
		want  string
	}{
		"no ID":              {func(p *Plan) { p.ID = "" }, "ID"},
		"ID twice":           {func(p *Plan) { p.Actions[1].ID = "a001" }, "a001"},
		"depends on a later": {func(p *Plan) { p.Actions[0].DependsOn = []string{"a002"} }, "a002"},
		"unknown mapping":    {func(p *Plan) { p.Mappings = nil }, "no mapping"},
		"unknown kind":       {func(p *Plan) { p.Actions[0].Kind = "explode" }, "explode"},
		"held":               {func(p *Plan) { p.Held = 1 }, "holds 0"},
	} {
		t.Run(name, func(t *testing.T) {
			p := sample()
			c.spoil(p)
			if err := p.Validate(); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v; want one with %q", err, c.want)
			}
		})
	}
}
