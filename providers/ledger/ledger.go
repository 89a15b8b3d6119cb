// Package ledger is what syncform keeps in a SQL target besides the rows: which
// steps of a plan have run, which chunks of a load are written, and what users may
// read about each table. The SQL is the part that all SQL systems share; a provider
// brings the connection, the placeholders and the place.
package ledger

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/syncform/syncform/providers"
)

// DB runs SQL with ? placeholders. Arguments are string and int64. Query returns
// every field as text, NULL as "".
type DB interface {
	Exec(ctx context.Context, sql string, args ...any) error
	Query(ctx context.Context, sql string, args ...any) ([][]string, error)
}

// IsOurs reports whether a table belongs to the ledger (or to the sync's other
// bookkeeping), so that inspection leaves it out.
func IsOurs(table string) bool {
	switch table {
	case "_sync_state", "_sync_state_lock", "_sync_metadata", "_sync_history", "_sync_checkpoint", "_sync_lease", "_sync_table", "_sync_journal", "_sync_chunk", "_sync_dead_letter", KeyTable, "sync_conflicts", "_change_log":
		return true
	}
	return table == BackupTable || table == MigrationTable || strings.HasPrefix(table, AsidePrefix) || strings.HasPrefix(table, BackupPrefix)
}

// AsidePrefix starts the name of every table that a new load fills beside a live one.
const AsidePrefix = "_sync_load_"

// Aside names the table beside table in which a load of that generation gathers: at
// most 63 bytes, different for different tables and generations.
func Aside(table, generation string) string {
	sum := sha256.Sum256([]byte(table + "\x00" + generation))
	return AsidePrefix + hex.EncodeToString(sum[:12])
}

// Ledger is the set of tables at one place of one target.
type Ledger struct {
	// Prefix stands before every table name, already quoted: `"public".`, or "".
	Prefix string
	// Suffix ends every CREATE TABLE: " ENGINE=InnoDB DEFAULT CHARSET=utf8mb4", or "".
	Suffix string
	// Twice ends an INSERT of which some rows may be there already, so that those stay.
	Twice string
	// Text is the type of text without a limit where that is not TEXT (MySQL's holds
	// 64 KiB), or "".
	Text string
	// DropsTogether says that one DROP TABLE takes many tables: where DDL can't be rolled
	// back, all go or none.
	DropsTogether bool
}

// Ensure makes the tables where they are missing.
func (l Ledger) Ensure(ctx context.Context, db DB) error {
	return l.ensure(ctx, db, []string{
		`_sync_journal (plan_id VARCHAR(64) NOT NULL, action_id VARCHAR(64) NOT NULL, step INTEGER NOT NULL, state VARCHAR(16) NOT NULL, statement TEXT NOT NULL, started_at VARCHAR(40) NOT NULL, finished_at VARCHAR(40), PRIMARY KEY (plan_id, action_id, step))`,
		`_sync_chunk (load_id VARCHAR(64) NOT NULL, chunk INTEGER NOT NULL, mapping TEXT NOT NULL, generation VARCHAR(64) NOT NULL, bounds TEXT NOT NULL, estimate BIGINT NOT NULL, rows_written BIGINT, done_at VARCHAR(40), PRIMARY KEY (load_id, chunk))`,
		`_sync_metadata (table_name VARCHAR(255) NOT NULL, last_sync_at VARCHAR(40), last_sync_key TEXT, records_synced BIGINT NOT NULL, status VARCHAR(32) NOT NULL, PRIMARY KEY (table_name))`,
	})
}

func (l Ledger) ensure(ctx context.Context, db DB, tables []string) error {
	for _, t := range tables {
		columns := t
		if l.Text != "" {
			columns = strings.ReplaceAll(t, " TEXT", " "+l.Text)
		}
		if err := db.Exec(ctx, "CREATE TABLE IF NOT EXISTS "+l.Prefix+columns+l.Suffix); err != nil {
			return fmt.Errorf("make the ledger table %s: %w", t[:strings.IndexByte(t, ' ')], err)
		}
	}
	return nil
}

func (l Ledger) drop(ctx context.Context, db DB, tables []string) error {
	if l.DropsTogether {
		return db.Exec(ctx, "DROP TABLE IF EXISTS "+l.Prefix+strings.Join(tables, ", "+l.Prefix))
	}
	for _, t := range tables {
		if err := db.Exec(ctx, "DROP TABLE IF EXISTS "+l.Prefix+t); err != nil {
			return err
		}
	}
	return nil
}

