package schema

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
)

// Fingerprint is a short hash of everything about the table but its estimates:
// equal for equal tables, whenever and by whichever build they were inspected.
func (t Table) Fingerprint() string {
	t.Rows, t.Bytes = 0, 0
	return hash(t)
}

// Fingerprint is a short hash of the enum.
func (e Enum) Fingerprint() string { return hash(e) }

// Fingerprint is a short hash of the domain.
func (d Domain) Fingerprint() string { return hash(d) }

func hash(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic("bug in syncform: a schema value that JSON can't write: " + err.Error())
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:12])
}
