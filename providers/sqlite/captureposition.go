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
	ID    int64 `json:"id"`
	Nonce int64 `json:"nonce"`
}

func (p position) String() row.Position {
	b, err := json.Marshal(p)
	if err != nil {
		return "" // numbers can be written
	}
	return row.Position(b)
}

func readPosition(p row.Position) (out position, err error) {
	if err := json.Unmarshal([]byte(p), &out); err != nil || out.ID <= 0 {
		return out, fmt.Errorf("position %q is none of SQLite's log of changes", p)
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
	return a.ID >= g.ID, err
}
