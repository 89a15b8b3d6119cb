package lang

import (
	"fmt"
	"strings"

	"github.com/agext/levenshtein"
	"github.com/hashicorp/hcl/v2"
)

// The summaries of the language's diagnostics: fixed, so that a reader learns them
// and a tool can sort by them. What, why and how to fix stand in the detail.
const (
	sumNoConfig    = "No configuration"
	sumUnreadable  = "Unreadable file"
	sumVersion     = "Unsupported version of syncform"
	sumUnknownArg  = "Unknown argument"
	sumUnknownBlk  = "Unknown block"
	sumUnknownVal  = "Unknown value"
	sumMissingArg  = "Missing argument"
	sumMissingBlk  = "Missing block"
	sumDuplicate   = "Duplicate block"
	sumType        = "Wrong type"
	sumRange       = "Value out of range"
	sumValue       = "Unsuitable value"
	sumConflict    = "Conflicting arguments"
	sumTwice       = "Said twice"
	sumRefNothing  = "Reference to nothing"
	sumRef         = "Unsuitable reference"
	sumCycle       = "Cycle"
	sumSensitive   = "Sensitive value"
	sumForEach     = "Unsuitable for_each"
	sumName        = "Unsuitable name"
	sumNoValue     = "No value for variable"
	sumUndeclared  = "Undeclared variable"
	sumEnv         = "Environment variable not set"
	sumVariable    = "Unsuitable value for variable"
	sumNotYet      = "Not in this version"
	sumUnused      = "Unused block"
	sumInvalidRule = "Unsuitable validation rule"
)

// errorAt makes an error of a range.
func errorAt(rng hcl.Range, summary, format string, args ...any) *hcl.Diagnostic {
	return &hcl.Diagnostic{
		Severity: hcl.DiagError,
		Summary:  summary,
		Detail:   fmt.Sprintf(format, args...),
		Subject:  &rng,
	}
}

// warnAt makes a warning of a range.
func warnAt(rng hcl.Range, summary, format string, args ...any) *hcl.Diagnostic {
	d := errorAt(rng, summary, format, args...)
	d.Severity = hcl.DiagWarning
	return d
}

// place writes a range for the text of another diagnostic.
func place(rng hcl.Range) string {
	return fmt.Sprintf("%s:%d,%d", rng.Filename, rng.Start.Line, rng.Start.Column)
}

// nearest returns the option that given was most likely meant to be, or "".
func nearest(given string, options []string) string {
	limit := 1
	switch n := len(given); {
	case n > 8:
		limit = 3
	case n > 3:
		limit = 2
	}
	best, at := "", limit+1
	for _, o := range options {
		if d := levenshtein.Distance(strings.ToLower(given), strings.ToLower(o), nil); d < at {
			best, at = o, d
		}
	}
	if best != "" || len(given) < 3 {
		return best
	}
	for _, o := range options {
		if strings.HasPrefix(o, given) || (len(o) >= 3 && strings.HasPrefix(given, o)) {
			return o
		}
	}
	return ""
}

// didYouMean returns " Did you mean X?" with a leading space, or "".
func didYouMean(given string, options []string) string {
	if n := nearest(given, options); n != "" {
		return fmt.Sprintf(" Did you mean %q?", n)
	}
	return ""
}

// allowed returns " Did you mean X?" where one is near, else the sentence with all of
// them: " Write one of ...".
func allowed(given, sentence string, options []string) string {
	if s := didYouMean(given, options); s != "" {
		return s
	}
	if len(options) == 0 {
		return ""
	}
	return " " + sentence + " " + enumerate(options) + "."
}

// enumerate writes names as `"a", "b" or "c"`.
func enumerate(names []string) string {
	var b strings.Builder
	for i, n := range names {
		switch {
		case i > 0 && i == len(names)-1:
			b.WriteString(" or ")
		case i > 0:
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%q", n)
	}
	return b.String()
}
