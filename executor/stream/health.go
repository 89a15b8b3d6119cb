package stream

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
)

// Health is how a stream is, as its source and its target say.
type Health struct {
	Sync   string `json:"sync"`
	Source string `json:"source"`
	Target string `json:"target"`
	Method string `json:"method"`
	State  string `json:"state"`
	// Holder is the instance that has the stream, "" none; Alive that it gives signs of life.
	Holder   string   `json:"holder,omitempty"`
	Alive    bool     `json:"alive"`
	PausedBy []string `json:"paused_by,omitempty"` // person, apply, operation
	Error    string   `json:"error,omitempty"`
	Position string   `json:"position,omitempty"`
	CaughtUp bool     `json:"caught_up"`
	// LagSeconds is 0 where all that the source had is applied, else how old the last
	// transaction is that was; nil: none was yet, or it can't be told.
	LagSeconds  *float64      `json:"lag_seconds,omitempty"`
	LagBytes    *int64        `json:"lag_bytes,omitempty"` // what the source keeps for the stream; nil: it can't be told
	SourceAt    string        `json:"source_at,omitempty"`
	UpdatedAt   string        `json:"updated_at,omitempty"`
	DeadLetters int           `json:"dead_letters"`
	Tables      []TableHealth `json:"tables"`
	Alarms      []Alarm       `json:"alarms"`
}

// The states of a stream.
const (
	StateRunning = "running"
	StatePaused  = "paused"
	StateStopped = "stopped"
	StateWaiting = "waiting" // for its schedule
	StateSilent  = "silent"  // an instance has it, and gives no sign of life
	StateFailed  = "failed"
	StateMissing = "missing" // the target has no checkpoint of it
)

// TableHealth is one table of a stream.
type TableHealth struct {
	Mapping     string `json:"mapping"`
	Table       string `json:"table"`
	State       string `json:"state"`
	Reason      string `json:"reason,omitempty"`
	Do          string `json:"do,omitempty"` // the command that mends it
	Rows        int64  `json:"loaded_rows"`
	Inserts     int64  `json:"inserts"`
	Updates     int64  `json:"updates"`
	Deletes     int64  `json:"deletes"`
	LastAt      string `json:"last_at,omitempty"`
	DeadLetters int    `json:"dead_letters"`
	// TouchedKeys are rows of a loading table that have changed meanwhile, as far as that is
	// noted; they are read again once the load is done. nil: the table is not loading, or the
	// target has no such note.
	TouchedKeys *int64 `json:"touched_keys,omitempty"`
}

// Alarm is something that somebody must look at. Code names its page in docs/operations.
type Alarm struct {
	Code string `json:"code"`
	Text string `json:"text"`
	Do   string `json:"do"`
}

// The alarms.
const (
	AlarmStopped    = "not-running"
	AlarmSilent     = "no-sign-of-life"
	AlarmFailed     = "stopped-with-error"
	AlarmInterrupts = "interrupted"
	AlarmLost       = "position-gap"
	AlarmRetained   = "log-retained"
	AlarmHeld       = "table-held"
	AlarmMissed     = "changes-missed"
	AlarmLetters    = "dead-letters"
	AlarmCheckpoint = "checkpoint-missing"
	AlarmUnloaded   = "not-loaded"
	AlarmUnknown    = "source-unreachable"
)

// maxPaused is how much a source may keep for a stream that nobody reads, where the
// configuration sets no limit, before that is an alarm.
const maxPaused = 1 << 30

// mostKeys is how many keys of a loading table are counted.
const mostKeys = 1_000_000

// mostLetters is how many dead letters are counted.
const mostLetters = 100_000

