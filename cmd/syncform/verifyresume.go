package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/syncform/syncform/executor/verify"
	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/planner/state"
	"github.com/syncform/syncform/providers"
)

// verifiedFile is the note that a verify leaves which did not come to its end.
const verifiedFile = ".syncform-verify.json"

// verified are the tables, and of those under way the ranges, that a verify has found
// equal, kept as it goes. It may be used
// by several goroutines.
type verified struct {
	mu   sync.Mutex
	path string

	Lineage string                   `json:"lineage"`
	Serial  uint64                   `json:"serial"` // of the state whose mappings were compared
	Equal   map[string]verifiedTable `json:"equal"`  // by address
	Begun   map[string]*verify.Part  `json:"begun,omitempty"`

	written time.Time
	took    time.Duration // to write
}

type verifiedTable struct {
	Report verify.Report `json:"report"`
	At     time.Time     `json:"at"`
}

// openVerified begins a note; with resume it goes on with the one that is there, where that is
// of the same state. Without, what an earlier verify has left is nobody's any more.
func openVerified(st *state.State, resume bool) (*verified, error) {
	v := &verified{path: verifiedFile, Lineage: st.Lineage, Serial: st.Serial, Equal: map[string]verifiedTable{}, Begun: map[string]*verify.Part{}}
	if !resume {
		return v, v.forget()
	}
	var old verified
	if text, err := os.ReadFile(v.path); err == nil && json.Unmarshal(text, &old) == nil && old.Lineage == v.Lineage && old.Serial == v.Serial && old.Equal != nil {
		v.Equal = old.Equal
		if old.Begun != nil {
			v.Begun = old.Begun
		}
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

// add notes a table that is equal. Of one that differs nothing is kept.
func (v *verified) add(r verify.Report) {
	if r.Error != "" {
		return // what was found equal of it still is
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.Begun, r.Addr)
	if r.Equal() {
		v.Equal[r.Addr] = verifiedTable{r, time.Now()}
	}
	v.write()
}

// begun gives what is noted of a table that is compared in part.
func (v *verified) begun(addr string) *verify.Part {
	v.mu.Lock()
	defer v.mu.Unlock()
	if p := v.Begun[addr]; p != nil {
		own := *p
		own.Equal = slices.Clone(p.Equal)
		return &own
	}
	return nil
}

// addRanges notes ranges of a table that are equal. It is written once a second, or less
// often where that takes long: more than a second of work is not lost then.
func (v *verified) addRanges(addr string, all []providers.Chunk, ids []int, rows [2]int64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	p := v.Begun[addr]
	if p == nil {
		p = &verify.Part{Chunks: all}
		v.Begun[addr] = p
	}
	p.Equal = append(p.Equal, ids...)
	p.SourceRows += rows[0]
	p.TargetRows += rows[1]
	if time.Since(v.written) >= max(time.Second, 20*v.took) {
		v.write()
	}
}

// flush writes what is not written yet.
func (v *verified) flush() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.write()
}

// write puts the note in the place of the one that is there.
func (v *verified) write() {
	from := time.Now()
	text, err := json.Marshal(v)
	if err == nil {
		err = os.WriteFile(v.path+".new", text, 0o600)
	}
	if err == nil {
		err = os.Rename(v.path+".new", v.path)
	}
	if err != nil { // what is lost is time, should this verify be stopped
		slog.Debug("note what was verified", "error", err.Error())
	}
	v.written, v.took = time.Now(), time.Since(from)
}

// forget takes the note away: the verify has come to its end.
func (v *verified) forget() error {
	if err := os.Remove(v.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove the note of what was verified: %w", err)
	}
	return nil
}
