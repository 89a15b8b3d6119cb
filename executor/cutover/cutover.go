// Package cutover brings a followed target to the point where writers can move to it:
// the source has gone quiet, everything it had is applied, all rows are compared, and
// what numbers new rows is past those that are there.
package cutover

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/syncform/syncform/executor/stream"
	"github.com/syncform/syncform/executor/verify"
	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// Options of a cutover.
type Options struct {
	// Quiet is how long no change of the sync's tables may come before the source counts
	// as fenced.
	Quiet   time.Duration
	Force   bool // go on where changes still come
	Soft    context.Context
	Redact  func(string) string // stream.Options.Redact
	Log     *slog.Logger
	Tell    func(what string) // may be nil
	Readers int               // of a comparison; 0: the default
	// KeepMapping is stream.Options.KeepMapping.
	KeepMapping func(context.Context, *plan.Mapping) error
}

// TableReport is what a comparison of one table has found.
type TableReport = verify.Report

// Report says how a cutover went.
type Report struct {
	Sync        string          `json:"sync"`
	Done        bool            `json:"done"`   // writers can move
	Fenced      bool            `json:"fenced"` // no change came for the quiet time
	Changes     int64           `json:"changes_while_quiet"`
	Position    string          `json:"position,omitempty"` // of the source, to which all is applied
	DeadLetters int             `json:"dead_letters"`
	Tables      []verify.Report `json:"tables"`
	Reverse     string          `json:"reverse,omitempty"` // the sync that goes the way back
	Sequences   []string        `json:"sequences"`         // tables whose numbering was set
	Problems    []string        `json:"problems"`          // why it is not done
	Began       string          `json:"began"`
	Ended       string          `json:"ended"`
}

func (r *Report) problem(text string, args ...any) {
	r.Problems = append(r.Problems, fmt.Sprintf(text, args...))
}

// Run cuts over. The stream is paused before it begins. Where it is done the stream
// stays at rest, as a person's pause, so that nothing overwrites what new writers do;
// else it goes on as before. What is not as it must be stands in the report; an error
// means that it could not be found out.
func Run(ctx context.Context, s stream.Stream, o Options) (rep Report, err error) {
	rep = Report{Sync: s.Spec.Sync, Tables: []verify.Report{}, Sequences: []string{}, Problems: []string{}, Began: time.Now().UTC().Format(time.RFC3339)}
	if o.Tell == nil {
		o.Tell = func(string) {}
	}
	keeper, err := providers.As[providers.StreamKeeper](s.Target)
	if err != nil {
		return rep, err
	}
	store, err := keeper.OpenStreams(ctx)
	if err != nil {
		return rep, err
	}
	if err := store.Pause(ctx, s.Spec.Sync, providers.PausedByOperation, true); err != nil {
		return rep, err
	}
	defer func() {
		const lastWord = 10 * time.Second
		lctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWord)
		defer cancel()
		if rep.Done {
			err = errors.Join(err, store.Pause(lctx, s.Spec.Sync, providers.PausedByPerson, true))
		}
		err = errors.Join(err, store.Pause(lctx, s.Spec.Sync, providers.PausedByOperation, false))
		rep.Ended = time.Now().UTC().Format(time.RFC3339)
	}()
	o.Tell("waiting until the running sync rests")
	if _, err := stream.WaitForRest(ctx, store, s.Spec.Sync); err != nil {
		return rep, err
	}
	if err := rep.drain(ctx, s, store, o); err != nil || len(rep.Problems) > 0 {
		return rep, err
	}
	o.Tell("comparing all rows")
	if err := rep.verify(ctx, s, o); err != nil || len(rep.Problems) > 0 {
		return rep, err
	}
	o.Tell("setting sequences past the rows")
	if err := rep.advance(ctx, s); err != nil {
		return rep, err
	}
	rep.Done = len(rep.Problems) == 0
	return rep, nil
}