// Look says how a stream is. It takes a second or two: a sign of life must come, and a
// quiet stream notes its position only now and then. It changes nothing.
func Look(ctx context.Context, spec *plan.Stream, source, target providers.Conn) (Health, error) {
	h := Health{Sync: spec.Sync, Source: spec.Source, Target: spec.Target, Method: spec.Capture.Method, Tables: []TableHealth{}, Alarms: []Alarm{}}
	capturer, err := providers.As[providers.Capturer](source)
	if err != nil {
		return h, err
	}
	keeper, err := providers.As[providers.StreamKeeper](target)
	if err != nil {
		return h, err
	}
	store, err := keeper.FindStreams(ctx)
	if err != nil {
		return h, err
	}
	var rec *providers.StreamRecord
	if store != nil {
		if rec, err = store.Stream(ctx, spec.Sync); err != nil {
			return h, err
		}
	}
	if rec == nil {
		h.State = StateMissing
		h.alarm(AlarmCheckpoint, "the target has no checkpoint of this sync (table _sync_checkpoint): nobody knows which changes it has", "syncform apply -replace="+spec.Sync)
		return h, nil
	}
	goal, sourceErr := capturer.Current(ctx, spec.Capture)
	sampled := time.Now()
	l := &look{spec: spec, store: store, capturer: capturer}
	if rec, err = l.watch(ctx, rec, goal); err != nil {
		return h, err
	}
	h.Alive, h.CaughtUp = l.alive, l.reached
	h.fill(spec, rec, l)
	if t, err := time.Parse(time.RFC3339Nano, rec.SourceAt); err == nil && !h.CaughtUp {
		lag := max(0, sampled.Sub(t).Seconds())
		h.LagSeconds = &lag
	}
	if h.CaughtUp {
		h.LagSeconds = new(float64)
	}
	h.askSource(ctx, spec, capturer, rec, sourceErr)
	letters, err := store.DeadLetters(ctx, spec.Sync, mostLetters)
	if err != nil {
		return h, err
	}
	h.tables(rec, letters)
	for i, t := range rec.Tables {
		if t.State != providers.TableLoading {
			continue
		}
		// A target that only earlier versions have written has no table of them.
		if n, err := store.CountNotedKeys(ctx, providers.KeySet{Sync: spec.Sync, Mapping: t.Mapping, Generation: t.Generation}, mostKeys); err == nil {
			h.Tables[i].TouchedKeys = &n
		}
	}
	return h, nil
}

// Healthy reports whether nobody needs to look.
func (h *Health) Healthy() bool { return len(h.Alarms) == 0 }

func (h *Health) alarm(code, text, do string) {
	h.Alarms = append(h.Alarms, Alarm{code, text, do})
}

// look watches a stream for a while.
type look struct {
	spec           *plan.Stream
	store          providers.StreamStore
	capturer       providers.Capturer
	alive, reached bool
}

