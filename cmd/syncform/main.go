// Command syncform moves and evolves databases as Terraform does infrastructure: a
// folder of HCL is read, live databases are inspected, a plan is shown, and what is
// approved is applied.
package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/syncform/syncform/cmd/internal/redact"
	"github.com/syncform/syncform/cmd/internal/view"
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/all"
)

// version is set by the release build: -ldflags "-X main.version=1.2.3".
var version = "0.1.0-dev"

func main() {
	s := newSession()
	ctx, stop := s.interrupts(context.Background())
	code := s.exitCode(s.execute(ctx, os.Args[1:]))
	stop()
	os.Exit(code)
}

// session is one run of the command: where words come from and go to.
type session struct {
	in          io.Reader
	out, err    io.Writer
	inTerminal  bool
	outTerminal bool
	errTerminal bool
	width       int
	noColor     bool
	automation  bool // SF_IN_AUTOMATION: no hints about what to type next
	env         func(string) (string, bool)
	providers   map[string]providers.Provider
	hard        context.Context // ends with the second Ctrl-C
	path        []string        // of the command that runs, for messages
	chdir       string          // -chdir, for paths as seen from where the command was started
	secrets     redact.Secrets  // what no message and no log shows
	words       bool            // SF_ACCESSIBLE: words in place of symbols and bars
}

func newSession() *session {
	s := &session{
		in: os.Stdin, out: os.Stdout, err: os.Stderr, env: os.LookupEnv, providers: all.Providers(), hard: context.Background(),
		inTerminal:  term.IsTerminal(int(os.Stdin.Fd())),
		outTerminal: term.IsTerminal(int(os.Stdout.Fd())),
		errTerminal: term.IsTerminal(int(os.Stderr.Fd())),
	}
	s.noColor = s.getenv("NO_COLOR") != "" || s.getenv("TERM") == "dumb"
	s.automation = s.getenv("SF_IN_AUTOMATION") != ""
	s.words = s.getenv("SF_ACCESSIBLE") != ""
	for _, f := range []*os.File{os.Stdout, os.Stderr} {
		if w, _, err := term.GetSize(int(f.Fd())); err == nil && s.width == 0 {
			s.width = w
		}
	}
	slog.SetDefault(slog.New(s.logger()))
	return s
}

func (s *session) getenv(name string) string {
	v, _ := s.env(name)
	return v
}

// logger writes structured lines to stderr from the level of SF_LOG on; nothing
// where it is not set.
func (s *session) logger() slog.Handler {
	var level slog.Level
	switch strings.ToLower(s.getenv("SF_LOG")) {
	case "":
		return slog.DiscardHandler
	case "trace", "debug":
		level = slog.LevelDebug
	case "warn", "warning":
		level = slog.LevelWarn
	case "error":
		level = slog.LevelError
	default:
		level = slog.LevelInfo
	}
	return slog.NewTextHandler(s.err, &slog.HandlerOptions{Level: level, ReplaceAttr: s.secrets.Attr})
}

// paint is how stdout may be written to.
func (s *session) paint() view.Paint {
	return view.Paint{On: s.outTerminal && !s.noColor, Width: s.width, Words: s.words}
}

// paintErr is how stderr may be written to.
func (s *session) paintErr() view.Paint {
	return view.Paint{On: s.errTerminal && !s.noColor, Width: s.width, Words: s.words}
}

// exitCode shows what an error says and turns it into the process's exit code.
func (s *session) exitCode(err error) int {
	var code exitCode
	switch {
	case err == nil:
		return 0
	case errors.As(err, &code):
		return int(code)
	}
	s.show(err)
	return 1
}
