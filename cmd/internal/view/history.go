package view

import (
	"io"
	"time"

	"github.com/syncform/syncform/providers"
)

// HistoryFormat is the format_version of history -json.
const HistoryFormat = "1.0"

// History writes applies, the newest first, as people read them.
func History(w io.Writer, p Paint, entries []providers.ApplyEntry, verbose bool) error {
	var b printer
	if len(entries) == 0 {
		b.line("No apply has changed a target yet.")
	}
	for i, e := range entries {
		if i > 0 && verbose {
			b.line("")
		}
		took := ""
		if !e.Ended.IsZero() {
			took = " in " + e.Ended.Sub(e.Began).Round(time.Millisecond).String()
		}
		result := e.Result
		switch result {
		case "done":
			result = p.Green(result)
		case "failed", "stopped":
			result = p.Bold(result)
		}
		b.line("%s  %s%s  %s  by %s  plan %s  %s", e.Began.UTC().Format(time.RFC3339), result, took, Plural(int64(len(e.Actions)), "change"), Safe(e.By), Safe(e.Plan), Safe(e.Endpoint))
		if e.Error != "" {
			b.line("    %s", SafeLines(e.Error))
		}
		if !verbose {
			continue
		}
		for _, a := range e.Actions {
			outcome := a.Result
			if outcome == "" {
				outcome = "not come to"
			}
			b.line("    %s  %s  %s  %s  %s", Safe(a.ID), pad(outcome, 11), pad(a.Took.Round(time.Microsecond).String(), 10), pad(a.What, 16), Safe(a.Addr))
			for _, s := range a.Steps {
				b.line("          %s", p.Faint("| "+Safe(s)))
			}
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// HistoryJSON writes applies with a format_version.
func HistoryJSON(w io.Writer, entries []providers.ApplyEntry) error {
	if entries == nil {
		entries = []providers.ApplyEntry{}
	}
	return writeJSON(w, HistoryDocument{HistoryFormat, entries})
}
