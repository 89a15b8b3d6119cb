package main

import (
	"context"
	"errors"

	"github.com/urfave/cli/v2"

	"github.com/syncform/syncform/cmd/internal/view"
	"github.com/syncform/syncform/executor/stream"
	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers"
)

// mostLetters is how many letters of a sync a command reads.
const mostLetters = 100_000

func (s *session) deadLetterCommand() *cli.Command {
	return &cli.Command{
		Name: "dead-letter", Usage: "List and retry changes that were put aside",
		Description: `
In a sync with on_bad_row = "dead_letter", a change that the target can't take is put aside, and so are the later changes of the same row, in order, so that nothing overtakes it. The stream goes on with all other rows.`,
		Subcommands: []*cli.Command{s.letterListCommand(), s.letterShowCommand(), s.letterRetryCommand()},
	}
}

func (s *session) letterListCommand() *cli.Command {
	return &cli.Command{
		Name: "list", Usage: "List the changes that were put aside", ArgsUsage: "[NAME...]",
		Description: `
Lists the dead letters of all syncs, or of those of these names: one line per row, with the change that could not be applied and how many later ones of the row wait behind it.

Example:

  syncform dead-letter list warehouse`,
		Flags: flags([]cli.Flag{jsonFlag("Print all of them as JSON; docs/json.md describes it.")}, varFlags()),
		Action: func(c *cli.Context) error {
			return s.letters(c.Context, configOptionsOf(c), c.Args().Slice(), nil, c.Bool("json"))
		},
	}
}

func (s *session) letterShowCommand() *cli.Command {
	return &cli.Command{
		Name: "show", Usage: "Show dead letters whole", ArgsUsage: "ID...",
		Description: `
Shows what the changes of these IDs carried, by the source's columns, and why they could not be applied. The values are those of your rows: mind where you paste them.

Example:

  syncform dead-letter show 20260801T031500.000000000-000000`,
		Flags: flags([]cli.Flag{jsonFlag("Print them as JSON.")}, varFlags()),
		Action: func(c *cli.Context) error {
			if c.NArg() == 0 {
				return &usageError{path: s.path, detail: "missing argument: ID"}
			}
			return s.letters(c.Context, configOptionsOf(c), nil, c.Args().Slice(), c.Bool("json"))
		},
	}
}

func (s *session) letterRetryCommand() *cli.Command {
	return &cli.Command{
		Name: "retry", Usage: "Write the rows of dead letters as they are now", ArgsUsage: "[ID...]",
		Description: `
Reads each row that has one of these dead letters (or any) from the source as it is now, takes it through the mapping, and writes it, or deletes it where the source has it no more. All letters of the row go then, and its later changes flow again. Mend the cause first: a column that is too short, a constraint, a value at the source.

A sync that runs is paused for that moment and goes on by itself. The exit code is 1 where a row could not be written; its letters stay.

Examples:

  syncform dead-letter retry
  syncform dead-letter retry 20260801T031500.000000000-000000`,
		Flags: flags([]cli.Flag{jsonFlag("Print the result as JSON; docs/json.md describes it.")}, varFlags()),
		Action: func(c *cli.Context) error {
			return s.retryLetters(c.Context, configOptionsOf(c), c.Args().Slice(), c.Bool("json"))
		},
	}
}

// lettersOf reads the dead letters of a stream.
func (w *work) lettersOf(ctx context.Context, st *plan.Stream) ([]providers.DeadLetter, error) {
	store, err := w.store(ctx, st)
	if err != nil {
		return nil, err
	}
	letters, err := store.DeadLetters(ctx, st.Sync, mostLetters)
	return letters, failed("Can't read the dead letters", err)
}

func (s *session) letters(ctx context.Context, o configOptions, names, ids []string, asJSON bool) (err error) {
	w, streams, err := s.beginStreams(ctx, "dead-letter", o, names)
	if err != nil {
		return s.jsonFailure(asJSON, err)
	}
	defer func() { err = errors.Join(err, w.close()) }()
	var all []view.Letters
	found := map[string]bool{}
	for _, st := range streams {
		letters, err := w.lettersOf(ctx, st)
		if err != nil {
			return s.jsonFailure(asJSON, err)
		}
		if ids != nil {
			letters = among(letters, ids, found)
		}
		all = append(all, view.Letters{Sync: st.Sync, Letters: letters})
	}
	if err := missingLetters(ids, found); err != nil {
		return s.jsonFailure(asJSON, err)
	}
	switch {
	case asJSON:
		err = view.LettersJSON(s.out, all)
	case ids != nil:
		err = view.LettersWhole(s.out, s.paint(), all)
	default:
		err = view.LetterList(s.out, s.paint(), all)
	}
	return failed("Can't write the result", err)
}

// among picks letters by ID, and notes which were found.
func among(letters []providers.DeadLetter, ids []string, found map[string]bool) []providers.DeadLetter {
	wanted := map[string]bool{}
	for _, id := range ids {
		wanted[id] = true
	}
	var out []providers.DeadLetter
	for _, d := range letters {
		if wanted[d.ID] {
			found[d.ID] = true
			out = append(out, d)
		}
	}
	return out
}

func missingLetters(ids []string, found map[string]bool) error {
	for _, id := range ids {
		if !found[id] {
			return refused("No such dead letter", "There is no dead letter %q; \"syncform dead-letter list -json\" shows the IDs.", id)
		}
	}
	return nil
}

func (s *session) retryLetters(ctx context.Context, o configOptions, ids []string, asJSON bool) (err error) {
	w, streams, err := s.beginStreams(ctx, "dead-letter retry", o, nil)
	if err != nil {
		return s.jsonFailure(asJSON, err)
	}
	defer func() { err = errors.Join(err, w.close()) }()
	var results []stream.RetriedRow
	found := map[string]bool{}
	byStream := map[*plan.Stream][]providers.DeadLetter{}
	for _, st := range streams {
		letters, err := w.lettersOf(ctx, st)
		if err != nil {
			return s.jsonFailure(asJSON, err)
		}
		if len(letters) > 0 && (len(ids) == 0 || len(among(letters, ids, found)) > 0) {
			byStream[st] = letters
		}
	}
	if err := missingLetters(ids, found); err != nil {
		return s.jsonFailure(asJSON, err)
	}
	var failure error
	for _, st := range streams {
		if byStream[st] == nil {
			continue
		}
		done, err := w.retryStream(ctx, st, ids)
		results = append(results, done...)
		if err != nil {
			failure = failed("Not all could be retried", err)
			break
		}
	}
	if failure != nil && asJSON {
		return s.jsonFailure(asJSON, failure)
	}
	if asJSON {
		err = view.RetriedJSON(s.out, results)
	} else {
		err = view.Retried(s.out, s.paint(), results)
	}
	if err != nil {
		return failed("Can't write the result", err)
	}
	if failure != nil {
		return failure
	}
	for _, r := range results {
		if r.Result == stream.RetryFailed {
			return exitCode(1)
		}
	}
	return nil
}

func (w *work) retryStream(ctx context.Context, st *plan.Stream, ids []string) (done []stream.RetriedRow, err error) {
	hold, err := stream.OpenHold(ctx, w.streamOf(st), stream.Options{Soft: ctx, Redact: w.s.secrets.Text})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, hold.Close(ctx)) }()
	letters, err := w.lettersOf(ctx, st) // again, now that the stream rests
	if err != nil {
		return nil, err
	}
	var wanted map[string]bool
	if len(ids) > 0 {
		wanted = map[string]bool{}
		for _, id := range ids {
			wanted[id] = true
		}
	}
	return hold.Retry(ctx, letters, wanted)
}
