package view

import (
	"io"
	"strings"

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
	if r.Reverse != "" {
		b.line("  way back  %s is set up", Safe(r.Reverse))
	}
	b.line("")
	if r.Done && r.Reverse != "" {
		b.line("%s %s", p.Green(p.Bold("Ready.")), Wrap("Source and target are equal. Writers can move to the target; run \"syncform sync "+strings.TrimPrefix(Safe(r.Reverse), "sync.")+"\" to bring what they change back to the source.", p.Columns()))
	} else if r.Done {
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

// Reverse writes what cutover -reverse will set up.
func Reverse(w io.Writer, p Paint, r *cutover.Reverse) error {
	var b printer
	b.line("syncform will cut over, and then set up the way back, %s:", p.Bold(Safe(r.Spec.Sync)))
	b.line("")
	b.line("  from      %s", Safe(r.Spec.Source))
	b.line("  to        %s", Safe(r.Spec.Target))
	b.line("  capture   %s", SafeLines(Wrap(r.Capture.Why, p.Columns()-12)))
	for i := range r.Mappings {
		m := &r.Mappings[i]
		b.line("  %s table %s -> %s, %s", p.Green("+"), Safe(m.SourceTable.String()), Safe(m.TargetTable.String()), Plural(int64(len(m.Columns)), "column"))
	}
	for _, s := range r.Capture.Steps {
		b.line("  %s %s", p.Green("+"), SafeLines(s.Text))
	}
	if r.Capture.Start != "" {
		b.line("  %s %s", p.Green("+"), SafeLines(Wrap(r.Capture.Start, p.Columns()-4)))
	}
	if r.Spec.Reverses != "" {
		b.line("  %s what %s has left in its source and target", p.Red("-"), Safe(r.Spec.Reverses))
	}
	for _, f := range r.Capture.Findings {
		b.line("  %s %s", p.Yellow("!"), SafeLines(Wrap(f.Text, p.Columns()-4)))
	}
	b.line("")
	_, err := io.WriteString(w, b.String())
	return err
}
