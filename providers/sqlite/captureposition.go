package sqlite

import (
	"encoding/json"
	"fmt"

	"github.com/syncform/syncform/providers/row"
)

// position is a place in the log of changes: the last entry that was read, and the
// random number that stands in it. A file that was restored or replaced does not have
// that number there.
type position struct {
	ID    int64 `json:"id,omitempty"`
	Nonce int64 `json:"nonce,omitempty"`
	// Polled holds the mark of each table, where they are polled; Seen is a moment of this
	// machine's clock, in nanoseconds: what was committed before it was read.
	Polled map[string]pollMark `json:"polled,omitempty"`
	Seen   int64               `json:"seen,omitempty"`
}

// pollMark is the greatest incremental key that was seen.
type pollMark struct {
	At bound `json:"at,omitempty"`
}

func (p position) String() row.Position {
	b, err := json.Marshal(p)
	if err != nil {
		return "" // numbers can be written
	}
	return row.Position(b)
}

func readPosition(p row.Position) (out position, err error) {
	err = json.Unmarshal([]byte(p), &out)
	for _, m := range out.Polled {
		if err == nil && m.At != "" {
			err = m.At.check()
		}
	}
	if err != nil || out.ID <= 0 && out.Polled == nil && out.Seen == 0 {
		return out, fmt.Errorf("position %q is none of an SQLite file's changes", p)
	}
	return out, nil
}

// Reached compares places in one log.
func (c *Conn) Reached(at, goal row.Position) (bool, error) {
	a, err := readPosition(at)
	if err != nil {
		return false, err
	}
	g, err := readPosition(goal)
	return a.ID >= g.ID && a.Seen >= g.Seen, err
}
