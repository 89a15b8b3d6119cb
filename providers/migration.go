package providers

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/syncform/syncform/providers/script"
)

// Migrator runs scripts that people wrote, each once, and keeps what it ran in the
// endpoint itself (ledger).
type Migrator interface {
	// PlanMigration takes a script apart and says how it will run. It is pure. What can't
	// be run, such as a script that ends transactions by itself, is a *ScriptError.
	PlanMigration(name, text string) (Migration, error)
	// Migrate runs the statements from m.From on. One that fails is a *MigrationError; a
	// script that is done is left alone.
	Migrate(ctx context.Context, m Migration) error
	// Migrations lists what was run, by address; an endpoint that was never written to has
	// none.
	Migrations(ctx context.Context) ([]MigrationEntry, error)
}

// Migration is one script.
type Migration struct {
	Addr       string             `json:"addr"`     // migration.loyalty
	Checksum   string             `json:"checksum"` // of the statements
	Statements []script.Statement `json:"statements"`
	From       int                `json:"from,omitempty"` // the first that is still to run
	// Whole says that all of it runs in one transaction; else each statement is kept once
	// it has run.
	Whole bool   `json:"whole"`
	By    string `json:"-"`
}

// MigrationEntry is a script as the endpoint remembers it.
type MigrationEntry struct {
	Addr       string
	Checksum   string
	Statements int
	Done       int    // how many of its statements have run
	DoneSum    string // checksum of those
	Running    bool   // the one behind them was begun, and the apply was cut short in it
	By         string
	At         time.Time
	Error      string
}

// Complete reports whether the whole script has run.
func (e *MigrationEntry) Complete() bool { return e.Done == e.Statements }

// ScriptSum is the checksum of a run of statements. Comments between them, and how
// lines end, play no part.
func ScriptSum(statements []script.Statement) string {
	h := sha256.New()
	for _, s := range statements {
		h.Write([]byte(strings.ReplaceAll(s.Text, "\r\n", "\n") + "\x00")) // never fails
	}
	return hex.EncodeToString(h.Sum(nil))
}

// MigrationError is a statement of a migration that failed.
type MigrationError struct {
	Statement script.Statement
	At, Of    int  // which it is, 1-based
	Whole     bool // nothing of the script was done
	Err       error
}

func (e *MigrationError) Error() string {
	stands := "nothing of the script was done; mend it and apply again"
	if !e.Whole && e.At > 1 {
		stands = fmt.Sprintf("those before it are done and stay; mend the script from there on and apply again, which goes on with statement %d", e.At)
	}
	return fmt.Sprintf("statement %d of %d (line %d): %s; %s", e.At, e.Of, e.Statement.Line, e.Err, stands)
}

// Unwrap returns what the server said.
func (e *MigrationError) Unwrap() error { return e.Err }
