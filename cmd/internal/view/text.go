package view

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/mattn/go-runewidth"
)

// forges reports whether a rune could change how the text around it is shown.
func forges(r rune) bool {
	switch {
	case r == utf8.RuneError, unicode.Is(unicode.Cc, r), unicode.Is(unicode.Zl, r), unicode.Is(unicode.Zp, r):
		return true
	case r >= 0x202A && r <= 0x202E, r >= 0x2066 && r <= 0x2069, r == 0x200E, r == 0x200F, r == 0x061C:
		return true
	}
	return false
}

func escape(r rune) string {
	q := strconv.QuoteRuneToASCII(r)
	return q[1 : len(q)-1]
}

// width is the columns that s takes on a terminal.
func width(s string) int { return runewidth.StringWidth(s) }

// pad fills s with spaces to w columns.
func pad(s string, w int) string {
	if n := w - width(s); n > 0 {
		return s + strings.Repeat(" ", n)
	}
	return s
}

// Wrap breaks text at spaces so that lines fit cols columns; lines that begin with a
// space, and words that are longer, stay whole.
func Wrap(text string, cols int) string {
	var out []string
	for line := range strings.SplitSeq(text, "\n") {
		if width(line) <= cols || strings.HasPrefix(line, " ") {
			out = append(out, line)
			continue
		}
		cur := ""
		for word := range strings.FieldsSeq(line) {
			switch {
			case cur == "":
				cur = word
			case width(cur)+1+width(word) <= cols:
				cur += " " + word
			default:
				out = append(out, cur)
				cur = word
			}
		}
		out = append(out, cur)
	}
	return strings.Join(out, "\n")
}

// indent puts prefix before every line.
func indent(text, prefix string) string {
	return prefix + strings.ReplaceAll(text, "\n", "\n"+prefix)
}

// Count writes a number with commas: 1,200,000.
func Count(n int64) string {
	s := strconv.FormatInt(n, 10)
	neg := strings.HasPrefix(s, "-")
	s = strings.TrimPrefix(s, "-")
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	if neg {
		return "-" + s
	}
	return s
}

// Short writes a number in three figures: 950, 1.2k, 45.0k, 1.2M, 3.1G.
func Short(n int64) string {
	f := float64(n)
	for _, u := range []struct {
		size float64
		name string
	}{{1e9, "G"}, {1e6, "M"}, {1e3, "k"}} {
		if f >= u.size {
			return trimZero(f/u.size) + u.name
		}
	}
	return strconv.FormatInt(n, 10)
}

// Bytes writes a size: 512 B, 8.2 kB, 310 MB.
func Bytes(n int64) string {
	f := float64(n)
	for _, u := range []struct {
		size float64
		name string
	}{{1e12, "TB"}, {1e9, "GB"}, {1e6, "MB"}, {1e3, "kB"}} {
		if f >= u.size {
			return trimZero(f/u.size) + " " + u.name
		}
	}
	return strconv.FormatInt(n, 10) + " B"
}

func trimZero(f float64) string {
	if f >= 100 {
		return strconv.FormatFloat(f, 'f', 0, 64)
	}
	return strings.TrimSuffix(strconv.FormatFloat(f, 'f', 1, 64), ".0")
}

// Plural writes a count with its noun: 1 table, 2 tables.
func Plural(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	if strings.HasSuffix(noun, "y") {
		return Count(n) + " " + strings.TrimSuffix(noun, "y") + "ies"
	}
	return Count(n) + " " + noun + "s"
}

// list writes names as people do: a, b and c.
func list(names []string) string {
	switch len(names) {
	case 0:
		return ""
	case 1:
		return names[0]
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}

// printer gathers lines.
type printer struct {
	strings.Builder
}

func (p *printer) line(format string, args ...any) {
	fmt.Fprintf(&p.Builder, format+"\n", args...)
}
