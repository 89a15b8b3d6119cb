// Package redact takes the secrets that a run knows of out of what it says: messages,
// logs, and errors that are kept in a target.
package redact

import (
	"encoding/json"
	"log/slog"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// Mark stands in place of a secret.
const Mark = "(sensitive value)"

// shortest is the length from which a secret is told apart from the words of a message.
const shortest = 4

// words are too common in messages to be taken out of them, though some use them as
// passwords.
var words = []string{"admin", "root", "user", "username", "password", "passwd", "secret", "test", "postgres", "postgresql", "mysql", "mariadb", "sqlite", "source", "target", "sync", "table", "column", "database", "localhost", "true", "false", "null"}

// Secrets are texts that nothing may show. The zero value holds none. It is safe for use
// by several goroutines; a nil one holds none and takes none.
type Secrets struct {
	mu    sync.RWMutex
	known map[string]bool
	forms []form // the longest first
}

// form is one spelling of a secret.
type form struct {
	text string
	// whole says that it is so plain that it counts only as a word of its own.
	whole bool
}

// Add takes more secrets. Those shorter than four bytes, and words that messages are made
// of, can't be told apart and are passed over.
func (s *Secrets) Add(texts ...string) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range texts {
		if len(t) < shortest || s.known[t] || slices.Contains(words, strings.ToLower(t)) {
			continue
		}
		if s.known == nil {
			s.known = map[string]bool{}
		}
		s.known[t] = true
		for _, f := range spellings(t) {
			s.forms = append(s.forms, form{f, plain(t)})
		}
	}
	slices.SortStableFunc(s.forms, func(a, b form) int { return len(b.text) - len(a.text) })
}

// AddConnection takes the password out of a connection string, be it a URL, a DSN or
// words such as password=x.
func (s *Secrets) AddConnection(connection string) { s.Add(passwords(connection)...) }

// spellings gives the ways in which a text may stand in another.
func spellings(t string) []string {
	quoted := strconv.Quote(t)
	inJSON, err := json.Marshal(t)
	if err != nil {
		panic("bug in syncform: a text that JSON can't write: " + err.Error())
	}
	user := url.UserPassword("", t).String()
	out := []string{t, quoted[1 : len(quoted)-1], string(inJSON[1 : len(inJSON)-1]), url.QueryEscape(t), url.PathEscape(t), strings.TrimPrefix(user, ":"), strings.ReplaceAll(t, "'", "''")}
	slices.Sort(out)
	return slices.Compact(out)
}

// plain reports whether a text looks like a word.
func plain(t string) bool {
	return len(t) < 8 && !strings.ContainsFunc(t, func(r rune) bool { return !unicode.IsLetter(r) })
}

// Text gives a text without the secrets.
func (s *Secrets) Text(t string) string {
	if s == nil {
		return t
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, f := range s.forms {
		if strings.Contains(t, f.text) {
			t = f.replaced(t)
		}
	}
	return t
}

func (f form) replaced(t string) string {
	if !f.whole {
		return strings.ReplaceAll(t, f.text, Mark)
	}
	var b strings.Builder
	for {
		i := strings.Index(t, f.text)
		if i < 0 {
			b.WriteString(t)
			return b.String()
		}
		before, _ := utf8.DecodeLastRuneInString(t[:i])
		after, _ := utf8.DecodeRuneInString(t[i+len(f.text):])
		b.WriteString(t[:i])
		if letter(before) || letter(after) {
			b.WriteString(f.text)
		} else {
			b.WriteString(Mark)
		}
		t = t[i+len(f.text):]
	}
}

func letter(r rune) bool {
	return r != utf8.RuneError && (r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r))
}

// Error gives an error that says the same without the secrets, and is what it was to
// errors.Is and errors.As.
func (s *Secrets) Error(err error) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	if clean := s.Text(text); clean != text {
		return &redacted{clean, err}
	}
	return err
}

type redacted struct {
	text string
	err  error
}

func (e *redacted) Error() string { return e.text }

// Unwrap returns the error as it was.
func (e *redacted) Unwrap() error { return e.err }

// Attr is a slog.HandlerOptions.ReplaceAttr.
func (s *Secrets) Attr(_ []string, a slog.Attr) slog.Attr {
	switch v := a.Value.Any().(type) {
	case string:
		a.Value = slog.StringValue(s.Text(v))
	case error:
		a.Value = slog.StringValue(s.Text(v.Error()))
	case []string:
		clean := make([]string, len(v))
		for i, t := range v {
			clean[i] = s.Text(t)
		}
		a.Value = slog.AnyValue(clean)
	}
	return a
}
