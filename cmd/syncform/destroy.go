package main

import (
	"slices"

	"github.com/urfave/cli/v2"
)

func (s *session) destroyCommand() *cli.Command {
	return &cli.Command{
		Name: "destroy", Usage: "Take down what syncform made",
		Description: `
Takes down what syncform made, after asking. The state forgets its mappings. Tables and their rows stay, unless -drop-tables is given; tables that were there before syncform stay in any case.

This command is an alias for "syncform apply -destroy".

Examples:

  syncform plan -destroy
  syncform destroy
  syncform destroy -drop-tables -auto-approve`,
		Flags: flags(applyFlags(), slices.DeleteFunc(customFlags(), func(f cli.Flag) bool {
			return f.Names()[0] == "destroy" || f.Names()[0] == "replace" || f.Names()[0] == "refresh-only"
		}), varFlags(), lockFlags()),
		Action: func(c *cli.Context) error {
			if _, err := s.positional(c, 0, 0, ""); err != nil {
				return err
			}
			o := applyOptionsOf(c)
			o.custom.destroy = true
			return s.apply(c.Context, o)
		},
	}
}
