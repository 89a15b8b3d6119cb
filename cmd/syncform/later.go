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

func (s *session) conflictsCommand() *cli.Command {
	return later("conflicts", "List and resolve conflicts", "This version of syncform syncs one way, so there are no conflicts.")
}

func (s *session) historyCommand() *cli.Command {
	return later("history", "Show the audit trail", "This version of syncform keeps no history besides the state's list of applied plans; \"syncform state pull\" shows it.")
}

func (s *session) consoleCommand() *cli.Command {
	return later("console", "Evaluate expressions", "This version of syncform has no console. An output block shows an expression's value.")
}
