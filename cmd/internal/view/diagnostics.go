package view

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// Diagnostics writes errors and warnings as Terraform does: a summary, the place in
// the configuration with the range underlined, and the detail.
func Diagnostics(w io.Writer, p Paint, diags hcl.Diagnostics, files map[string]*hcl.File) error {
	for _, d := range diags {
		if _, err := io.WriteString(w, diagnostic(p, d, files)); err != nil {
			return err
		}
	}
	return nil
}

func diagnostic(p Paint, d *hcl.Diagnostic, files map[string]*hcl.File) string {
	word, colour := "Error", p.Red
	if d.Severity == hcl.DiagWarning {
		word, colour = "Warning", p.Yellow
	}
	var body printer
	body.line("%s%s", colour(p.Bold(word+": ")), p.Bold(SafeLines(d.Summary)))
	if place := place(p, d, files); place != "" {
		body.line("")
		body.WriteString(place)
	}
	if d.Detail != "" {
		body.line("")
		body.line("%s", Wrap(SafeLines(d.Detail), p.Columns()-3))
	}
	var out printer
	out.line("%s", colour("╷"))
	for line := range strings.SplitSeq(strings.TrimSuffix(body.String(), "\n"), "\n") {
		out.line("%s", strings.TrimRight(colour("│")+" "+line, " "))
	}
	out.line("%s", colour("╵"))
	return out.String()
}

// place shows where a diagnostic stands: "  on main.sf.hcl line 3, in source
// "mysql" "shop":" and the line itself.
func place(p Paint, d *hcl.Diagnostic, files map[string]*hcl.File) string {
	if d.Subject == nil || d.Subject.Filename == "" {
		return ""
	}
	s := snippet(d, files)
	var b printer
	if s == nil {
		b.line("  on %s line %d", Safe(d.Subject.Filename), d.Subject.Start.Line)
		return b.String()
	}
	if s.Context != "" {
		b.line("  on %s line %d, in %s:", Safe(d.Subject.Filename), d.Subject.Start.Line, SafeLines(s.Context))
	} else {
		b.line("  on %s line %d:", Safe(d.Subject.Filename), d.Subject.Start.Line)
	}
	from, to := s.HighlightStart, s.HighlightEnd
	gutter := fmt.Sprintf("%4d: ", s.StartLine)
	first, rest, more := strings.Cut(s.Code, "\n")
	end := min(to, len(first))
	if p.On {
		b.line("%s%s%s%s", gutter, SafeLines(first[:from]), p.Underline(SafeLines(first[from:end])), SafeLines(first[end:]))
	} else {
		b.line("%s%s", gutter, SafeLines(first))
		b.line("%s%s%s", strings.Repeat(" ", len(gutter)), blank(first[:from]), strings.Repeat("^", max(1, width(Safe(first[from:end])))))
	}
	if more {
		for i, l := range strings.Split(rest, "\n") {
			b.line("%4d: %s", s.StartLine+1+i, SafeLines(l))
		}
	}
	return b.String()
}

// blank gives as much white space as s takes, tabs kept.
func blank(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r == '\t' {
			b.WriteByte('\t')
			continue
		}
		b.WriteString(strings.Repeat(" ", width(Safe(string(r)))))
	}
	return b.String()
}

// snippet cuts the source lines of a diagnostic, or gives nil where the source is
// not at hand.
func snippet(d *hcl.Diagnostic, files map[string]*hcl.File) *JSONSnippet {
	file := files[d.Subject.Filename]
	if file == nil || file.Bytes == nil {
		return nil
	}
	subject := *d.Subject
	if subject.Empty() {
		subject.End.Byte++
		subject.End.Column++
	}
	code := subject
	if d.Context != nil {
		code = hcl.RangeOver(*d.Context, subject)
	}
	if code.End.Line-code.Start.Line > 6 { // a whole block: its first line says enough
		code = subject
	}
	s := &JSONSnippet{StartLine: code.Start.Line, Context: contextOf(file, d.Subject.Start.Byte)}
	var lines []string
	start := -1
	sc := hcl.NewRangeScanner(file.Bytes, d.Subject.Filename, bufio.ScanLines)
	for sc.Scan() {
		r := sc.Range()
		if r.Start.Line < code.Start.Line || r.Start.Line > code.End.Line {
			continue
		}
		if start < 0 {
			start = r.Start.Byte
		}
		lines = append(lines, strings.TrimSuffix(string(sc.Bytes()), "\r"))
		if subject.End.Line > subject.Start.Line && d.Context == nil {
			break // a range over several lines is shown by its first
		}
	}
	if start < 0 {
		return nil
	}
	s.Code = strings.Join(lines, "\n")
	s.HighlightStart = min(max(subject.Start.Byte-start, 0), len(s.Code))
	s.HighlightEnd = min(max(subject.End.Byte-start, s.HighlightStart), len(s.Code))
	return s
}

// contextOf names the top-level block that holds the byte: source "mysql" "shop".
func contextOf(file *hcl.File, at int) string {
	body, ok := file.Body.(*hclsyntax.Body)
	if !ok {
		return "" // JSON
	}
	for _, b := range body.Blocks {
		if rng := b.Range(); at < rng.Start.Byte || at > b.CloseBraceRange.End.Byte {
			continue
		}
		text := b.Type
		for _, l := range b.Labels {
			text += " " + strconv.Quote(l)
		}
		return text
	}
	return ""
}
