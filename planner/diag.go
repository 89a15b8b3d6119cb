package planner

import (
	"fmt"
	"strings"

	"github.com/agext/levenshtein"
	"github.com/hashicorp/hcl/v2"
)

// The summaries of the planner's diagnostics.
const (
	sumUnreadable  = "Endpoint not readable"
	sumNotCapable  = "Unsuitable endpoint"
	sumNoTable     = "No such table"
	sumNoColumn    = "No such column"
	sumTwoTables   = "Two mappings of one target table"
	sumTwoColumns  = "Two columns of one name"
	sumKey         = "Unsuitable key"
	sumType        = "Unsuitable type"
	sumValue       = "Unsuitable value"
	sumRows        = "Target table holds rows"
	sumOther       = "Target table has other columns"
	sumAddress     = "No such address"
	sumPrevent     = "Protected by prevent_destroy"
	sumSteps       = "No steps for a change"
	sumNormalize   = "Normal form not readable"
	sumCapture     = "Changes can't be followed"
	sumAgain       = "Rows are read again"
	sumPolicy      = "Refused by the schema policy"
	sumUsers       = "Something else needs it"
	sumUnsupported = "Not in this version"
)

func errorAt(rng hcl.Range, summary, format string, args ...any) *hcl.Diagnostic {
	return &hcl.Diagnostic{Severity: hcl.DiagError, Summary: summary, Detail: fmt.Sprintf(format, args...), Subject: &rng}
}

// errorf makes an error that no place in the configuration is to blame for.
func errorf(summary, format string, args ...any) *hcl.Diagnostic {
	return &hcl.Diagnostic{Severity: hcl.DiagError, Summary: summary, Detail: fmt.Sprintf(format, args...)}
}

// didYouMean returns " Did you mean X?" for the name that given most likely was meant
// to be, or "".
func didYouMean(given string, names []string) string {
	limit := 1 + min(len(given)/4, 3)
	best, at := "", limit+1
	for _, n := range names {
		if abs(len(n)-len(given)) >= at {
			continue
		}
		if d := levenshtein.Distance(strings.ToLower(given), strings.ToLower(n), nil); d < at {
			best, at = n, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(" Did you mean %q?", best)
}

// DidYouMean is " Did you mean X?" for the name that given most likely was meant to be,
// or "".
func DidYouMean(given string, names []string) string {
	if given == "" {
		return ""
	}
	return didYouMean(given, names)
}

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}

// some lists names for a message, a few of them where there are many.
func some(names []string) string {
	const most = 8
	if len(names) == 0 {
		return "none"
	}
	more := ""
	if len(names) > most {
		more = fmt.Sprintf(" and %d more", len(names)-most)
		names = names[:most]
	}
	return strings.Join(names, ", ") + more
}
