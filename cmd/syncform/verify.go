package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/syncform/syncform/cmd/internal/view"
	"github.com/syncform/syncform/executor/verify"
	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/planner/state"
	"github.com/syncform/syncform/providers"
)

func (s *session) verifyCommand() *cli.Command {
	return &cli.Command{
		Name: "verify", Usage: "Compare the rows of source and target",
		Description: `
Compares source and target, row for row, through each mapping that was applied: by chunk checksums computed at both servers where they can be equal, row by row where not. Each row that differs is named by its key.

A table that a sync follows is compared while it changes: rows that differ are looked at again, by their keys, once the stream has passed that moment, until they are equal or stay different while the source stands still.

-repair writes the rows that differ as they are at the source, deletes those that the source has not, and compares again. It needs a key. A sync that runs is paused for that moment and goes on by itself.

A verify that was stopped, or could not compare every table, leaves a note of the tables that were equal, and of a large table under way whose keys are alike at both sides, in systems of one kind, the ranges of its key that were (.syncform-verify.json, beside the configuration); -resume compares only the rest, and its progress counts only that. The note holds for the applied state that it was made of.

The exit code is 0 where all is equal and 1 where anything differs.

Examples:

  syncform verify
  syncform verify -target 'sync.warehouse.mapping["users"]' -json
  syncform verify -repair
  syncform verify -resume`,
		Flags: flags([]cli.Flag{
			&cli.StringSliceFlag{Name: "target", KeepSpace: true, Usage: "Only compare the sync or mapping of this `address`. Can be used more than once."},
			jsonFlag("Print the result as JSON; docs/json.md describes it."),
			&cli.BoolFlag{Name: "junit", Usage: "Print the result as JUnit's XML, a test for each mapping; it names keys and columns that differ, and no other value."},
			&cli.IntFlag{Name: "limit", Value: 100, Usage: "Show at most `n` differing rows of each table; all are counted. Default 100."},
			&cli.IntFlag{Name: "parallelism", Value: 2, Usage: "Read each table with `n` connections to each side. Default 2."},
			&cli.BoolFlag{Name: "repair", Usage: "Write the rows that differ as they are at the source, and compare again."},
			&cli.BoolFlag{Name: "resume", Usage: "Go on where the last verify was stopped: what it found equal is not compared again."},
			&cli.BoolFlag{Name: "sample", Hidden: true},
		}, varFlags()),
		Action: func(c *cli.Context) error {
			if _, err := s.positional(c, 0, 0, ""); err != nil {
				return err
			}
			switch {
			case c.Bool("sample"):
				return refused("No -sample in this version", "verify compares all rows; -target ADDRESS limits it to a sync or mapping.")
			case c.Int("limit") < 0 || c.Int("parallelism") < 1:
				return refused("Unsuitable option", "-limit takes a number from 0 on, -parallelism one from 1 on.")
			}
			f, err := formatOf(c)
			if err != nil {
				return err
			}
			return s.verify(c.Context, configOptionsOf(c), c.StringSlice("target"), verifyOptions{limit: c.Int("limit"), readers: c.Int("parallelism"), format: f, repair: c.Bool("repair"), resume: c.Bool("resume")})
		},
	}
}

type verifyOptions struct {
	limit, readers int
	format         format
	repair, resume bool
	done           func(verify.Report)
	begun          func(string) *verify.Part
	equal          func(string, []providers.Chunk, []int, [2]int64)
}

// mostRepairs bounds how often a repair is followed by another: of a table with more
// differences than are listed at a time.
const mostRepairs = 20

