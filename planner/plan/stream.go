package plan

import (
	"time"

	"github.com/syncform/syncform/providers"
)

// Stream is one sync that follows its source: what apply sets up and sync runs. It is
// kept in the state as it was applied.
type Stream struct {
	Sync           string            `json:"sync"` // address
	Source         string            `json:"source"`
	Target         string            `json:"target"`
	SourceIdentity string            `json:"source_identity"`
	TargetIdentity string            `json:"target_identity"`
	Capture        providers.Capture `json:"capture"`
	Why            string            `json:"why"` // of the method
	// CheckpointInterval is the longest that a quiet stream goes without a checkpoint; 0:
	// the default.
	CheckpointInterval time.Duration `json:"checkpoint_interval,omitempty"`
	Schedule           string        `json:"schedule,omitempty"`
	OnBadRow           string        `json:"on_bad_row"` // stop, dead_letter
	// Reverses is, for a way back that cutover -reverse has set up, the sync that it goes
	// the other way round of, and Forward that sync's stream as it was.
	Reverses string  `json:"reverses,omitempty"`
	Forward  *Stream `json:"forward,omitempty"`
	// Turn is set while a sync is being turned round, and then the stream is not followed.
	Turn Turn `json:"turn,omitempty"`
}

// Turn says what part a stream has in a sync that is being turned round.
type Turn string

// The parts.
const (
	TurnComing Turn = "coming" // it is being set up
	TurnGone   Turn = "gone"   // another goes its way round, and what it left is still to be removed
)

// StreamSpec is an action of a stream.
type StreamSpec struct {
	Sync   string `json:"sync"`   // Plan.Streams has the rest
	Target string `json:"target"` // where the stream's record is
	Step   string `json:"step"`   // StreamStart, StreamAdd, StreamCatchUp, StreamStop
	// Start is, for StreamStart, what the provider does, in its words.
	Start string `json:"start,omitempty"`
	// Mappings are the tables that are new to the stream or loaded anew.
	Mappings []string `json:"mappings,omitempty"`
}

// The steps of a stream that a plan has.
const (
	// StreamStart prepares the source, fixes where the stream begins and writes that into
	// the target, before any row is read.
	StreamStart = "start"
	// StreamAdd prepares the source for tables that join a stream, or are loaded anew,
	// while the stream rests.
	StreamAdd = "add"
	// StreamCatchUp streams until every loaded table is as the source was at one moment
	// after its load.
	StreamCatchUp = "catch_up"
	// StreamStop takes down what the stream left in source and target.
	StreamStop = "stop"
)
