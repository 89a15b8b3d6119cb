package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/syncform/syncform/cmd/internal/view"
	"github.com/syncform/syncform/executor"
	"github.com/syncform/syncform/executor/cutover"
	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/planner/state"
)

// reverseOptions are those of cutover -reverse.
type reverseOptions struct {
	on    bool
	apply applyOptions
}

// beginCutover opens what a cutover works with. One that sets up a way back writes the
// state, and finds a stream too whose turn was cut short.
func (s *session) beginCutover(ctx context.Context, o configOptions, name string, back reverseOptions) (*work, *plan.Stream, error) {
	w, err := s.begin(ctx, "cutover", o, lockOptions{lock: back.on})
	if err != nil {
		return nil, nil, err
	}
	var st *plan.Stream
	if back.on && w.state != nil {
		if st = w.state.Stream(name); st == nil {
			st = w.state.Stream("sync." + name)
		}
		if st != nil && st.Turn != plan.TurnGone {
			st = nil
		}
	}
	if st == nil {
		var streams []*plan.Stream
		if streams, err = w.streams([]string{name}); err == nil {
			st = streams[0]
		}
	}
	if err == nil {
		err = w.openStreams(ctx, []*plan.Stream{st})
	}
	if err != nil {
		return nil, nil, joined(err, w.close())
	}
	return w, st, nil
}

// planReverse plans the way back, shows it and asks.
func (w *work) planReverse(ctx context.Context, st *plan.Stream, o reverseOptions) (*cutover.Reverse, error) {
	back := cutover.ReverseName(st.Sync)
	have := w.state.Stream(back)
	if have != nil && have.Turn != plan.TurnComing || have == nil && w.cfg.Sync(back) != nil && st.Reverses != back {
		return nil, refused("The name is taken", "The way back of %s would be called %s, and there is such a sync already. Give that one another name.", st.Sync, back)
	}
	rev, err := cutover.PlanReverse(ctx, st, executor.StreamMappings(w.state, st.Sync), executor.StreamMappings(w.state, back), have, w.conns[st.Source], w.conns[st.Target])
	if err != nil {
		return nil, failed("The way back can't be planned", err)
	}
	if len(rev.Lacking) > 0 {
		return nil, refused("No way back", "%s can't be turned round:\n\n  - %s\n\nNothing was changed.", st.Sync, w.s.secrets.Text(strings.Join(rev.Lacking, "\n  - ")))
	}
	if !o.apply.json {
		if err := view.Reverse(w.s.out, w.s.paint(), rev); err != nil {
			return nil, failed("Can't write the plan", err)
		}
	}
	if !o.apply.autoApprove {
		return rev, w.s.approve(ctx, o.apply, nil)
	}
	return rev, nil
}

// finishTurn removes what a stream left whose turn was cut short just before that.
func (w *work) finishTurn(ctx context.Context, st *plan.Stream, asJSON bool) error {
	back := w.state.Turned(st.Sync)
	name := cutover.ReverseName(st.Sync)
	if back != nil {
		name = back.Sync
	}
	gone := *st
	if err := cutover.End(ctx, &gone, w.conns[st.Source], w.conns[st.Target], w.saveState); err != nil {
		return failed("The cutover could not be ended", err)
	}
	rep := cutover.Report{Sync: gone.Sync, Done: true, Fenced: true, Tables: []cutover.TableReport{}, Sequences: []string{}, Problems: []string{}, Reverse: name}
	if asJSON {
		return view.CutoverJSON(w.s.out, rep)
	}
	_, err := fmt.Fprintf(w.s.out, "%s was turned round before this command was cut short: %s is set up. What the forward stream had left is removed now.\n", view.Safe(gone.Sync), view.Safe(name))
	return err
}

// saveState makes a change of the state, whose lock is held, durable.
func (w *work) saveState(ctx context.Context, change func(*state.State)) error {
	s, err := w.backend.Read(ctx)
	if err != nil {
		return fmt.Errorf("read the state: %w", err)
	}
	if s == nil {
		return fmt.Errorf("the state is gone")
	}
	change(s)
	if err := state.Save(ctx, w.backend, s); err != nil {
		return fmt.Errorf("write the state: %w", err)
	}
	w.remember(s)
	return nil
}
