package view

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

const sampleHCL = `source "postgresql" "production" {
  hots = "db"
	ssl	= "requiréd" # é before the range's end
}

sync "warehouse" {
  source = source.postgresql.prod
  mapping "users" {
    columns = {
      id = "user_id"
    }
  }
}
`

func sampleDiagnostics(t *testing.T) (hcl.Diagnostics, map[string]*hcl.File) {
	t.Helper()
	f, diags := hclsyntax.ParseConfig([]byte(sampleHCL), "main.sf.hcl", hcl.InitialPos)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	body := f.Body.(*hclsyntax.Body)
	source, sync := body.Blocks[0], body.Blocks[1]
	at := func(r hcl.Range) *hcl.Range { return &r }
	return hcl.Diagnostics{
		{Severity: hcl.DiagError, Summary: "Unknown argument", Detail: `There is no argument "hots" in source "postgresql". Did you mean "host"? A second sentence makes the line long enough to be wrapped.`, Subject: at(source.Body.Attributes["hots"].NameRange)},
		{Severity: hcl.DiagWarning, Summary: "Unknown value", Subject: at(source.Body.Attributes["ssl"].Expr.Range())},
		{Severity: hcl.DiagError, Summary: "Reference to nothing", Detail: "There is no source.postgresql.prod.\n\n  a line that begins with a space stays as it is, whatever its length, so that HCL can be shown in it", Subject: at(sync.Body.Attributes["source"].Expr.Range())},
		{Severity: hcl.DiagError, Summary: "A whole block", Subject: at(sync.Body.Blocks[0].Body.Attributes["columns"].Expr.Range())},
		{Severity: hcl.DiagError, Summary: "Without a file", Detail: "From the environment.", Subject: &hcl.Range{Filename: "SF_VAR_x", Start: hcl.InitialPos, End: hcl.InitialPos}},
		{Severity: hcl.DiagError, Summary: "Forged \x1b[2J\u202e name"},
	}, map[string]*hcl.File{"main.sf.hcl": f}
}

func TestDiagnostics(t *testing.T) {
	diags, files := sampleDiagnostics(t)
	for name, p := range map[string]Paint{"diagnostics.txt": {}, "diagnostics_color.txt": {On: true, Width: 60}} {
		var b bytes.Buffer
		if err := Diagnostics(&b, p, diags, files); err != nil {
			t.Fatal(err)
		}
		golden(t, name, b.String())
	}
}

func TestValidationJSON(t *testing.T) {
	diags, files := sampleDiagnostics(t)
	var b bytes.Buffer
	if err := ValidationJSON(&b, diags, files); err != nil {
		t.Fatal(err)
	}
	golden(t, "validate.json", b.String())
	var v JSONValidation
	if err := json.Unmarshal(b.Bytes(), &v); err != nil {
		t.Fatal(err)
	}
	if v.Valid || v.ErrorCount != 5 || v.WarningCount != 1 {
		t.Errorf("valid %v, %d errors, %d warnings", v.Valid, v.ErrorCount, v.WarningCount)
	}
	s := v.Diagnostics[0].Snippet
	if got := s.Code[s.HighlightStart:s.HighlightEnd]; got != "hots" {
		t.Errorf("highlights %q", got)
	}
}
