package ledger

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/syncform/syncform/providers"
)

// historyTable keeps one row per apply. It is made by itself, so that a ledger of an
// older version gets it too.
const historyTable = "_sync_history"

// EnsureHistory makes the table of the audit trail where it is missing.
func (l Ledger) EnsureHistory(ctx context.Context, db DB) error {
	columns := historyTable + " (apply_id VARCHAR(64) NOT NULL, plan_id VARCHAR(64) NOT NULL, applied_by VARCHAR(255) NOT NULL, began_at VARCHAR(40) NOT NULL, result VARCHAR(16) NOT NULL, entry TEXT NOT NULL, PRIMARY KEY (apply_id))"
	if l.Text != "" {
		columns = strings.ReplaceAll(columns, " TEXT", " "+l.Text)
	}
	if err := db.Exec(ctx, "CREATE TABLE IF NOT EXISTS "+l.Prefix+columns+l.Suffix); err != nil {
		return fmt.Errorf("make the ledger table %s: %w", historyTable, err)
	}
	return nil
}

// NoteApply writes an apply's entry, over the one of the same ID. db should be inside
// one transaction.
func (l Ledger) NoteApply(ctx context.Context, db DB, a providers.ApplyEntry) error {
	b, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("ledger: write the history as JSON: %w", err)
	}
	if err := db.Exec(ctx, "DELETE FROM "+l.Prefix+historyTable+" WHERE apply_id = ?", a.ID); err != nil {
		return err
	}
	by := a.By
	if r := []rune(by); len(r) > 255 {
		by = string(r[:255])
	}
	return db.Exec(ctx, "INSERT INTO "+l.Prefix+historyTable+" (apply_id, plan_id, applied_by, began_at, result, entry) VALUES (?, ?, ?, ?, ?, ?)",
		a.ID, a.Plan, by, a.Began.UTC().Format("2006-01-02T15:04:05.000000000Z"), a.Result, string(b))
}

// History reads the newest entries; the table must be there.
func (l Ledger) History(ctx context.Context, db DB, limit int) ([]providers.ApplyEntry, error) {
	text := "SELECT entry FROM " + l.Prefix + historyTable + " ORDER BY began_at DESC, apply_id"
	if limit > 0 {
		text += fmt.Sprintf(" LIMIT %d", limit)
	}
	rows, err := db.Query(ctx, text)
	if err != nil {
		return nil, err
	}
	out := make([]providers.ApplyEntry, len(rows))
	for i, r := range rows {
		if err := json.Unmarshal([]byte(r[0]), &out[i]); err != nil {
			return nil, fmt.Errorf("ledger: an entry of %s is damaged: %w", historyTable, err)
		}
	}
	return out, nil
}