// StepState says what the journal holds of a step: "" nothing, Intent, Done.
type StepState string

// The states of a step.
const (
	Intent StepState = "intent"
	Done   StepState = "done"
)

// Step looks a step up.
func (l Ledger) Step(ctx context.Context, db DB, k providers.StepKey) (StepState, error) {
	rows, err := db.Query(ctx, "SELECT state FROM "+l.Prefix+"_sync_journal WHERE plan_id = ? AND action_id = ? AND step = ?", k.Plan, k.Action, int64(k.Step))
	if err != nil || len(rows) == 0 {
		return "", err
	}
	return StepState(rows[0][0]), nil
}

// NoteStep writes a step's state, over an earlier one; a step that is done stays done.
func (l Ledger) NoteStep(ctx context.Context, db DB, k providers.StepKey, s StepState, text string) error {
	now := Now()
	before, err := l.Step(ctx, db, k)
	if err != nil {
		return err
	}
	switch {
	case before == Done || before == s:
		return nil
	case before != "":
		return db.Exec(ctx, "UPDATE "+l.Prefix+"_sync_journal SET state = ?, finished_at = ? WHERE plan_id = ? AND action_id = ? AND step = ?", string(s), now, k.Plan, k.Action, int64(k.Step))
	case s == Done:
		return db.Exec(ctx, "INSERT INTO "+l.Prefix+"_sync_journal (plan_id, action_id, step, state, statement, started_at, finished_at) VALUES (?, ?, ?, ?, ?, ?, ?)", k.Plan, k.Action, int64(k.Step), string(s), text, now, now)
	}
	return db.Exec(ctx, "INSERT INTO "+l.Prefix+"_sync_journal (plan_id, action_id, step, state, statement, started_at) VALUES (?, ?, ?, ?, ?, ?)", k.Plan, k.Action, int64(k.Step), string(s), text, now)
}

// RunStep is what a provider's StepRunner does for a step that can't share a
// transaction with the journal: intent, the statement, done; after a kill in between
// s.Done decides. run executes the statement; db must commit each statement by itself.
func (l Ledger) RunStep(ctx context.Context, db DB, k providers.StepKey, s providers.Step, run func(context.Context) error) (bool, error) {
	state, err := l.Step(ctx, db, k)
	if err != nil || state == Done {
		return false, err
	}
	if state == Intent && s.Done != "" {
		rows, err := db.Query(ctx, s.Done)
		if err != nil {
			return false, fmt.Errorf("ask whether a step took effect before the last run ended: %w", err)
		}
		if len(rows) == 1 && len(rows[0]) == 1 && truth(rows[0][0]) {
			return false, l.NoteStep(ctx, db, k, Done, s.Text)
		}
	}
	if state == "" {
		if err := l.NoteStep(ctx, db, k, Intent, s.Text); err != nil {
			return false, err
		}
	}
	if err := run(ctx); err != nil {
		return false, err
	}
	return true, l.NoteStep(ctx, db, k, Done, s.Text)
}

func truth(s string) bool { return s == "t" || s == "true" || s == "1" }

func loadID(mapping, generation string) string {
	sum := sha256.Sum256([]byte(mapping + "\x00" + generation))
	return hex.EncodeToString(sum[:])
}

