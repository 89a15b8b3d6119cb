package view

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/syncform/syncform/executor/stream"
)

// StatusFormat is the format_version of status -json.
const StatusFormat = "1.0"

// Status writes how streams are: a head per sync, a line per table, and what needs a hand.
func Status(w io.Writer, p Paint, all []stream.Health, now time.Time) error {
	var b printer
	for i := range all {
		if i > 0 {
			b.line("")
		}
		streamStatus(&b, p, &all[i], now)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func streamStatus(b *printer, p Paint, h *stream.Health, now time.Time) {
	state := h.State
	switch {
	case !h.Healthy():
		state = p.Red(state)
	case h.State == stream.StateRunning:
		state = p.Green(state)
	default:
		state = p.Yellow(state)
	}
	b.line("%s  %s  %s -> %s, by %s", p.Bold(Safe(h.Sync)), state, Safe(h.Source), Safe(h.Target), Safe(h.Method))
	if h.State != stream.StateMissing {
		b.line("  %s", Safe(lagText(h)))
		if h.Position != "" {
			b.line("  position %s%s", Safe(h.Position), since(", last transaction", h.SourceAt, now))
		}
		if h.Holder != "" {
			b.line("  run by %s%s", Safe(h.Holder), since(", last sign of life", h.UpdatedAt, now))
		}
		if len(h.PausedBy) > 0 {
			b.line("  paused by: %s", strings.Join(h.PausedBy, ", "))
		}
	}
	name, status := 0, 0
	for _, t := range h.Tables {
		name, status = fit(name, width(Safe(t.Table)), 44), fit(status, width(t.State), 44)
	}
	for _, t := range h.Tables {
		text := fmt.Sprintf("%s loaded, %s inserted, %s updated, %s deleted", Plural(t.Rows, "row"), Count(t.Inserts), Count(t.Updates), Count(t.Deletes))
		if t.TouchedKeys != nil {
			text = Plural(*t.TouchedKeys, "row") + " changed meanwhile, to be read again"
		}
		if t.DeadLetters > 0 {
			text += ", " + Plural(int64(t.DeadLetters), "dead letter")
		}
		b.line("    %s  %s  %s%s", pad(Safe(t.Table), name), pad(t.State, status), text, since(", last", t.LastAt, now))
	}
	for _, a := range h.Alarms {
		b.line("  %s %s", p.Red("!"), strings.TrimLeft(indent(SafeLines(Wrap(a.Text+" ["+a.Code+"]", p.Columns()-4)), "    "), " "))
		b.line("    %s", Safe(a.Do))
	}
}

func lagText(h *stream.Health) string {
	var parts []string
	switch {
	case h.CaughtUp:
		parts = append(parts, "caught up")
	case h.LagSeconds != nil:
		parts = append(parts, seconds(*h.LagSeconds)+" behind")
	default:
		parts = append(parts, "behind; how long is not known, as no transaction was applied yet")
	}
	if h.LagBytes != nil {
		parts = append(parts, Count(*h.LagBytes)+" bytes of log kept by the source")
	}
	return strings.Join(parts, ", ")
}

func seconds(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second))
	if d < 10*time.Second {
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}

func since(what, at string, now time.Time) string {
	t, err := time.Parse(time.RFC3339Nano, at)
	if err != nil {
		return ""
	}
	return what + " " + seconds(max(0, now.Sub(t).Seconds())) + " ago"
}

func statusOf(all []stream.Health) StatusDocument {
	d := StatusDocument{StatusFormat, true, all}
	for i := range all {
		d.Healthy = d.Healthy && all[i].Healthy()
	}
	return d
}

// StatusJSON writes how streams are as JSON.
func StatusJSON(w io.Writer, all []stream.Health) error { return writeJSON(w, statusOf(all)) }

// StatusLine writes it as one line.
func StatusLine(w io.Writer, all []stream.Health) error {
	return json.NewEncoder(w).Encode(statusOf(all))
}
