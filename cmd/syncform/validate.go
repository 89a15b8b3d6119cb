package main

import (
	"fmt"

	"github.com/urfave/cli/v2"
)

func (s *session) validateCommand() *cli.Command {
	return &cli.Command{
		Name: "validate", Usage: "Check whether the configuration is valid",
		Description: `
Checks the configuration in this directory: syntax, names, types and references. It connects to nothing, and needs no values of variables or of the environment.

Example:

  syncform validate -json`,
		Flags: flags([]cli.Flag{jsonFlag("Print the result as JSON, each error with its range; docs/json.md describes it.")}, reportFlags(), varFlags()),
		Action: func(c *cli.Context) error {
			if _, err := s.positional(c, 0, 0, ""); err != nil {
				return err
			}
			f, err := formatOf(c)
			if err != nil {
				return err
			}
			return s.validate(configOptionsOf(c), f, c.String("annotations") != "")
		},
	}
}

func (s *session) validate(o configOptions, f format, annotate bool) error {
	cfg, diags := s.read(o, true)
	if err := s.report(f, annotate, diags, filesOf(cfg)); err != nil {
		return failed("Can't write the result", err)
	}
	if f != asText {
		if diags.HasErrors() {
			return exitCode(1)
		}
		return nil
	}
	if diags.HasErrors() {
		return &diagnosed{diags, filesOf(cfg)}
	}
	s.showDiagnostics(diags, filesOf(cfg))
	suffix := ""
	if len(diags) > 0 {
		suffix = ", but there were some validation warnings"
	}
	p := s.paint()
	fmt.Fprintf(s.out, "%s The configuration is valid%s.\n\n", p.Green(p.Bold("Success!")), suffix)
	return nil
}
