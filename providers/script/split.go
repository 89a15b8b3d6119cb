// Package script takes a file of SQL apart into statements, in the dialect of the
// system that is to run it.
package script

import (
	"fmt"
	"strings"

	"github.com/syncform/syncform/providers/schema"
)

// File is a file of SQL.
type File struct {
	Name string // for messages
	Text string
}

// Statement is one statement, without the delimiter that ended it.
type Statement struct {
	Text string `json:"text"`
	File string `json:"file"`
	Line int    `json:"line"` // where it begins, 1-based
}

// SyntaxError is a file that can't be taken apart.
type SyntaxError struct {
	File string
	Line int
	What string
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.What) }

// Split takes a file apart. It knows comments, strings and quoted names; the dollar
// quotes, BEGIN ATOMIC bodies, COPY data and meta-commands of PostgreSQL's files; the
// DELIMITER and conditional comments of MySQL's; and the bodies of SQLite's triggers.
// Statements that are only comments are left out.
func Split(system schema.System, f File) ([]Statement, error) {
	s := &splitter{
		text: f.Text, file: f.Name, line: 1, delimiter: ";",
		mysql: system == schema.MySQL || system == schema.MariaDB, postgres: system == schema.PostgreSQL, sqlite: system == schema.SQLite,
	}
	if err := s.run(); err != nil {
		return nil, err
	}
	return s.out, nil
}

type splitter struct {
	text, file              string
	mysql, postgres, sqlite bool
	pos, line               int
	delimiter               string
	out                     []Statement

	begin     int // of the statement under way; -1: none yet
	beginLine int
	words     []string // its first words, upper case
	parens    int
	atomic    int // depth of BEGIN ... END inside a body
}

// reset forgets the statement under way.
func (s *splitter) reset() {
	s.begin, s.words, s.parens, s.atomic = -1, nil, 0, 0
}

func (s *splitter) fail(line int, format string, args ...any) error {
	return &SyntaxError{File: s.file, Line: line, What: fmt.Sprintf(format, args...)}
}

func (s *splitter) run() error {
	s.reset()
	s.text = strings.TrimPrefix(s.text, "\ufeff")
	for s.pos < len(s.text) {
		if err := s.token(); err != nil {
			return err
		}
	}
	s.end(s.pos)
	return nil
}

// end closes the statement under way.
func (s *splitter) end(at int) {
	if s.begin >= 0 {
		if text := strings.TrimSpace(s.text[s.begin:at]); text != "" {
			s.out = append(s.out, Statement{Text: text, File: s.file, Line: s.beginLine})
		}
	}
	s.reset()
}

// start notes where a statement begins.
func (s *splitter) start() {
	if s.begin < 0 {
		s.begin, s.beginLine = s.pos, s.line
	}
}

// advance moves on by n bytes and counts lines.
func (s *splitter) advance(n int) {
	s.line += strings.Count(s.text[s.pos:s.pos+n], "\n")
	s.pos += n
}

func (s *splitter) token() error {
	rest := s.text[s.pos:]
	c := rest[0]
	switch {
	case c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f':
		s.advance(1)
		return nil
	case s.mysql && s.begin < 0 && foldedPrefix(rest, "delimiter"):
		return s.setDelimiter()
	case s.begin < 0 && s.postgres && c == '\\':
		return s.metaCommand()
	case s.atomic == 0 && strings.HasPrefix(rest, s.delimiter) && (s.parens <= 0 || s.delimiter != ";"):
		s.end(s.pos)
		s.pos += len(s.delimiter)
		return s.copyData()
	case strings.HasPrefix(rest, "--") && (!s.mysql || len(rest) == 2 || strings.IndexByte(" \t\r\n", rest[2]) >= 0), s.mysql && c == '#':
		s.advance(lineEnd(rest))
		return nil
	case strings.HasPrefix(rest, "/*"):
		return s.comment()
	}
	s.start()
	switch {
	case c == '\'':
		escapes := s.mysql || s.postgres && s.pos > 0 && (s.text[s.pos-1] == 'E' || s.text[s.pos-1] == 'e') && !isWordAt(s.text, s.pos-2)
		return s.quoted('\'', escapes)
	case c == '"':
		return s.quoted('"', s.mysql)
	case c == '`' && !s.postgres:
		return s.quoted('`', false)
	case c == '[' && s.sqlite:
		return s.quoted(']', false)
	case c == '$' && s.postgres:
		return s.dollar()
	case c == '(':
		s.parens++
	case c == ')':
		s.parens--
	case isWordByte(c):
		s.word()
		return nil
	}
	s.advance(1)
	return nil
}

// word reads a bare word and follows the bodies that hold statements of their own.
func (s *splitter) word() {
	n := 0
	for s.pos+n < len(s.text) && isWordByte(s.text[s.pos+n]) {
		n++
	}
	w := strings.ToUpper(s.text[s.pos : s.pos+n])
	s.advance(n)
	if len(s.words) < 12 {
		s.words = append(s.words, w)
	}
	body := s.words[0] == "CREATE"
	switch {
	case s.sqlite && body && s.inTrigger():
		switch w {
		case "BEGIN", "CASE":
			s.atomic++
		case "END":
			s.atomic--
		}
	case s.postgres && body && w == "ATOMIC":
		s.atomic = 1
	case s.postgres && body && s.atomic > 0 && w == "CASE":
		s.atomic++
	case s.postgres && body && s.atomic > 0 && w == "END":
		s.atomic--
	}
}

