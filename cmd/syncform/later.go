package main

import (
	"github.com/urfave/cli/v2"
)

// later is a command of the language that this version does not have: it says so,
// and what to do instead.
func later(name, usage, instead string) *cli.Command {
	return &cli.Command{
		Name: name, Usage: usage, Hidden: true, SkipFlagParsing: true,
		Description: instead,
		Action: func(*cli.Context) error {
			return refused("No \""+name+"\" in this version", "%s", instead)
		},
	}
}

func (s *session) cutoverCommand() *cli.Command {
	return later("cutover", "Cut over to the target", "This version of syncform has no cutover, as it has no continuous sync. \"syncform verify\" says whether target and source are equal.")
}

func (s *session) statusCommand() *cli.Command {
	return later("status", "Show how syncs are", "This version of syncform has no continuous sync whose status there could be. \"syncform show\" shows what was applied, \"syncform verify\" compares the rows.")
}

func (s *session) conflictsCommand() *cli.Command {
	return later("conflicts", "List and resolve conflicts", "This version of syncform syncs one way, so there are no conflicts.")
}

func (s *session) deadLetterCommand() *cli.Command {
	return later("dead-letter", "List and retry rows that were put aside", "This version of syncform puts no rows aside: it stops at a row that doesn't fit, and names table, key and column.")
}

func (s *session) consoleCommand() *cli.Command {
	return later("console", "Evaluate expressions", "This version of syncform has no console. An output block shows an expression's value.")
}

func (s *session) pauseCommand() *cli.Command {
	return later("pause", "Pause a sync", "This version of syncform has no continuous sync to pause. Ctrl-C stops an apply without loss.")
}

func (s *session) resumeCommand() *cli.Command {
	return later("resume", "Resume a sync", "This version of syncform has no continuous sync to resume. \"syncform apply\" goes on with an apply that was stopped.")
}
