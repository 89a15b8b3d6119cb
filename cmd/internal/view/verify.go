package view

import (
	"io"
	"strings"
	"time"

	"github.com/syncform/syncform/executor/verify"
)

// VerifyFormat is the format_version of verify -json.
const VerifyFormat = "1.0"

// Verify writes the result of a comparison: a line per mapping, and below it each row
// that differs.
func Verify(w io.Writer, p Paint, reports []verify.Report) error {
	var b printer
	name := 0
	for _, r := range reports {
		name = fit(name, width(Safe(r.Addr)), 44)
	}
	differ, unread := 0, 0
	for _, r := range reports {
		if r.Error != "" {
			unread++
			b.line("  %s %s  could not be compared", p.Red("?"), pad(Safe(r.Addr), name))
			continue
		}
		if r.Equal() {
			b.line("  %s %s  %s", p.Green("="), pad(Safe(r.Addr), name), Plural(r.SourceRows, "row")+how(r.Method)+repaired(r))
			if r.Note != "" {
				b.line("%s", indent(SafeLines(Wrap(r.Note, p.Columns()-6)), "      "))
			}
			continue
		}
		differ++
		b.line("  %s %s  %s", p.Red("!"), pad(Safe(r.Addr), name), counts(r)+repaired(r))
		if r.Note != "" {
			b.line("%s", indent(SafeLines(Wrap(r.Note, p.Columns()-6)), "      "))
		}
		for _, d := range r.Differences {
			difference(&b, p, d)
		}
		if r.Truncated {
			b.line("      ... and more; all of them are counted above")
		}
	}
	if len(reports) > 0 {
		b.line("")
	}
	switch {
	case len(reports) == 0:
		b.line("There is nothing to verify: the state holds no mapping whose rows are loaded.")
	case differ == 0 && unread > 0:
		b.line("%s of %s could not be compared.", Count(int64(unread)), Plural(int64(len(reports)), "table"))
	case differ == 0:
		b.line("%s The rows of %s are equal in source and target.", p.Green(p.Bold("Verified.")), Plural(int64(len(reports)), "table"))
	default:
		verb := "differ"
		if differ == 1 {
			verb = "differs"
		}
		b.line("%s %s of %s %s.", p.Red(p.Bold("Not equal.")), Count(int64(differ)), Plural(int64(len(reports)), "table"), verb)
		b.line("%s", Wrap("Rows may differ because the source has changed since it was loaded; \"syncform apply -replace=ADDRESS\" loads a table anew, \"syncform verify -repair\" writes the rows that differ.", p.Columns()))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// Compared says how far a comparison is: rows of about so many, and how long the rest may
// take. of is 0 where nobody knows.
func Compared(rows, of int64, elapsed time.Duration) string {
	if of <= rows || rows == 0 {
		return Count(rows) + " rows compared..."
	}
	left := time.Duration(float64(elapsed) * float64(of-rows) / float64(rows)).Round(time.Second)
	return Count(rows) + " of about " + Count(of) + " rows compared, about " + left.String() + " left..."
}

func repaired(r verify.Report) string {
	if r.Repaired == 0 {
		return ""
	}
	return ", " + Plural(r.Repaired, "row") + " repaired"
}

func how(method string) string {
	if method == verify.ByChecksum {
		return ", by checksum"
	}
	return ""
}

func counts(r verify.Report) string {
	var parts []string
	for _, c := range []struct {
		n    int64
		text string
	}{{r.Different, "different"}, {r.Missing, "missing in the target"}, {r.Extra, "only in the target"}} {
		if c.n > 0 {
			n := Count(c.n)
			if r.AtLeast {
				n = "at least " + n
			}
			parts = append(parts, n+" "+c.text)
		}
	}
	return list(parts) + " (" + Plural(r.SourceRows, "row") + " in the source, " + Count(r.TargetRows) + " in the target)"
}

func difference(b *printer, p Paint, d verify.Difference) {
	switch d.Kind {
	case verify.KindMissing:
		b.line("      %s %s", p.Red("-"), Safe(d.Key)+"  missing in the target")
	case verify.KindExtra:
		b.line("      %s %s", p.Green("+"), Safe(d.Key)+"  only in the target")
	default:
		b.line("      %s %s", p.Yellow("~"), Safe(d.Key))
		for _, c := range d.Columns {
			b.line("          %s: %s -> %s", Safe(c.Column), fieldText(c.Source), fieldText(c.Target))
		}
	}
}

// fieldText shows a field's value, shortened; NULL where it is one.
func fieldText(v *string) string {
	if v == nil {
		return "NULL"
	}
	s := *v
	if r := []rune(s); len(r) > 60 {
		s = string(r[:59]) + "…"
	}
	return "'" + Safe(strings.ReplaceAll(s, "'", "''")) + "'"
}

// VerifyJSON writes the result as JSON.
func VerifyJSON(w io.Writer, reports []verify.Report) error {
	equal := true
	for _, r := range reports {
		equal = equal && r.Equal()
	}
	if reports == nil {
		reports = []verify.Report{}
	}
	return writeJSON(w, VerifyDocument{VerifyFormat, equal, reports})
}