func (s *session) verify(ctx context.Context, o configOptions, targets []string, v verifyOptions) (err error) {
	limit, f := v.limit, v.format
	w, err := s.begin(ctx, "verify", o, lockOptions{})
	if err != nil {
		return s.failure(f, false, err)
	}
	defer func() { err = errors.Join(err, w.close()) }()
	mappings, err := w.applied(targets)
	if err != nil {
		return s.failure(f, false, err)
	}
	var addrs []string
	for _, m := range mappings {
		addrs = append(addrs, m.Source, m.Target)
	}
	if err := w.open(ctx, addrs); err != nil {
		return s.failure(f, false, err)
	}
	before, err := openVerified(w.state, v.resume)
	if err != nil {
		return s.failure(f, false, err)
	}
	v.done, v.begun, v.equal = before.add, before.begun, before.addRanges
	var equal []verify.Report
	mappings, equal = before.without(mappings)
	reports, failure := w.compare(ctx, mappings, v)
	repaired := map[string]int64{}
	for n := 0; v.repair && n < mostRepairs && failure == nil && !allEqual(reports); n++ {
		done, err := w.repair(ctx, mappings, reports)
		wrote := int64(0)
		for addr, n := range done {
			repaired[addr] += n
			wrote += n
		}
		if err != nil {
			return s.failure(f, false, err)
		}
		if reports, failure = w.compare(ctx, mappings, v); wrote == 0 {
			break
		}
	}
	reports = append(equal, reports...)
	slices.SortStableFunc(reports, func(a, b verify.Report) int { return strings.Compare(a.Addr, b.Addr) })
	differ := !allEqual(reports)
	if failure == nil {
		failure = before.forget()
	} else {
		before.flush()
	}
	for i := range reports {
		reports[i].Repaired = repaired[reports[i].Addr]
		reports[i].Error = s.secrets.Text(reports[i].Error)
		if len(reports[i].Differences) > limit {
			reports[i].Truncated, reports[i].Differences = true, reports[i].Differences[:limit]
		}
	}
	switch f {
	case asJSON:
		err = view.VerifyJSON(s.out, reports)
	case asJUnit:
		err = view.VerifyJUnit(s.out, reports)
	default:
		err = view.Verify(s.out, s.paint(), reports)
	}
	if err != nil {
		return failed("Can't write the result", err)
	}
	switch {
	case failure != nil:
		return failed("Not all could be compared", failure)
	case differ:
		return exitCode(1)
	}
	return nil
}

// compare compares mappings, and looks again at what differs in those that are followed.
func (w *work) compare(ctx context.Context, mappings []*plan.Mapping, v verifyOptions) ([]verify.Report, error) {
	limit := max(v.limit, 1)
	for _, m := range mappings {
		if v.repair || w.streamFor(m) != nil {
			limit = max(limit, lookAgain)
		}
	}
	reports, err := verify.All(ctx, mappings, w.conns, verify.Options{Readers: v.readers, Limit: limit, Progress: w.s.verifyProgress(), Done: v.done, Begun: v.begun, Equal: v.equal})
	return reports, errors.Join(err, w.settleLive(ctx, mappings, reports))
}

func allEqual(reports []verify.Report) bool {
	for _, r := range reports {
		if !r.Equal() {
			return false
		}
	}
	return true
}

// applied gives the mappings at or below these addresses, or all, whose rows are
// loaded.
func (w *work) applied(targets []string) ([]*plan.Mapping, error) {
	if w.state == nil {
		return nil, refused("Nothing was applied yet", "There is no state, so there are no rows of ours to compare. Run \"syncform apply\" first.")
	}
	for _, t := range targets {
		if len(w.state.List(t)) == 0 {
			return nil, failed("No such mapping", &state.NotFoundError{Addr: t})
		}
	}
	var out []*plan.Mapping
	for _, addr := range w.state.List(targets...) {
		m := w.state.Mapping(addr)
		if m.Mode == "schema" || w.state.Turned(m.Sync) != nil {
			continue // it has no rows, or those of its way back count
		}
		if m.Status != state.Loaded {
			return nil, refused("Rows are not loaded", "%s is not loaded yet (%s): an apply was stopped before its end. Run \"syncform apply\", which goes on, and verify then; or leave it out with -target.", m.Addr, m.Status)
		}
		out = append(out, &m.Mapping)
	}
	return out, nil
}

// verifyProgress tells now and then how far a comparison is, on a terminal only.
func (s *session) verifyProgress() func(addr string, rows, of int64) {
	if !s.errTerminal {
		return nil
	}
	var mu sync.Mutex
	last := time.Now()
	began := map[string]time.Time{}
	return func(addr string, rows, of int64) {
		mu.Lock()
		defer mu.Unlock()
		if began[addr].IsZero() {
			began[addr] = time.Now()
		}
		if time.Since(last) < view.LinesEvery {
			return
		}
		last = time.Now()
		fmt.Fprintf(s.err, "%s: %s\n", view.Safe(addr), view.Compared(rows, of, time.Since(began[addr])))
	}
}
