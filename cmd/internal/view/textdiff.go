package view

import (
	"regexp"
	"strings"

	"github.com/sergi/go-diff/diffmatchpatch"

	"github.com/syncform/syncform/providers/schema"
)

// long is the length from which a text is shown as a diff of lines and not inside one.
const long = 48

// textChange is one text of a change that is too long for a line.
type textChange struct {
	what     string
	from, to string
}

// tooLong reports whether a change between two texts is shown as lines.
func tooLong(from, to string) bool {
	return from != to && (len(from) > long || len(to) > long || strings.Contains(from+to, "\n"))
}

// textChanges gives the long texts that a change replaces.
func textChanges(c schema.Change) []textChange {
	var out []textChange
	add := func(what, from, to string) {
		if tooLong(from, to) {
			out = append(out, textChange{what, from, to})
		}
	}
	switch c := c.(type) {
	case schema.ModifyColumn:
		add("default", rawDefault(c.From), rawDefault(c.To))
		add("generated", rawGenerated(c.From), rawGenerated(c.To))
		add("comment", c.From.Comment, c.To.Comment)
	case schema.ModifyTable:
		add("comment", c.From.Comment, c.To.Comment)
	}
	return out
}

func rawDefault(c schema.Column) string {
	if c.Default == nil {
		return ""
	}
	return c.Default.Text
}

func rawGenerated(c schema.Column) string {
	if c.Generated == nil {
		return ""
	}
	return c.Generated.Expr
}

var clause = regexp.MustCompile(`(?i)\s+(AND|OR|WHEN|ELSE|END|FROM|WHERE|ORDER BY|GROUP BY|JOIN|LEFT JOIN)\b`)

// textLines breaks a text into lines that a diff can tell apart: at its own line ends,
// else before each clause.
func textLines(s string) []string {
	s = strings.TrimRight(s, " \t\n")
	if s == "" {
		return nil
	}
	if !strings.Contains(s, "\n") {
		s = clause.ReplaceAllString(s, "\n$1")
	}
	return strings.Split(s, "\n")
}

// diffLine is a line of a diff: kept, added or taken away.
type diffLine struct {
	sign string // " ", "+", "-"
	text string
}

// diffText compares two texts by lines. Lines that stay are left out but for one before
// and behind each change; "…" stands for them.
func diffText(from, to string) []diffLine {
	d := diffmatchpatch.New()
	a, b := strings.Join(textLines(from), "\n")+"\n", strings.Join(textLines(to), "\n")+"\n"
	if from == "" {
		a = ""
	}
	if to == "" {
		b = ""
	}
	x, y, lines := d.DiffLinesToRunes(a, b)
	var all []diffLine
	for _, part := range d.DiffCharsToLines(d.DiffMainRunes(x, y, false), lines) {
		sign := " "
		switch part.Type {
		case diffmatchpatch.DiffInsert:
			sign = "+"
		case diffmatchpatch.DiffDelete:
			sign = "-"
		}
		for l := range strings.SplitSeq(strings.TrimSuffix(part.Text, "\n"), "\n") {
			all = append(all, diffLine{sign, l})
		}
	}
	return around(all)
}

// around keeps what changes and the lines beside it.
func around(all []diffLine) []diffLine {
	near := func(i int) bool {
		for j := max(0, i-1); j <= min(len(all)-1, i+1); j++ {
			if all[j].sign != " " {
				return true
			}
		}
		return false
	}
	var out []diffLine
	for i, l := range all {
		switch {
		case near(i):
			out = append(out, l)
		case len(out) == 0 || out[len(out)-1].text != "…":
			out = append(out, diffLine{" ", "…"})
		}
	}
	return out
}

// diff writes a long text's change below its line.
func (v *planView) diff(t textChange, in string) {
	v.out.line("%s%s:", in, t.what)
	for _, l := range diffText(t.from, t.to) {
		text := Safe(strings.TrimRight(l.text, "\r"))
		for i, part := range strings.Split(chop(text, v.Columns()-len(in)-6), "\n") {
			sign := l.sign
			if i > 0 {
				part = "  " + part
			}
			switch sign {
			case "+":
				part = v.Green(sign + " " + part)
			case "-":
				part = v.Red(sign + " " + part)
			default:
				part = "  " + part
			}
			v.out.line("%s", strings.TrimRight(in+"  "+part, " "))
		}
	}
}

// chop breaks a text at spaces where it can, else anywhere, so that no line is wider
// than cols.
func chop(text string, cols int) string {
	cols = max(cols, 20)
	var out []string
	for l := range strings.SplitSeq(Wrap(text, cols), "\n") {
		for width(l) > cols {
			n, w := 0, 0
			for i, r := range l {
				if w += width(string(r)); w > cols {
					break
				}
				n = i + len(string(r))
			}
			out = append(out, l[:n])
			l = l[n:]
		}
		out = append(out, l)
	}
	return strings.Join(out, "\n")
}
