// Package view is what people read: each command's result as text, JSON or
// markdown. It decides nothing and talks to no database.
package view

import "strings"

// Paint colours text, or leaves it as it is where On is false.
type Paint struct {
	On    bool
	Width int  // columns to write in; 0: 80
	Words bool // symbols as words, for a screen reader
}

// Columns gives the width to write in.
func (p Paint) Columns() int {
	if p.Width < 20 {
		return 80
	}
	return p.Width
}

func (p Paint) wrap(code, s string) string {
	if !p.On || s == "" {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

// Bold makes s bold.
func (p Paint) Bold(s string) string { return p.wrap("1", s) }

// Faint makes s faint.
func (p Paint) Faint(s string) string { return p.wrap("2", s) }

// Underline underlines s.
func (p Paint) Underline(s string) string { return p.wrap("4", s) }

// Red is for errors and for what goes.
func (p Paint) Red(s string) string { return p.wrap("31", s) }

// Green is for what is made, and for success.
func (p Paint) Green(s string) string { return p.wrap("32", s) }

// Yellow is for what changes, and for warnings.
func (p Paint) Yellow(s string) string { return p.wrap("33", s) }

// Cyan is for rows that move.
func (p Paint) Cyan(s string) string { return p.wrap("36", s) }

// Symbol paints one of the plan's symbols: + ~ - > !.
func (p Paint) Symbol(s string) string {
	switch text := p.sign(s); s {
	case "+":
		return p.Green(text)
	case "~":
		return p.Yellow(text)
	case "-":
		return p.Red(text)
	case ">":
		return p.Cyan(text)
	case "!":
		return p.wrap("1;33", text)
	}
	return p.sign(s)
}

// sign is a symbol as it is written: itself, or its word.
func (p Paint) sign(s string) string {
	if !p.Words {
		return s
	}
	switch s {
	case "+":
		return "add:"
	case "~":
		return "change:"
	case "-":
		return "drop:"
	case ">":
		return "copy:"
	case "!":
		return "note:"
	}
	return "on:"
}

// Safe makes text of a database or a server fit for a terminal: control and
// direction-changing characters are written as escapes, so that a table's name can't
// forge a line of a plan.
func Safe(s string) string {
	clean := true
	for _, r := range s {
		if forges(r) {
			clean = false
			break
		}
	}
	if clean {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if forges(r) {
			b.WriteString(escape(r))
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// SafeLines is Safe, but keeps line ends and tabs.
func SafeLines(s string) string {
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		parts := strings.Split(l, "\t")
		for j := range parts {
			parts[j] = Safe(parts[j])
		}
		lines[i] = strings.Join(parts, "\t")
	}
	return strings.Join(lines, "\n")
}
