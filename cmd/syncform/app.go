package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"

	"github.com/urfave/cli/v2"
)

// app is the tree of commands.
func (s *session) app() *cli.App {
	return &cli.App{
		Name: "syncform", HelpName: "syncform", HideHelp: true, HideVersion: true,
		Writer: s.out, ErrWriter: s.err, Reader: s.in,
		DisableSliceFlagSeparator: true, // -var 'a=[1,2]' is one value
		ExitErrHandler:            func(*cli.Context, error) {},
		Commands: s.tidy([]*cli.Command{
			s.initCommand(), s.validateCommand(), s.planCommand(), s.applyCommand(), s.destroyCommand(),
			s.fmtCommand(), s.showCommand(), s.outputCommand(), s.verifyCommand(), s.stateCommand(),
			s.forceUnlockCommand(), s.graphCommand(), s.importCommand(), s.providersCommand(), s.versionCommand(), s.completionCommand(),
			s.syncCommand(), s.cutoverCommand(), s.statusCommand(), s.conflictsCommand(), s.deadLetterCommand(),
			s.historyCommand(), s.restoreCommand(), s.consoleCommand(), s.pauseCommand(), s.resumeCommand(),
		}),
	}
}

// tidy gives every command what all have.
func (s *session) tidy(commands []*cli.Command) []*cli.Command {
	for _, c := range commands {
		c.HideHelp = true
		c.OnUsageError = func(_ *cli.Context, err error, _ bool) error {
			return &usageError{path: s.path, detail: err.Error()}
		}
		c.Subcommands = s.tidy(c.Subcommands)
		if len(c.Subcommands) > 0 || c.SkipFlagParsing {
			continue
		}
		c.Flags = append(c.Flags, &cli.BoolFlag{Name: "no-color", Usage: "If specified, output won't contain any color."})
		c.Before = func(c *cli.Context) error {
			s.noColor = s.noColor || c.Bool("no-color")
			return nil
		}
	}
	return commands
}

// execute runs one command line.
func (s *session) execute(ctx context.Context, argv []string) error {
	app := s.app()
	l, err := parse(app, argv)
	if err != nil {
		return s.usage(err)
	}
	s.path = l.path
	s.chdir = l.chdir
	if l.chdir != "" {
		if err := os.Chdir(l.chdir); err != nil {
			return refused("Can't change to the directory of -chdir", "%s.", err)
		}
	}
	switch {
	case l.help && l.command != nil:
		return s.commandHelp(l.command, l.path)
	case l.help:
		return s.appHelp(app)
	case l.command == nil && l.version:
		l.path = []string{"version"}
	case l.command == nil:
		if err := s.appHelp(app); err != nil {
			return err
		}
		return exitCode(1)
	case len(l.command.Subcommands) > 0 && l.command.Action == nil:
		if err := s.commandHelp(l.command, l.path); err != nil {
			return err
		}
		return exitCode(1)
	}
	err = app.RunContext(ctx, l.arranged(app.Name))
	if errors.Is(err, flag.ErrHelp) {
		return s.commandHelp(l.command, l.path)
	}
	return s.usage(err)
}

// usage shows an error of the command line with the way to its help; others pass.
func (s *session) usage(err error) error {
	var u *usageError
	if !errors.As(err, &u) {
		return err
	}
	summary := u.summary
	if summary == "" {
		summary = "Failed to parse command-line flags"
	}
	s.show(refused(summary, "%s", u.detail))
	help := strings.Join(append(append([]string{"syncform"}, u.path...), "-help"), " ")
	fmt.Fprintf(s.err, "\nFor more help on using this command, run:\n  %s\n", help)
	return exitCode(1)
}

// positional checks how many arguments a command was given.
func (s *session) positional(c *cli.Context, least, most int, names string) ([]string, error) {
	args := c.Args().Slice()
	switch n := len(args); {
	case n < least:
		return nil, &usageError{path: s.path, detail: "missing argument: " + names}
	case n > most && most == 0:
		return nil, &usageError{path: s.path, detail: fmt.Sprintf("this command takes no arguments, only flags; got %q", args[0])}
	case n > most:
		return nil, &usageError{path: s.path, detail: fmt.Sprintf("too many arguments: expected %s, got %q too", names, args[most])}
	}
	return args, nil
}
