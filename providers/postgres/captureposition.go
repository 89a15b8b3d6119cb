package postgres

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/syncform/syncform/providers/row"
)

// position is a place in a source's history. What is set hangs on the capture method.
type position struct {
	System   string `json:"system,omitempty"` // the cluster, whatever host name led to it
	Timeline int    `json:"timeline,omitempty"`
	Slot     string `json:"slot,omitempty"`
	LSN      lsn    `json:"lsn,omitempty"`

	Snapshot string `json:"snapshot,omitempty"` // trigger, polling: a pg_snapshot, all of which is there

	// Marks are, by table, the values of the incremental keys from which on rows are read
	// again; a table without one is read from its beginning.
	Marks map[string]string `json:"marks,omitempty"`
}

func (p position) String() row.Position {
	text, err := json.Marshal(p)
	if err != nil {
		panic("bug in syncform: a position that JSON can't write: " + err.Error())
	}
	return row.Position(text)
}

func parsePosition(at row.Position) (position, error) {
	var p position
	if err := json.Unmarshal([]byte(at), &p); err != nil {
		return p, fmt.Errorf("the position is not one of PostgreSQL: %w", err)
	}
	return p, nil
}

// lsn is a place in the write-ahead log.
type lsn uint64

func (l lsn) String() string { return fmt.Sprintf("%X/%X", uint32(l>>32), uint32(l)) }

// MarshalText writes an LSN as the server does.
func (l lsn) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText reads an LSN.
func (l *lsn) UnmarshalText(text []byte) error {
	v, err := parseLSN(string(text))
	*l = v
	return err
}

var errLSN = errors.New("bug in syncform: a place in the write-ahead log that can't be read")

func parseLSN(text string) (lsn, error) {
	var high, low uint32
	if n, err := fmt.Sscanf(text, "%X/%X", &high, &low); err != nil || n != 2 {
		return 0, errLSN
	}
	return lsn(uint64(high)<<32 | uint64(low)), nil
}

// The write-ahead log's pages begin with a header in which no record stands: a place
// within it is the page's beginning, which is what a stream reports.
const (
	walPage   = 8192
	walHeader = 40
)

func (l lsn) outsideHeader() lsn {
	if at := l % walPage; at <= walHeader {
		return l - at
	}
	return l
}