// drain applies all that the source has, and sees that nothing more comes.
func (rep *Report) drain(ctx context.Context, s stream.Stream, store providers.StreamStore, o Options) error {
	follow := func() (stream.Result, error) {
		return stream.Run(ctx, s, stream.Options{Until: stream.CaughtUp, Soft: o.Soft, Log: o.Log, Redact: o.Redact, Attempts: 5, IgnorePause: providers.PausedByAnyone, KeepMapping: o.KeepMapping})
	}
	o.Tell("applying what the source has")
	if _, err := follow(); err != nil {
		return err
	}
	o.Tell("seeing that no change comes for " + o.Quiet.String())
	select {
	case <-time.After(o.Quiet):
	case <-ctx.Done():
		return ctx.Err()
	}
	res, err := follow()
	if err != nil {
		return err
	}
	if o.Soft != nil && o.Soft.Err() != nil {
		return o.Soft.Err()
	}
	rep.Changes, rep.Fenced, rep.Position = res.Changes, res.Changes == 0, string(res.Position)
	if !rep.Fenced && !o.Force {
		rep.problem("the source is still written to: %d changes came within %s. Fence its writers (revoke their rights, set it read-only, or stop them), and run cutover again", res.Changes, o.Quiet)
	}
	for _, t := range res.Held {
		rep.problem("table %s is held: %s. Load it anew: syncform apply -replace='%s'", t.Table, t.Reason, t.Mapping)
	}
	letters, err := store.DeadLetters(ctx, s.Spec.Sync, 100_000)
	if err != nil {
		return err
	}
	if rep.DeadLetters = len(letters); rep.DeadLetters > 0 {
		rep.problem("%d changes are among the dead letters: see syncform dead-letter list", rep.DeadLetters)
	}
	return nil
}

func (rep *Report) verify(ctx context.Context, s stream.Stream, o Options) error {
	var mappings []*plan.Mapping
	for i := range s.Mappings {
		mappings = append(mappings, &s.Mappings[i])
	}
	reports, err := verify.All(ctx, mappings, map[string]providers.Conn{s.Spec.Source: s.Source, s.Spec.Target: s.Target}, verify.Options{Readers: o.Readers})
	rep.Tables = reports
	if err != nil {
		return err
	}
	for _, r := range reports {
		if !r.Equal() {
			rep.problem("%s differs: %d different, %d missing, %d only in the target", r.Addr, r.Different, r.Missing, r.Extra)
		}
	}
	return nil
}

// advance sets what numbers new rows past those that are there.
func (rep *Report) advance(ctx context.Context, s stream.Stream) error {
	planner, err := providers.As[providers.StepPlanner](s.Target)
	if err != nil {
		return err
	}
	runner, err := providers.As[providers.StepRunner](s.Target)
	if err != nil {
		return err
	}
	var names []schema.Name
	for i := range s.Mappings {
		names = append(names, s.Mappings[i].TargetTable)
	}
	db, err := s.Target.Inspect(ctx, providers.InspectOptions{Tables: names, NoEstimates: true})
	if err != nil {
		return fmt.Errorf("inspect the target: %w", err)
	}
	past, err := stream.Given(ctx, s)
	if err != nil {
		return err
	}
	// Each cutover sets them: a key of its own keeps the journal from saying it is done.
	id := "cutover " + rand.Text()
	for i := range db.Tables {
		t := &db.Tables[i]
		steps, err := planner.PlanSteps(db, schema.AdvanceSequences{To: *t, Past: past[t.Name]})
		if err != nil {
			return fmt.Errorf("table %s: %w", t.Name, err)
		}
		for n, step := range steps {
			if _, err := runner.RunStep(ctx, providers.StepKey{Plan: id, Action: t.Name.String(), Step: n}, step); err != nil {
				return fmt.Errorf("set the sequences of table %s: %w", t.Name, err)
			}
		}
		if len(steps) > 0 {
			rep.Sequences = append(rep.Sequences, t.Name.String())
		}
	}
	return nil
}
