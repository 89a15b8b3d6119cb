package main

import (
	"fmt"
	"maps"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/syncform/syncform/cmd/internal/confschema"
	"github.com/syncform/syncform/cmd/internal/view"
	"github.com/syncform/syncform/lang"
	"github.com/syncform/syncform/providers/attr"
)

func (s *session) providersCommand() *cli.Command {
	return &cli.Command{
		Name: "providers", Usage: "Show what providers and blocks take", Category: "other",
		Description: `
These subcommands say what the language knows, for editors and other programs.`,
		Subcommands: []*cli.Command{s.providersSchemaCommand()},
	}
}

func (s *session) providersSchemaCommand() *cli.Command {
	return &cli.Command{
		Name: "schema", Usage: "Show the arguments of all blocks and providers",
		Description: `
Shows the providers of this build. With -json it prints every block of the language and every provider with their arguments, from which completion can be built; with -sf-json the JSON Schema of *.sf.json files, which editors of JSON take as it is.

Examples:

  syncform providers schema -json
  syncform providers schema -sf-json > syncform.schema.json`,
		Flags: []cli.Flag{
			jsonFlag("Print all blocks and providers as JSON; docs/json.md describes it."),
			&cli.BoolFlag{Name: "sf-json", Usage: "Print the JSON Schema of *.sf.json files."},
		},
		Action: func(c *cli.Context) error {
			if _, err := s.positional(c, 0, 0, ""); err != nil {
				return err
			}
			schemas := s.schemas()
			switch {
			case c.Bool("json") && c.Bool("sf-json"):
				return refused("Incompatible command line options", "-json and -sf-json are each a form of the whole output; give one of them.")
			case c.Bool("sf-json"):
				return view.JSON(s.out, confschema.Schema(schemas))
			case c.Bool("json"):
				return view.JSON(s.out, view.ProvidersDocument{FormatVersion: view.ListFormat, Providers: schemas, Blocks: lang.Blocks()})
			}
			for _, name := range slices.Sorted(maps.Keys(schemas)) {
				fmt.Fprintf(s.out, "%-14s %s\n", name, schemas[name].Text)
			}
			return nil
		},
	}
}

// schemas is what each provider takes, as data.
func (s *session) schemas() map[string]attr.Provider {
	out := map[string]attr.Provider{}
	for name, p := range s.providers {
		out[name] = p.Schema()
	}
	return out
}
