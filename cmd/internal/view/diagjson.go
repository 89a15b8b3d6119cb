package view

import (
	"encoding/json"
	"io"

	"github.com/hashicorp/hcl/v2"
)

// DiagnosticsFormat is the format_version of validate -json.
const DiagnosticsFormat = "1.0"

// JSONValidation is the output of validate -json.
type JSONValidation struct {
	FormatVersion string           `json:"format_version"`
	Valid         bool             `json:"valid"`
	ErrorCount    int              `json:"error_count"`
	WarningCount  int              `json:"warning_count"`
	Diagnostics   []JSONDiagnostic `json:"diagnostics"`
}

// JSONDiagnostic is one error or warning.
type JSONDiagnostic struct {
	Severity string       `json:"severity"` // error, warning
	Summary  string       `json:"summary"`
	Detail   string       `json:"detail"`
	Range    *JSONRange   `json:"range,omitempty"`
	Snippet  *JSONSnippet `json:"snippet,omitempty"`
}

// JSONRange is a place in a file.
type JSONRange struct {
	Filename string  `json:"filename"`
	Start    JSONPos `json:"start"`
	End      JSONPos `json:"end"`
}

// JSONPos is a position; line and column start at 1, byte at 0.
type JSONPos struct {
	Line   int `json:"line"`
	Column int `json:"column"`
	Byte   int `json:"byte"`
}

// JSONSnippet is the source text at a diagnostic.
type JSONSnippet struct {
	Context        string `json:"context,omitempty"` // the block that it stands in
	Code           string `json:"code"`
	StartLine      int    `json:"start_line"`
	HighlightStart int    `json:"highlight_start_offset"` // bytes into code
	HighlightEnd   int    `json:"highlight_end_offset"`
}

// NewDiagnostics turns diagnostics into their JSON form.
func NewDiagnostics(diags hcl.Diagnostics, files map[string]*hcl.File) []JSONDiagnostic {
	out := make([]JSONDiagnostic, 0, len(diags))
	for _, d := range diags {
		j := JSONDiagnostic{Severity: "error", Summary: d.Summary, Detail: d.Detail}
		if d.Severity == hcl.DiagWarning {
			j.Severity = "warning"
		}
		if d.Subject != nil && d.Subject.Filename != "" {
			j.Range = &JSONRange{Filename: d.Subject.Filename, Start: JSONPos(d.Subject.Start), End: JSONPos(d.Subject.End)}
			j.Snippet = snippet(d, files)
		}
		out = append(out, j)
	}
	return out
}

// ValidationJSON writes the result of validate -json.
func ValidationJSON(w io.Writer, diags hcl.Diagnostics, files map[string]*hcl.File) error {
	v := JSONValidation{FormatVersion: DiagnosticsFormat, Valid: !diags.HasErrors(), Diagnostics: NewDiagnostics(diags, files)}
	for _, d := range v.Diagnostics {
		if d.Severity == "error" {
			v.ErrorCount++
		} else {
			v.WarningCount++
		}
	}
	return writeJSON(w, v)
}

// writeJSON writes v indented, with a line end, and < > & as they are.
func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}
