package main

import (
	"context"

	"github.com/hashicorp/hcl/v2"
	"github.com/urfave/cli/v2"

	"github.com/syncform/syncform/cmd/internal/view"
	"github.com/syncform/syncform/planner/state"
)

func (s *session) outputCommand() *cli.Command {
	return &cli.Command{
		Name: "output", Usage: "Show output values of the state", ArgsUsage: "[NAME]", Category: "other",
		Description: `
Prints the outputs as the last apply left them in the state; with a NAME, that output's value.

Examples:

  syncform output
  syncform output -raw slot`,
		Flags: []cli.Flag{
			jsonFlag("Print the outputs, or the value of NAME, as JSON."),
			&cli.BoolFlag{Name: "raw", Usage: "Print the value of NAME as it is, without quotes; it must be a string, number or bool."},
		},
		Action: func(c *cli.Context) error {
			args, err := s.positional(c, 0, 1, "[NAME]")
			if err != nil {
				return err
			}
			name := ""
			if len(args) == 1 {
				name = args[0]
			}
			return s.output(c.Context, name, c.Bool("json"), c.Bool("raw"))
		},
	}
}

func (s *session) output(ctx context.Context, name string, asJSON, raw bool) error {
	if raw && (asJSON || name == "") {
		return refused("Incompatible command line options", "-raw prints the value of one output: give its NAME, and not -json.")
	}
	st, err := s.readState(ctx)
	if err != nil {
		return err
	}
	outputs := map[string]state.Output{}
	if st != nil && st.Outputs != nil {
		outputs = st.Outputs
	}
	if name == "" {
		if asJSON {
			return view.OutputsJSON(s.out, outputs)
		}
		if len(outputs) == 0 {
			s.showDiagnostics(hcl.Diagnostics{{Severity: hcl.DiagWarning, Summary: "No outputs found",
				Detail: "The state has no outputs: the configuration declares none, or nothing was applied since."}}, nil)
			return nil
		}
		return view.Outputs(s.out, outputs)
	}
	out, ok := outputs[name]
	if !ok {
		return refused("Output \""+name+"\" not found", "The output could not be found in the state. If you recently added it to your configuration, run \"syncform apply\": the state won't know it until then.")
	}
	if out.Sensitive {
		return refused("Output \""+name+"\" is sensitive", "The values of sensitive outputs are not kept in the state.")
	}
	switch {
	case asJSON:
		return view.JSON(s.out, out.Value)
	case raw:
		return failed("Unsupported value for raw output", view.RawOutput(s.out, name, out.Value))
	}
	return view.Outputs(s.out, map[string]state.Output{name: out})
}
