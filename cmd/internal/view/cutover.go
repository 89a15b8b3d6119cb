package view

import (
	"io"

	"github.com/syncform/syncform/executor/cutover"
)

// CutoverFormat is the format_version of cutover -json.
const CutoverFormat = "1.0"

// Cutover writes the report of a cutover.
func Cutover(w io.Writer, p Paint, r cutover.Report) error {
	var b printer
	b.line("%s", p.Bold(Safe(r.Sync)))
	fenced := "no change came while it was watched"
	if !r.Fenced {
		fenced = Plural(r.Changes, "change") + " came while it was watched"
	}
	b.line("  source    %s", fenced)
	if r.Position != "" {
		b.line("  applied   all up to position %s", Safe(r.Position))
	}
	for _, t := range r.Tables {
		switch {
		case t.Error != "":
			b.line("  %s %s  could not be compared", p.Red("?"), Safe(t.Addr))
		case t.Equal():
			b.line("  %s %s  %s%s", p.Green("="), Safe(t.Addr), Plural(t.SourceRows, "row"), how(t.Method))
		default:
			b.line("  %s %s  %s", p.Red("!"), Safe(t.Addr), counts(t))
			for _, d := range t.Differences {
				difference(&b, p, d)
			}
		}
	}
	if len(r.Sequences) > 0 {
		b.line("  numbers   set past the rows of %s", Safe(list(r.Sequences)))
	}
	for _, text := range r.Problems {
		b.line("  %s %s", p.Red("!"), SafeLines(Wrap(text, p.Columns()-4)))
	}
	b.line("")
	if r.Done {
		b.line("%s %s", p.Green(p.Bold("Ready.")), Wrap("Source and target are equal, and the sync is paused. Writers can move to the target.", p.Columns()))
	} else {
		b.line("%s %s", p.Red(p.Bold("Not ready.")), Wrap("Writers must stay at the source; the sync goes on as before.", p.Columns()))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// CutoverJSON writes the report as JSON.
func CutoverJSON(w io.Writer, r cutover.Report) error {
	return writeJSON(w, CutoverDocument{CutoverFormat, r})
}
