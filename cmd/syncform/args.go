package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/agext/levenshtein"
	"github.com/urfave/cli/v2"
)

// line is a command line taken apart: urfave/cli stops at the first argument that is
// no flag, and Terraform's hands write flags anywhere.
type line struct {
	command *cli.Command // nil where none was named
	path    []string     // its name, with its parents'
	flags   []string     // as written, each with its value
	args    []string
	chdir   string
	help    bool
	version bool
}

// usageError is a command line that can't be understood.
type usageError struct {
	path    []string // of the command, for its -help
	summary string   // "": it is about flags
	detail  string
}

func (e *usageError) Error() string { return e.detail }

// parse takes a command line apart. Unknown commands and flags are errors that name
// the nearest known one.
func parse(app *cli.App, argv []string) (*line, error) {
	l := &line{}
	commands := app.Commands
	for i := 0; i < len(argv); i++ {
		word := argv[i]
		switch {
		case l.command != nil && l.command.SkipFlagParsing && word != "-help" && word != "--help":
			l.args = append(l.args, word)
		case word == "--":
			l.args = append(l.args, argv[i+1:]...)
			i = len(argv)
		case strings.HasPrefix(word, "-") && word != "-":
			n, err := l.flag(argv[i:])
			if err != nil {
				return l, err
			}
			i += n
		case l.command == nil && word == "help":
			l.help = true
		case len(commands) > 0:
			c := find(commands, word)
			if c == nil {
				return l, unknownCommand(app, l, commands, word)
			}
			l.command, l.path, commands = c, append(l.path, c.Name), c.Subcommands
		default:
			l.args = append(l.args, word)
		}
	}
	return l, nil
}

// flag takes the flag at the head of argv and returns how many words more it took.
func (l *line) flag(argv []string) (int, error) {
	name, value, hasValue := strings.Cut(strings.TrimLeft(argv[0], "-"), "=")
	switch name {
	case "help", "h":
		l.help = true
		return 0, nil
	case "version", "v":
		if l.command == nil {
			l.version = true
			return 0, nil
		}
	case "chdir":
		if !hasValue {
			if len(argv) < 2 {
				return 0, &usageError{path: l.path, detail: "flag needs an argument: -chdir=DIR"}
			}
			l.chdir = argv[1]
			return 1, nil
		}
		l.chdir = value
		return 0, nil
	}
	var known []cli.Flag
	if l.command != nil {
		known = l.command.Flags
	}
	for _, f := range known {
		if !slices.Contains(f.Names(), name) {
			continue
		}
		if _, isBool := f.(*cli.BoolFlag); isBool || hasValue {
			l.flags = append(l.flags, argv[0])
			return 0, nil
		}
		if len(argv) < 2 {
			return 0, &usageError{path: l.path, detail: "flag needs an argument: -" + name}
		}
		l.flags = append(l.flags, argv[0], argv[1])
		return 1, nil
	}
	return 0, &usageError{path: l.path, detail: unknownFlag(known, name)}
}

// arranged is the line as urfave/cli wants it.
func (l *line) arranged(app string) []string {
	out := append([]string{app}, l.path...)
	out = append(out, l.flags...)
	if len(l.args) > 0 {
		out = append(append(out, "--"), l.args...)
	}
	return out
}

func find(commands []*cli.Command, name string) *cli.Command {
	for _, c := range commands {
		if c.HasName(name) {
			return c
		}
	}
	return nil
}

func unknownCommand(app *cli.App, l *line, commands []*cli.Command, word string) error {
	var names []string
	for _, c := range commands {
		names = append(names, c.Name)
	}
	what := strings.Join(append([]string{app.Name}, l.path...), " ")
	detail := fmt.Sprintf("%s has no command named %q.", what, word)
	if near := nearest(names, word); near != "" {
		detail += fmt.Sprintf(" Did you mean %q?", near)
	}
	return &usageError{l.path, "Unknown command", detail}
}

func unknownFlag(known []cli.Flag, name string) string {
	names := []string{"chdir", "help"}
	for _, f := range known {
		names = append(names, f.Names()...)
	}
	detail := "flag provided but not defined: -" + name + "."
	if near := nearest(names, name); near != "" {
		detail += " Did you mean -" + near + "?"
	}
	return detail
}

// nearest gives the name that is spelled most like word, "" where none is near.
func nearest(names []string, word string) string {
	best, far := "", 3
	for _, n := range names {
		if d := levenshtein.Distance(word, n, nil); d < far && d < len(n) {
			best, far = n, d
		}
	}
	return best
}
