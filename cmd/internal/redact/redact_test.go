package redact

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"strings"
	"testing"
)

func TestConnections(t *testing.T) {
	for _, c := range []struct{ connection, password string }{
		{"postgres://u:hunter-22@h:1/d", "hunter-22"},
		{"postgres://u:hun%2Fter%40@h/d", "hun/ter@"},
		{"postgres://u@h/d?password=hunter-22&sslmode=disable", "hunter-22"},
		{"mysql://u:hunter-22@h:1/d", "hunter-22"},
		{"u:hunter-22@tcp(h:1)/d", "hunter-22"},
		{"u:hun@ter:22/@tcp(h:1)/d", "hun@ter:22/"},
		{"host=h password=hunter-22 port=1", "hunter-22"},
		{`host=h password='hun\'ter 22' port=1`, "hun'ter 22"},
		{"://u:hunter-22@h", "hunter-22"},
		{"%zz://u:hunter-22@h", "hunter-22"},
	} {
		var s Secrets
		s.AddConnection(c.connection)
		for _, text := range []string{"said " + c.password + " to", c.connection, fmt.Sprintf("%q", c.connection), "x=" + url.QueryEscape(c.password)} {
			if got := s.Text(text); strings.Contains(got, c.password) || !strings.Contains(got, Mark) {
				t.Errorf("%s: %q stays %q", c.connection, text, got)
			}
		}
	}
}

func TestWords(t *testing.T) {
	var s Secrets
	s.Add("abc", "postgres", "Mysql", "salt", "long-enough")
	for text, want := range map[string]string{
		"target.postgres.abc":         "target.postgres.abc",
		"a salty basalt":              "a salty basalt",
		`user "salt" is refused`:      `user "` + Mark + `" is refused`,
		"salt":                        Mark,
		"xlong-enoughx, long-enough.": "x" + Mark + "x, " + Mark + ".",
	} {
		if got := s.Text(text); got != want {
			t.Errorf("%q is %q, wanted %q", text, got, want)
		}
	}
}

func TestErrors(t *testing.T) {
	var s Secrets
	s.Add("hunter-22")
	err := s.Error(fmt.Errorf("dial hunter-22: %w", io.ErrUnexpectedEOF))
	if !errors.Is(err, io.ErrUnexpectedEOF) || err.Error() != "dial "+Mark+": unexpected EOF" {
		t.Errorf("%v", err)
	}
	if err := s.Error(io.EOF); err != io.EOF {
		t.Errorf("%v", err)
	}
	if s.Error(nil) != nil {
		t.Error("nil is an error")
	}
	var none *Secrets
	none.Add("hunter-22")
	if none.Text("hunter-22") != "hunter-22" {
		t.Error("none knows a secret")
	}
}

func TestLog(t *testing.T) {
	for name, make := range map[string]func(io.Writer, *slog.HandlerOptions) slog.Handler{
		"text": func(w io.Writer, o *slog.HandlerOptions) slog.Handler { return slog.NewTextHandler(w, o) },
		"json": func(w io.Writer, o *slog.HandlerOptions) slog.Handler { return slog.NewJSONHandler(w, o) },
	} {
		var b bytes.Buffer
		var s Secrets
		log := slog.New(make(&b, &slog.HandlerOptions{ReplaceAttr: s.Attr}))
		s.Add("hunter-22") // the log is there before the configuration is read
		log.With("with", "hunter-22").WithGroup("g").Info("said hunter-22", "error", errors.New("hunter-22"), "list", []string{"hunter-22"}, slog.Group("in", "x", "hunter-22"), "count", 3)
		if text := b.String(); strings.Contains(text, "hunter") || strings.Count(text, Mark) != 5 || !strings.Contains(text, "3") {
			t.Errorf("%s: %s", name, text)
		}
	}
}

// FuzzText: however a secret is spelled in a text, it is taken out.
func FuzzText(f *testing.F) {
	f.Add("hunter-22", "a", "b")
	f.Add(`q"uo\te`, "\\", "\"")
	f.Add("<b>&amp;é\n", "", "")
	f.Add("it's", "'", "'")
	f.Fuzz(func(t *testing.T, secret, before, after string) {
		if len(secret) < shortest || plain(secret) || strings.Contains(Mark, secret) {
			return // no secret
		}
		var s Secrets
		s.Add(secret)
		if len(s.known) == 0 {
			return
		}
		inJSON, err := json.Marshal(secret)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{secret, fmt.Sprintf("%q", secret), string(inJSON), url.QueryEscape(secret), url.PathEscape(secret)} {
			if got := s.Text(before + text + after); strings.Contains(got, secret) && !strings.Contains(before+Mark+after, secret) {
				t.Errorf("%q in %q stays: %q", secret, text, got)
			}
		}
	})
}