// watch reads the record until it is clear whether its instance lives and whether the
// stream has passed goal, or that takes too long. goal is "" where it is not known.
func (l *look) watch(ctx context.Context, rec *providers.StreamRecord, goal row.Position) (*providers.StreamRecord, error) {
	first, begun := rec, time.Now()
	every := l.spec.CheckpointInterval
	if every == 0 {
		every = defaultCheckpoint
	}
	patience := min(every+providers.LeaseBeat, 12*time.Second)
	for {
		var err error
		if goal != "" {
			if l.reached, err = l.capturer.Reached(rec.Position, goal); err != nil {
				return nil, fmt.Errorf("compare positions: %w", err)
			}
		}
		l.alive = rec.Holder != "" && rec.Holder == first.Holder && rec.Beat != first.Beat
		waited := time.Since(begun)
		switch {
		case rec.Holder == "" || dead(rec.Holder):
			return rec, nil
		case l.alive && (l.reached || goal == "" || waited > patience || recent(rec.SourceAt, every)):
			return rec, nil
		case !l.alive && waited > 2*providers.LeaseBeat:
			return rec, nil
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		now, err := l.store.Stream(ctx, l.spec.Sync)
		if err != nil {
			return nil, err
		}
		if now == nil {
			return nil, fmt.Errorf("%s: %w: it was removed meanwhile", l.spec.Sync, ErrNoRecord)
		}
		rec = now
	}
}

// recent reports whether a transaction's time says that the stream is at work: a source
// that is never quiet never lets it reach its goal.
func recent(at string, within time.Duration) bool {
	t, err := time.Parse(time.RFC3339Nano, at)
	return err == nil && time.Since(t) < within
}

// fill says what the record says.
func (h *Health) fill(spec *plan.Stream, rec *providers.StreamRecord, l *look) {
	h.Holder, h.Error, h.Position = rec.Holder, rec.Error, string(rec.Position)
	h.SourceAt, h.UpdatedAt = rec.SourceAt, rec.UpdatedAt
	for _, p := range []struct {
		by   providers.Pauser
		name string
	}{{providers.PausedByPerson, "person"}, {providers.PausedByApply, "apply"}, {providers.PausedByOperation, "operation"}} {
		if rec.PausedBy&p.by != 0 {
			h.PausedBy = append(h.PausedBy, p.name)
		}
	}
	switch {
	case l.alive:
		h.State = StateRunning
		if rec.Error != "" {
			h.alarm(AlarmInterrupts, "the sync is interrupted and tries again: "+rec.Error, "see that source and target can be reached; nothing else needs to be done")
		}
	case rec.Error != "":
		h.State = StateFailed
		h.alarm(AlarmFailed, "the sync stopped with an error: "+rec.Error, "mend what the error says, then syncform sync "+spec.Sync)
	case rec.PauseRequested():
		h.State = StatePaused
	case rec.Holder != "" && !dead(rec.Holder):
		h.State = StateSilent
		h.alarm(AlarmSilent, "the instance that has this sync ("+rec.Holder+") gives no sign of life", "restart it there; or start syncform sync "+spec.Sync+" elsewhere, which takes over after "+providers.LeaseExpires.String())
	case spec.Schedule != "":
		h.State = StateWaiting
	default:
		h.State = StateStopped
		h.alarm(AlarmStopped, "no instance runs this sync, and the source keeps its log for it", "syncform sync "+spec.Sync)
	}
}

// askSource says what the source keeps.
func (h *Health) askSource(ctx context.Context, spec *plan.Stream, capturer providers.Capturer, rec *providers.StreamRecord, err error) {
	var kept providers.Retained
	if err == nil {
		kept, err = capturer.Retained(ctx, spec.Capture, rec.Position)
	}
	if err != nil {
		h.alarm(AlarmUnknown, "how far the source is can't be read: "+err.Error(), "see that the source can be reached, and that the user may read its log's position")
		return
	}
	if kept.Lost {
		h.alarm(AlarmLost, "the source no longer has what follows the stream's position: "+kept.Why, "syncform apply -replace="+spec.Sync)
		return
	}
	if err := h.askMissed(ctx, spec, capturer, rec); err != nil {
		h.alarm(AlarmUnknown, "whether the source's changes are captured can't be read: "+err.Error(), "see that the source can be reached, and that the user may read its catalogue")
		return
	}
	if kept.Bytes < 0 {
		return
	}
	h.LagBytes = &kept.Bytes
	most, whose := spec.Capture.MaxRetained, "max_retained_wal allows"
	if most == 0 {
		most, whose = maxPaused, "is usual; max_retained_wal sets a limit"
		if h.State == StateRunning && h.CaughtUp {
			return
		}
	}
	if kept.Bytes > most {
		h.alarm(AlarmRetained, fmt.Sprintf("the source keeps %d bytes of log for this sync, more than %s", kept.Bytes, whose), "let the sync run and catch up; or give it up with syncform destroy -target="+spec.Sync)
	}
}

// askMissed asks of which tables changes may not have been captured. Of one that is held
// for it, or that an apply is at, there is nothing more to say.
func (h *Health) askMissed(ctx context.Context, spec *plan.Stream, capturer providers.Capturer, rec *providers.StreamRecord) error {
	if rec.PausedBy&providers.PausedByApply != 0 {
		return nil
	}
	missed, err := capturer.Missed(ctx, spec.Capture)
	for _, m := range missed {
		held := func(t providers.TableRecord) bool {
			return t.State == providers.TableHeld && strings.HasPrefix(t.Reason, m.Why)
		}
		if !slices.ContainsFunc(rec.Tables, held) {
			h.alarm(AlarmMissed, "changes of the source may be missing: "+m.Why, "syncform apply, which loads the table anew; the others go on")
		}
	}
	return err
}

func (h *Health) tables(rec *providers.StreamRecord, letters []providers.DeadLetter) {
	count := map[string]int{}
	for _, d := range letters {
		count[d.Mapping]++
	}
	h.DeadLetters = len(letters)
	loading := false
	for _, t := range rec.Tables {
		x := TableHealth{
			Mapping: t.Mapping, Table: t.Table.String(), State: string(t.State), Reason: t.Reason,
			Rows: t.Loaded, Inserts: t.Inserts, Updates: t.Updates, Deletes: t.Deletes, LastAt: t.LastAt, DeadLetters: count[t.Mapping],
		}
		switch t.State {
		case providers.TableHeld:
			x.Do = "syncform apply" // it loads what is held, where that is still there
			h.alarm(AlarmHeld, "table "+t.Table.String()+" is held: "+t.Reason, x.Do)
		case providers.TableLoading:
			loading = true
		}
		h.Tables = append(h.Tables, x)
	}
	if loading && rec.PausedBy&providers.PausedByApply == 0 {
		h.alarm(AlarmUnloaded, "tables are not loaded yet, and no apply is at it", "syncform apply")
	}
	if len(letters) > 0 {
		h.alarm(AlarmLetters, fmt.Sprintf("%d changes are among the dead letters, and later changes of their rows wait there too", len(letters)), "syncform dead-letter list, and once the cause is mended syncform dead-letter retry")
	}
}
