package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/syncform/syncform/executor/verify"
	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/planner/state"
)

// verifiedFile is the note that a verify leaves which did not come to its end.
const verifiedFile = ".syncform-verify.json"

// verified are the tables that a verify has found equal, kept as it goes. It may be used
// by several goroutines.
type verified struct {
	mu   sync.Mutex
	path string

	Lineage string                   `json:"lineage"`
	Serial  uint64                   `json:"serial"` // of the state whose mappings were compared
	Equal   map[string]verifiedTable `json:"equal"`  // by address
}

type verifiedTable struct {
	Report verify.Report `json:"report"`
	At     time.Time     `json:"at"`
}

// openVerified begins a note; with resume it goes on with the one that is there, where that is
// of the same state. Without, what an earlier verify has left is nobody's any more.
func openVerified(st *state.State, resume bool) (*verified, error) {
	v := &verified{path: verifiedFile, Lineage: st.Lineage, Serial: st.Serial, Equal: map[string]verifiedTable{}}
	if !resume {
		return v, v.forget()
	}
	var old verified
	if text, err := os.ReadFile(v.path); err == nil && json.Unmarshal(text, &old) == nil && old.Lineage == v.Lineage && old.Serial == v.Serial && old.Equal != nil {
		v.Equal = old.Equal
	}
	return v, nil
}

// without gives the mappings that are still to be compared, and the reports of the others.
func (v *verified) without(mappings []*plan.Mapping) (rest []*plan.Mapping, equal []verify.Report) {
	for _, m := range mappings {
		t, ok := v.Equal[m.Addr]
		if !ok {
			rest = append(rest, m)
			continue
		}
		t.Report.Note = "compared at " + t.At.UTC().Format(time.RFC3339) + " by the verify that this one goes on with"
		equal = append(equal, t.Report)
	}
	return rest, equal
}

// add notes a table that is equal.
func (v *verified) add(r verify.Report) {
	if !r.Equal() {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.Equal[r.Addr] = verifiedTable{r, time.Now()}
	text, err := json.MarshalIndent(v, "", "  ")
	if err == nil {
		err = os.WriteFile(v.path, text, 0o600)
	}
	if err != nil { // what is lost is time, should this verify be stopped
		slog.Debug("note what was verified", "error", err.Error())
	}
}

// forget takes the note away: the verify has come to its end.
func (v *verified) forget() error {
	if err := os.Remove(v.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove the note of what was verified: %w", err)
	}
	return nil
}
