package ledger

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/syncform/syncform/providers"
)

// BackupTable lists the backups. It is made by itself, by the first of them.
const BackupTable = "_sync_backup"

// BackupPrefix starts the name of every table that holds a backup.
const BackupPrefix = "_sync_backup_"

// BackupName names the table for what a plan destroys: short enough for every system,
// readable, and different for different plans, tables and columns.
func BackupName(plan, table, column string) string {
	sum := sha256.Sum256([]byte(plan + "\x00" + table + "\x00" + column))
	var b strings.Builder
	for _, r := range strings.ToLower(table + "_" + column) {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '_' {
			b.WriteRune(r)
		}
	}
	what := strings.Trim(b.String(), "_")
	if len(what) > 38 {
		what = what[:38]
	}
	if what != "" {
		what += "_"
	}
	return BackupPrefix + what + hex.EncodeToString(sum[:5])
}

// EnsureBackups makes the list where it is missing.
func (l Ledger) EnsureBackups(ctx context.Context, db DB) error {
	return l.ensure(ctx, db, []string{BackupTable + ` (name VARCHAR(64) NOT NULL, table_schema VARCHAR(255) NOT NULL, table_name VARCHAR(255) NOT NULL, column_name VARCHAR(255) NOT NULL, taken_at VARCHAR(40) NOT NULL, state VARCHAR(16) NOT NULL, rows_copied BIGINT NOT NULL, entry TEXT NOT NULL, PRIMARY KEY (name))`})
}

// NoteBackup writes an entry that is not done; one of that name that is not done either
// begins anew.
func (l Ledger) NoteBackup(ctx context.Context, db DB, e providers.BackupEntry) error {
	e.Done, e.Rows, e.Endpoint = false, 0, ""
	b, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("ledger: write a backup's entry as JSON: %w", err)
	}
	rows, err := db.Query(ctx, "SELECT state FROM "+l.Prefix+BackupTable+" WHERE name = ?", e.Name)
	if err != nil || len(rows) > 0 {
		return err
	}
	return db.Exec(ctx, "INSERT INTO "+l.Prefix+BackupTable+" (name, table_schema, table_name, column_name, taken_at, state, rows_copied, entry) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
		e.Name, e.Of.Name.Schema, e.Of.Name.Name, e.Column, e.Taken.UTC().Format("2006-01-02T15:04:05.000000000Z"), string(Intent), int64(0), string(b))
}

// Backups reads the entries, the newest first; the list must be there.
func (l Ledger) Backups(ctx context.Context, db DB) ([]providers.BackupEntry, error) {
	rows, err := db.Query(ctx, "SELECT entry, state, rows_copied FROM "+l.Prefix+BackupTable+" ORDER BY taken_at DESC, name")
	if err != nil {
		return nil, err
	}
	out := make([]providers.BackupEntry, len(rows))
	for i, r := range rows {
		if err := json.Unmarshal([]byte(r[0]), &out[i]); err != nil {
			return nil, fmt.Errorf("ledger: an entry of %s is damaged: %w", BackupTable, err)
		}
		out[i].Done = r[1] == string(Done)
		if out[i].Rows, err = number(r[2]); err != nil {
			return nil, err
		}
		out[i].Bytes = -1
	}
	return out, nil
}

// Sized leaves the entries whose tables are there, with the bytes that those take. rows
// are the tables' names and bytes.
func Sized(all []providers.BackupEntry, rows [][]string) ([]providers.BackupEntry, error) {
	bytes := map[string]int64{}
	for _, r := range rows {
		n, err := number(r[1])
		if err != nil {
			return nil, err
		}
		bytes[r[0]] = n
	}
	var out []providers.BackupEntry
	for _, e := range all {
		n, there := bytes[e.Name]
		if e.Bytes = n; there || !e.Done {
			out = append(out, e)
		}
	}
	return out, nil
}
