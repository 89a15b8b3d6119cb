package main

import (
	"fmt"
	"runtime"

	"github.com/urfave/cli/v2"

	"github.com/syncform/syncform/cmd/internal/view"
)

func (s *session) versionCommand() *cli.Command {
	return &cli.Command{
		Name: "version", Usage: "Show the current syncform version", Category: "other",
		Description: `
Displays the version of syncform.

Example:

  syncform version -json`,
		Flags: []cli.Flag{jsonFlag("Print the version as JSON.")},
		Action: func(c *cli.Context) error {
			if _, err := s.positional(c, 0, 0, ""); err != nil {
				return err
			}
			if c.Bool("json") {
				return view.JSON(s.out, view.VersionDocument{FormatVersion: view.ListFormat, Version: version, Platform: runtime.GOOS + "_" + runtime.GOARCH})
			}
			_, err := fmt.Fprintf(s.out, "syncform v%s\non %s_%s\n", version, runtime.GOOS, runtime.GOARCH)
			return err
		},
	}
}