// inTrigger reports whether the statement begins as a trigger's does.
func (s *splitter) inTrigger() bool {
	for _, w := range s.words[1:min(len(s.words), 4)] {
		if w == "TRIGGER" {
			return true
		}
	}
	return false
}

// quoted moves past what stands in quotes; a doubled one stands for itself.
func (s *splitter) quoted(quote byte, escapes bool) error {
	line := s.line
	i := 1
	for rest := s.text[s.pos:]; i < len(rest); i++ {
		switch {
		case escapes && rest[i] == '\\':
			i++
		case rest[i] != quote:
		case i+1 < len(rest) && rest[i+1] == quote:
			i++
		default:
			s.advance(i + 1)
			return nil
		}
	}
	return s.fail(line, "a quote %c is not closed", quote)
}

// comment moves past /* ... */, which nests in PostgreSQL. MySQL's /*! ... */ is part
// of the statement that it stands in.
func (s *splitter) comment() error {
	rest, line := s.text[s.pos:], s.line
	conditional := s.mysql && (strings.HasPrefix(rest, "/*!") || strings.HasPrefix(rest, "/*M!"))
	if conditional {
		s.start()
	}
	depth, i := 1, 2
	for i < len(rest) && depth > 0 {
		switch {
		case s.postgres && strings.HasPrefix(rest[i:], "/*"):
			depth++
			i++
		case strings.HasPrefix(rest[i:], "*/"):
			depth--
			i++
		}
		i++
	}
	if depth > 0 {
		return s.fail(line, "a comment is not closed")
	}
	s.advance(i)
	return nil
}

// dollar moves past $tag$ ... $tag$, or the $ of a parameter.
func (s *splitter) dollar() error {
	rest, line := s.text[s.pos:], s.line
	n := 1
	for n < len(rest) && isWordByte(rest[n]) && rest[n] != '$' {
		n++
	}
	if n >= len(rest) || rest[n] != '$' || n > 1 && rest[1] >= '0' && rest[1] <= '9' || s.pos > 0 && isWordByte(s.text[s.pos-1]) {
		s.advance(1)
		return nil
	}
	tag := rest[:n+1]
	end := strings.Index(rest[n+1:], tag)
	if end < 0 {
		return s.fail(line, "the text in %s is not closed", tag)
	}
	s.advance(n + 1 + end + len(tag))
	return nil
}

// setDelimiter takes over what ends statements from here on, as the mysql client does.
func (s *splitter) setDelimiter() error {
	rest := s.text[s.pos:]
	n := lineEnd(rest)
	d := strings.TrimSpace(rest[len("delimiter"):n])
	if d == "" {
		return s.fail(s.line, "DELIMITER without the text that ends statements")
	}
	s.delimiter, _, _ = strings.Cut(d, " ")
	s.advance(n)
	return nil
}

// metaCommand passes over what psql does by itself, and refuses what only psql could do.
func (s *splitter) metaCommand() error {
	rest := s.text[s.pos:]
	n := lineEnd(rest)
	word, _, _ := strings.Cut(strings.TrimSpace(rest[:n]), " ")
	switch word {
	case `\restrict`, `\unrestrict`, `\set`, `\unset`, `\echo`, `\qecho`, `\pset`, `\timing`, `\encoding`, `\.`:
		s.advance(n)
		return nil
	}
	return s.fail(s.line, "%s is a command of psql, which only psql can run: write SQL, or list the files one by one", word)
}

// copyData passes over the rows behind COPY ... FROM stdin.
func (s *splitter) copyData() error {
	if !s.postgres || len(s.out) == 0 {
		return nil
	}
	last := s.out[len(s.out)-1]
	upper := strings.ToUpper(strings.Join(strings.Fields(last.Text), " "))
	if !strings.HasPrefix(upper, "COPY ") || !strings.Contains(upper, " FROM STDIN") || last.Line > s.line {
		return nil
	}
	s.out = s.out[:len(s.out)-1]
	line := s.line
	for s.pos < len(s.text) {
		rest := s.text[s.pos:]
		n := lineEnd(rest)
		row := strings.TrimRight(rest[:n], "\r")
		s.advance(min(n+1, len(rest)))
		if row == `\.` {
			return nil
		}
	}
	return s.fail(line, `the rows of COPY do not end with \.`)
}

func lineEnd(s string) int {
	if i := strings.IndexByte(s, '\n'); i >= 0 {
		return i
	}
	return len(s)
}

// foldedPrefix reports whether text begins with the word, in any case.
func foldedPrefix(text, word string) bool {
	return len(text) > len(word) && strings.EqualFold(text[:len(word)], word) && !isWordByte(text[len(word)])
}

func isWordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c >= 0x80
}

func isWordAt(s string, i int) bool { return i >= 0 && isWordByte(s[i]) }