// OpenLoad returns the chunks of a load as an earlier run left them, or writes those
// that chunks proposes; chunks of the mapping's other generations go. db must be inside
// one transaction.
func (l Ledger) OpenLoad(ctx context.Context, db DB, mapping, generation string, chunks func() ([]providers.Chunk, error)) (providers.LoadState, error) {
	st := providers.LoadState{Done: map[int]bool{}}
	id := loadID(mapping, generation)
	rows, err := db.Query(ctx, "SELECT chunk, bounds, estimate, rows_written FROM "+l.Prefix+"_sync_chunk WHERE load_id = ? ORDER BY chunk", id)
	if err != nil {
		return st, err
	}
	for _, r := range rows {
		n, err := strconv.Atoi(r[0])
		if err != nil {
			return st, fmt.Errorf("ledger: chunk number %q: %w", r[0], err)
		}
		est, err := strconv.ParseInt(r[2], 10, 64)
		if err != nil {
			return st, fmt.Errorf("ledger: chunk estimate %q: %w", r[2], err)
		}
		st.Chunks = append(st.Chunks, providers.Chunk{ID: n, Bounds: r[1], Rows: est})
		if r[3] != "" {
			w, err := strconv.ParseInt(r[3], 10, 64)
			if err != nil {
				return st, fmt.Errorf("ledger: rows written %q: %w", r[3], err)
			}
			st.Done[n], st.Rows = true, st.Rows+w
		}
	}
	if len(st.Chunks) > 0 {
		return st, nil
	}
	if st.Chunks, err = chunks(); err != nil {
		return st, err
	}
	if err := l.forgetLoads(ctx, db, mapping); err != nil {
		return st, err
	}
	for run := range slices.Chunk(st.Chunks, chunksPerInsert) {
		args := make([]any, 0, 6*len(run))
		for _, c := range run {
			args = append(args, id, int64(c.ID), mapping, generation, c.Bounds, c.Rows)
		}
		if err := db.Exec(ctx, "INSERT INTO "+l.Prefix+"_sync_chunk (load_id, chunk, mapping, generation, bounds, estimate) VALUES (?, ?, ?, ?, ?, ?)"+strings.Repeat(", (?, ?, ?, ?, ?, ?)", len(run)-1), args...); err != nil {
			return st, err
		}
	}
	return st, nil
}

// chunksPerInsert is how many chunks one statement notes.
const chunksPerInsert = 100

// forgetLoads removes the chunks of a mapping's loads. They are removed by their key: a
// search by the mapping would, in InnoDB, wait for every chunk that is being written.
func (l Ledger) forgetLoads(ctx context.Context, db DB, mapping string) error {
	loads, err := db.Query(ctx, "SELECT DISTINCT load_id FROM "+l.Prefix+"_sync_chunk WHERE mapping = ?", mapping)
	if err != nil {
		return err
	}
	for _, id := range loads {
		if err := db.Exec(ctx, "DELETE FROM "+l.Prefix+"_sync_chunk WHERE load_id = ?", id[0]); err != nil {
			return err
		}
	}
	return nil
}

// ClaimChunk is the first statement of a chunk's transaction: it locks the chunk's
// row and says providers.ErrChunkDone where another run was first. lock is what the
// system appends to lock a row (" FOR UPDATE"), or "".
func (l Ledger) ClaimChunk(ctx context.Context, db DB, mapping, generation string, chunk int, lock string) error {
	rows, err := db.Query(ctx, "SELECT done_at FROM "+l.Prefix+"_sync_chunk WHERE load_id = ? AND chunk = ?"+lock, loadID(mapping, generation), int64(chunk))
	switch {
	case err != nil:
		return err
	case len(rows) == 0:
		return fmt.Errorf("ledger: chunk %d of %s is not of this load any more: another apply has begun a new one", chunk, mapping)
	case rows[0][0] != "":
		return providers.ErrChunkDone
	}
	return nil
}

// MarkChunk is the last statement of a chunk's transaction.
func (l Ledger) MarkChunk(ctx context.Context, db DB, mapping, generation string, chunk int, rows int64) error {
	return db.Exec(ctx, "UPDATE "+l.Prefix+"_sync_chunk SET rows_written = ?, done_at = ? WHERE load_id = ? AND chunk = ?", rows, Now(), loadID(mapping, generation), int64(chunk))
}

// NoteTable writes the table's row of _sync_metadata. db should be inside one transaction.
// It looks before it writes: InnoDB locks the gap where an UPDATE or DELETE finds no row,
// and two tables that are loaded at a time would then wait for each other.
func (l Ledger) NoteTable(ctx context.Context, db DB, table string, records int64, status string) error {
	rows, err := db.Query(ctx, "SELECT status FROM "+l.Prefix+"_sync_metadata WHERE table_name = ?", table)
	if err != nil {
		return err
	}
	if len(rows) > 0 {
		return db.Exec(ctx, "UPDATE "+l.Prefix+"_sync_metadata SET last_sync_at = ?, last_sync_key = NULL, records_synced = ?, status = ? WHERE table_name = ?", Now(), records, status, table)
	}
	return db.Exec(ctx, "INSERT INTO "+l.Prefix+"_sync_metadata (table_name, last_sync_at, records_synced, status) VALUES (?, ?, ?, ?)", table, Now(), records, status)
}

// Now is the ledger's clock: UTC, RFC 3339 with nanoseconds.
func Now() string { return time.Now().UTC().Format(time.RFC3339Nano) }
