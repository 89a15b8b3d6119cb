// Package state is what was applied: the file format, where it is kept, and the
// lock. What the rows' copy has reached is not here but in the target's ledger.
package state

import (
	"time"

	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers/schema"
)

// FormatVersion of the state file. A newer one is refused.
const FormatVersion = 1

// State is the whole state of one configuration. It holds no secret.
type State struct {
	FormatVersion int               `json:"format_version"`
	Version       string            `json:"syncform_version"`
	Serial        uint64            `json:"serial"`  // grows by one with every write
	Lineage       string            `json:"lineage"` // random, made once
	Mappings      []Mapping         `json:"mappings,omitempty"`
	Streams       []plan.Stream     `json:"streams,omitempty"`
	Outputs       map[string]Output `json:"outputs,omitempty"`
	// Running is the plan that an apply has begun and not finished: its ID. The same
	// saved plan may go on; any other plan is made anew from what is there.
	Running string    `json:"running,omitempty"`
	Applied []Applied `json:"applied,omitempty"` // finished plans, the newest last, at most 50: a second apply is refused
}

// Mapping is one mapping that was applied, wholly or in part. It is written before
// the first object is made (Begin), so that what a killed apply leaves is known as
// ours.
type Mapping struct {
	plan.Mapping
	// Created says that syncform made the target table (else it was there before).
	Created    bool        `json:"created"`
	Status     Status      `json:"status"`
	Generation string      `json:"generation,omitempty"` // of the load that is done, under way, or to come
	Into       schema.Name `json:"into,omitzero"`        // the table that the load under way, or to come, writes to
	// Asides are tables beside the target that loads of this mapping were to fill and
	// that may still be there.
	Asides []schema.Name `json:"asides,omitempty"`
	// Table is the target table as it stood when it was last applied: what is otherwise now
	// was changed by others. nil where that is not known.
	Table    *schema.Table `json:"table,omitempty"`
	Rows     int64         `json:"rows"`
	LoadedAt time.Time     `json:"loaded_at,omitzero"`
}

// Status of a mapping.
type Status string

// The states of a mapping.
const (
	Creating Status = "creating" // no row of ours is there
	Emptying Status = "emptying" // rows of a load that was given up are there; the load to come empties the table first
	Loading  Status = "loading"  // a load has begun, or is to begin in a table beside the target
	Loaded   Status = "loaded"
)

// Output is a value of an output block.
type Output struct {
	Value     any  `json:"value,omitempty"` // absent where Sensitive
	Sensitive bool `json:"sensitive,omitempty"`
}

// Applied is a finished plan.
type Applied struct {
	Plan string    `json:"plan"`
	At   time.Time `json:"at"`
	By   string    `json:"by"` // user@host
}

// Stream returns the stream of that sync, or nil. A nil state has none.
func (s *State) Stream(sync string) *plan.Stream {
	if s == nil {
		return nil
	}
	for i := range s.Streams {
		if s.Streams[i].Sync == sync {
			return &s.Streams[i]
		}
	}
	return nil
}

// Mapping returns the mapping of that address, or nil.
func (s *State) Mapping(addr string) *Mapping {
	for i := range s.Mappings {
		if s.Mappings[i].Addr == addr {
			return &s.Mappings[i]
		}
	}
	return nil
}
