package view

import (
	"encoding/json"
	"io"
	"maps"
	"slices"

	"github.com/syncform/syncform/executor/stream"
	"github.com/syncform/syncform/providers"
)

// LettersFormat is the format_version of dead-letter -json.
const LettersFormat = "1.0"

// Letters are the dead letters of a sync.
type Letters struct {
	Sync    string
	Letters []providers.DeadLetter
}

// LetterList writes a line per row that has dead letters.
func LetterList(w io.Writer, p Paint, all []Letters) error {
	var b printer
	rows, letters := 0, 0
	for _, l := range all {
		letters += len(l.Letters)
		behind := map[[2]string]int{}
		for _, d := range l.Letters {
			behind[[2]string{d.Mapping, d.Key}]++
		}
		for _, d := range l.Letters {
			at := [2]string{d.Mapping, d.Key}
			n := behind[at]
			if n == 0 {
				continue // shown with the row's first
			}
			behind[at] = 0
			rows++
			b.line("%s  %s  %s of %s", d.ID, Safe(l.Sync), Safe(d.Op), Safe(d.Table.String()+" "+d.Key))
			column := ""
			if d.Column != "" {
				column = "column " + d.Column + ": "
			}
			b.line("%s", indent(SafeLines(Wrap(column+d.Error, p.Columns()-4)), "    "))
			if n > 1 {
				b.line("    %s of the row held back behind it", Plural(int64(n-1), "later change"))
			}
		}
	}
	if letters == 0 {
		b.line("There are no dead letters.")
	} else {
		b.line("")
		b.line("%s of %s. Mend the cause, then: syncform dead-letter retry", Plural(int64(letters), "dead letter"), Plural(int64(rows), "row"))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// LettersWhole writes letters with all that they carry.
func LettersWhole(w io.Writer, p Paint, all []Letters) error {
	var b printer
	for _, l := range all {
		for _, d := range l.Letters {
			b.line("%s", p.Bold(d.ID))
			for _, f := range [][2]string{{"sync", l.Sync}, {"mapping", d.Mapping}, {"table", d.Table.String()}, {"key", d.Key}, {"operation", d.Op}, {"column", d.Column}, {"error", d.Error}, {"position", string(d.Position)}, {"noted at", d.At}} {
				if f[1] != "" {
					b.line("  %s  %s", pad(f[0], 9), Safe(f[1]))
				}
			}
			fields := map[string]any{}
			if json.Unmarshal([]byte(d.Row), &fields) != nil {
				continue
			}
			for _, name := range slices.Sorted(maps.Keys(fields)) {
				text := "NULL"
				switch v := fields[name].(type) {
				case string:
					text = fieldText(&v)
				case map[string]any:
					h, _ := v["hex"].(string)
					h = `\x` + h
					text = fieldText(&h)
				}
				b.line("      %s = %s", Safe(name), text)
			}
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// LettersJSON writes letters as JSON.
func LettersJSON(w io.Writer, all []Letters) error {
	out := []Letter{}
	for _, l := range all {
		for _, d := range l.Letters {
			text := map[string]any{}
			if json.Unmarshal([]byte(d.Row), &text) != nil {
				clear(text)
			}
			out = append(out, Letter{d.ID, l.Sync, d.Mapping, d.Table.String(), d.Key, d.Column, d.Op, d.Error, text, string(d.Position), d.At})
		}
	}
	return writeJSON(w, LettersDocument{LettersFormat, out})
}

// Retried writes what became of rows.
func Retried(w io.Writer, p Paint, rows []stream.RetriedRow) error {
	var b printer
	for _, r := range rows {
		sym := p.Green("=")
		text := map[string]string{stream.RetryWritten: "written as it is now", stream.RetryDeleted: "not at the source, or filtered: not in the target either", stream.RetryFailed: "failed, its letters stay"}[r.Result]
		if r.Result == stream.RetryFailed {
			sym = p.Red("!")
		}
		b.line("  %s %s %s  %s", sym, Safe(r.Mapping), Safe(r.Key), text)
		if r.Error != "" {
			b.line("%s", indent(SafeLines(Wrap(r.Error, p.Columns()-6)), "      "))
		}
	}
	if len(rows) == 0 {
		b.line("There are no dead letters.")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// RetriedJSON writes that as JSON.
func RetriedJSON(w io.Writer, rows []stream.RetriedRow) error {
	if rows == nil {
		rows = []stream.RetriedRow{}
	}
	return writeJSON(w, RetriedDocument{LettersFormat, rows})
}
