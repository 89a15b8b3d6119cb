package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/syncform/syncform/cmd/internal/view"
)

func doneFlag() cli.Flag {
	return jsonFlag("Print what was changed as JSON; docs/json.md describes it.")
}

// done collects what a command changes: told line by line, or at the end as one document.
type done struct {
	s    *session
	json bool
	doc  view.DoneDocument
}

func (s *session) collect(c *cli.Context, command string) *done {
	return &done{s: s, json: c.Bool("json"), doc: view.DoneDocument{Command: command, DryRun: c.Bool("dry-run")}}
}

// add notes one thing; line is how people read it, and "" where it is told otherwise.
func (d *done) add(x view.Changed, line string) {
	d.doc.Changed = append(d.doc.Changed, x)
	if !d.json && line != "" {
		fmt.Fprintln(d.s.out, line)
	}
}

// tell writes words that only people need.
func (d *done) tell(format string, args ...any) {
	if !d.json {
		fmt.Fprintf(d.s.out, format, args...)
	}
}

// end writes the document, of what was done or of what went wrong.
func (d *done) end(err error) error {
	switch {
	case !d.json:
		return err
	case err != nil:
		return d.s.jsonFailure(true, err)
	}
	return failed("Can't write the result", view.DoneJSON(d.s.out, d.doc))
}
