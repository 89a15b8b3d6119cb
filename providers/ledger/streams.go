package ledger

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
)

// TxDB is a DB inside one transaction.
type TxDB interface {
	DB
	// ExecCount runs a statement and says how many rows it changed.
	ExecCount(ctx context.Context, sql string, args ...any) (int64, error)
}

// Streams keeps the records of streams in a SQL target.
type Streams struct {
	Ledger Ledger
	// Tx runs f in one transaction, and again where it failed for a passing reason.
	Tx func(ctx context.Context, f func(TxDB) error) error
	// Alone is Tx, but each statement of f is committed by itself, so that an instance which
	// is frozen between two of them keeps nothing locked; nil where the system knows no such
	// sessions, and Tx serves.
	Alone func(ctx context.Context, f func(TxDB) error) error
	// End ends the session that holds the records of a stream locked, if there is one; nil
	// where the system has no way to.
	End func(ctx context.Context, sync string) error
}

var _ providers.StreamStore = (*Streams)(nil)

// The tables of streams, in the order in which they are made.
var streamTables = []string{
	`_sync_checkpoint (sync VARCHAR(255) NOT NULL, origin TEXT NOT NULL, epoch BIGINT NOT NULL, position TEXT NOT NULL, start_position TEXT NOT NULL, start_floor TEXT NOT NULL, source_at VARCHAR(40) NOT NULL, updated_at VARCHAR(40) NOT NULL, PRIMARY KEY (sync))`,
	// Beside the checkpoint, whose row is locked as long as a transaction is written.
	`_sync_lease (sync VARCHAR(255) NOT NULL, epoch BIGINT NOT NULL, beat BIGINT NOT NULL, holder TEXT NOT NULL, pause_requested INTEGER NOT NULL, paused INTEGER NOT NULL, error TEXT NOT NULL, updated_at VARCHAR(40) NOT NULL, PRIMARY KEY (sync))`,
	`_sync_table (mapping VARCHAR(512) NOT NULL, sync VARCHAR(255) NOT NULL, table_schema VARCHAR(255) NOT NULL, table_name VARCHAR(255) NOT NULL, state VARCHAR(16) NOT NULL, reason TEXT NOT NULL, generation VARCHAR(64) NOT NULL, load_floor TEXT NOT NULL, consistent_at TEXT NOT NULL, loaded BIGINT NOT NULL, inserts BIGINT NOT NULL, updates BIGINT NOT NULL, deletes BIGINT NOT NULL, last_at VARCHAR(40) NOT NULL, last_key TEXT NOT NULL, PRIMARY KEY (mapping))`,
	`_sync_dead_letter (id VARCHAR(64) NOT NULL, sync VARCHAR(255) NOT NULL, mapping VARCHAR(512) NOT NULL, table_schema VARCHAR(255) NOT NULL, table_name VARCHAR(255) NOT NULL, row_key TEXT NOT NULL, column_name TEXT NOT NULL, operation VARCHAR(16) NOT NULL, row_data TEXT NOT NULL, error TEXT NOT NULL, position TEXT NOT NULL, noted_at VARCHAR(40) NOT NULL, PRIMARY KEY (id))`,
	keyTable,
}

// EnsureStreams makes the tables where they are missing, those of Ensure too.
func (l Ledger) EnsureStreams(ctx context.Context, db DB) error {
	if err := l.Ensure(ctx, db); err != nil {
		return err
	}
	return l.ensure(ctx, db, streamTables)
}

// StreamTable is the table without which there are no streams: FindStreams asks for it.
const StreamTable = "_sync_checkpoint"

// recordTables hold the records of streams, by sync.
var recordTables = []string{"_sync_checkpoint", "_sync_lease", "_sync_table", "_sync_dead_letter"}

// Stream reads one record, nil where there is none.
func (s *Streams) Stream(ctx context.Context, sync string) (*providers.StreamRecord, error) {
	all, err := s.read(ctx, " WHERE sync = ?", sync)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return &all[0], nil
}

// Streams reads all records, by name.
func (s *Streams) Streams(ctx context.Context) ([]providers.StreamRecord, error) {
	return s.read(ctx, "")
}

func (s *Streams) read(ctx context.Context, where string, args ...any) (all []providers.StreamRecord, err error) {
	err = s.Tx(ctx, func(db TxDB) error {
		all = nil
		p := s.Ledger.Prefix
		rows, err := db.Query(ctx, "SELECT c.sync, c.origin, l.epoch, l.beat, l.holder, c.position, c.start_position, c.start_floor, l.pause_requested, l.paused, l.error, l.updated_at, c.source_at FROM "+
			p+"_sync_checkpoint c JOIN "+p+"_sync_lease l ON l.sync = c.sync"+strings.Replace(where, "sync", "c.sync", 1)+" ORDER BY c.sync", args...)
		if err != nil {
			return err
		}
		for _, r := range rows {
			rec := providers.StreamRecord{
				Sync: r[0], Origin: r[1], Holder: r[4], Position: row.Position(r[5]),
				Start:  providers.CaptureStart{Position: row.Position(r[6]), Floor: r[7]},
				Paused: r[9] != "0", Error: r[10], UpdatedAt: r[11], SourceAt: r[12],
			}
			if rec.Epoch, err = number(r[2]); err != nil {
				return err
			}
			if rec.Beat, err = number(r[3]); err != nil {
				return err
			}
			by, err := number(r[8])
			if err != nil {
				return err
			}
			rec.PausedBy = providers.Pauser(by)
			all = append(all, rec)
		}
		tables, err := db.Query(ctx, "SELECT sync, mapping, table_schema, table_name, state, reason, generation, load_floor, consistent_at, loaded, inserts, updates, deletes, last_at, last_key FROM "+
			p+"_sync_table"+where+" ORDER BY mapping", args...)
		if err != nil {
			return err
		}
		for _, r := range tables {
			t := providers.TableRecord{
				Mapping: r[1], Table: schema.Name{Schema: r[2], Name: r[3]}, State: providers.TableState(r[4]), Reason: r[5],
				Generation: r[6], Floor: r[7], ConsistentAt: row.Position(r[8]), LastAt: r[13], LastKey: r[14],
			}
			for i, to := range []*int64{&t.Loaded, &t.Inserts, &t.Updates, &t.Deletes} {
				if *to, err = number(r[9+i]); err != nil {
					return err
				}
			}
			if i := slices.IndexFunc(all, func(x providers.StreamRecord) bool { return x.Sync == r[0] }); i >= 0 {
				all[i].Tables = append(all[i].Tables, t)
			}
		}
		return nil
	})
	return all, err
}

func number(text string) (int64, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("ledger: number %q: %w", text, err)
	}
	return n, nil
}

// Begin writes a record anew, with its tables, over one of the same name, whose epoch it
// raises.
func (s *Streams) Begin(ctx context.Context, r providers.StreamRecord) error {
	return s.Tx(ctx, func(db TxDB) error {
		p := s.Ledger.Prefix
		rows, err := db.Query(ctx, "SELECT epoch, pause_requested FROM "+p+"_sync_lease WHERE sync = ?", r.Sync)
		if err != nil {
			return err
		}
		epoch := r.Epoch
		if len(rows) == 1 {
			before, err := number(rows[0][0])
			if err != nil {
				return err
			}
			epoch = max(epoch, before+1)
			by, err := number(rows[0][1])
			if err != nil {
				return err
			}
			r.PausedBy |= providers.Pauser(by) & providers.PausedByPerson
		}
		for _, t := range []string{"_sync_lease", "_sync_checkpoint", "_sync_table"} {
			if err := db.Exec(ctx, "DELETE FROM "+p+t+" WHERE sync = ?", r.Sync); err != nil {
				return err
			}
		}
		if err := s.Ledger.dropKeys(ctx, db, r.Sync); err != nil {
			return err
		}
		if err := db.Exec(ctx, "INSERT INTO "+p+"_sync_lease (sync, epoch, beat, holder, pause_requested, paused, error, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
			r.Sync, epoch, r.Beat, r.Holder, int64(r.PausedBy), flag(r.Paused), r.Error, Now()); err != nil {
			return err
		}
		if err := db.Exec(ctx, "INSERT INTO "+p+"_sync_checkpoint (sync, origin, epoch, position, start_position, start_floor, source_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
			r.Sync, r.Origin, epoch, string(r.Position), string(r.Start.Position), r.Start.Floor, r.SourceAt, Now()); err != nil {
			return err
		}
		return s.putTables(ctx, db, r.Sync, r.Tables)
	})
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// Take makes holder the stream's instance, if epoch and beat are still those. Every
// transaction of the one before that is not committed yet is fenced by it.
func (s *Streams) Take(ctx context.Context, sync, holder string, epoch, beat int64) (int64, error) {
	err := s.Tx(ctx, func(db TxDB) error {
		p := s.Ledger.Prefix
		if err := fenced(db.ExecCount(ctx, "UPDATE "+p+"_sync_lease SET epoch = ?, beat = ?, holder = ?, paused = 0, error = '', updated_at = ? WHERE sync = ? AND epoch = ? AND beat = ?",
			epoch+1, beat+1, holder, Now(), sync, epoch, beat)); err != nil {
			return err
		}
		return fenced(db.ExecCount(ctx, "UPDATE "+p+"_sync_checkpoint SET epoch = ? WHERE sync = ?", epoch+1, sync))
	})
	return epoch + 1, err
}

// EndWriter ends the session of an instance that is silent inside a transaction.
func (s *Streams) EndWriter(ctx context.Context, sync string) error {
	if s.End == nil {
		return nil
	}
	return s.End(ctx, sync)
}

// alone runs f outside of a transaction where the system can.
func (s *Streams) alone(ctx context.Context, f func(TxDB) error) error {
	if s.Alone == nil {
		return s.Tx(ctx, f)
	}
	return s.Alone(ctx, f)
}

// fenced turns an UPDATE that hit no row into ErrFenced.
func fenced(n int64, err error) error {
	if err == nil && n == 0 {
		return providers.ErrFenced
	}
	return err
}

// Beat is a sign of life.
func (s *Streams) Beat(ctx context.Context, sync string, epoch int64, paused bool, reason string) (by providers.Pauser, err error) {
	err = s.alone(ctx, func(db TxDB) error {
		n, err := db.ExecCount(ctx, "UPDATE "+s.Ledger.Prefix+"_sync_lease SET beat = beat + 1, paused = ?, error = ?, updated_at = ? WHERE sync = ? AND epoch = ?", flag(paused), reason, Now(), sync, epoch)
		if err = fenced(n, err); err != nil {
			return err
		}
		rows, err := db.Query(ctx, "SELECT pause_requested FROM "+s.Ledger.Prefix+"_sync_lease WHERE sync = ?", sync)
		if err != nil || len(rows) != 1 {
			return err
		}
		bits, err := number(rows[0][0])
		by = providers.Pauser(bits)
		return err
	})
	return by, err
}

// Release lets the stream go; that it was taken by another meanwhile is no error.
func (s *Streams) Release(ctx context.Context, sync string, epoch int64, paused bool, reason string) error {
	return s.alone(ctx, func(db TxDB) error {
		return db.Exec(ctx, "UPDATE "+s.Ledger.Prefix+"_sync_lease SET holder = '', beat = beat + 1, paused = ?, error = ?, updated_at = ? WHERE sync = ? AND epoch = ?", flag(paused), reason, Now(), sync, epoch)
	})
}

// Pause asks the stream to stop, or takes that back.
func (s *Streams) Pause(ctx context.Context, sync string, by providers.Pauser, requested bool) error {
	// One statement, so that two who ask at once don't undo each other; & is the same in
	// all our systems.
	op, only := "+", "= 0"
	if !requested {
		op, only = "-", "<> 0"
	}
	return s.alone(ctx, func(db TxDB) error {
		for _, p := range []providers.Pauser{providers.PausedByApply, providers.PausedByPerson, providers.PausedByOperation} {
			if by&p == 0 {
				continue
			}
			bit := strconv.FormatInt(int64(p), 10)
			if err := db.Exec(ctx, "UPDATE "+s.Ledger.Prefix+"_sync_lease SET pause_requested = pause_requested "+op+" "+bit+" WHERE sync = ? AND (pause_requested & "+bit+") "+only, sync); err != nil {
				return err
			}
		}
		return nil
	})
}

// SetTables writes table records, and removes those that keep does not name.
func (s *Streams) SetTables(ctx context.Context, sync string, tables []providers.TableRecord, keep []string) error {
	return s.Tx(ctx, func(db TxDB) error {
		if keep != nil {
			rows, err := db.Query(ctx, "SELECT mapping FROM "+s.Ledger.Prefix+"_sync_table WHERE sync = ?", sync)
			if err != nil {
				return err
			}
			for _, r := range rows {
				if slices.Contains(keep, r[0]) {
					continue
				}
				if err := db.Exec(ctx, "DELETE FROM "+s.Ledger.Prefix+"_sync_table WHERE mapping = ?", r[0]); err != nil {
					return err
				}
				if err := s.Ledger.dropOtherKeys(ctx, db, providers.KeySet{Sync: sync, Mapping: r[0]}); err != nil {
					return err
				}
			}
		}
		return s.putTables(ctx, db, sync, tables)
	})
}

func (s *Streams) putTables(ctx context.Context, db TxDB, sync string, tables []providers.TableRecord) error {
	for _, t := range tables {
		if err := db.Exec(ctx, "DELETE FROM "+s.Ledger.Prefix+"_sync_table WHERE mapping = ?", t.Mapping); err != nil {
			return err
		}
		if err := db.Exec(ctx, "INSERT INTO "+s.Ledger.Prefix+"_sync_table (mapping, sync, table_schema, table_name, state, reason, generation, load_floor, consistent_at, loaded, inserts, updates, deletes, last_at, last_key) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			t.Mapping, sync, t.Table.Schema, t.Table.Name, string(t.State), t.Reason, t.Generation, t.Floor, string(t.ConsistentAt), t.Loaded, t.Inserts, t.Updates, t.Deletes, t.LastAt, t.LastKey); err != nil {
			return err
		}
		if err := s.Ledger.dropOtherKeys(ctx, db, providers.KeySet{Sync: sync, Mapping: t.Mapping, Generation: t.Generation}); err != nil {
			return err
		}
		if err := s.Ledger.noteStreamed(ctx, db, t, true); err != nil {
			return err
		}
	}
	return nil
}

// Checkpoint is what ApplyTx.Checkpoint does in a SQL target.
func (l Ledger) Checkpoint(ctx context.Context, db TxDB, at providers.Checkpoint) error {
	set, args := "updated_at = ?", []any{Now()}
	if at.Position != "" {
		set, args = set+", position = ?", append(args, string(at.Position))
	}
	if at.SourceAt != "" {
		set, args = set+", source_at = ?", append(args, at.SourceAt)
	}
	return fenced(db.ExecCount(ctx, "UPDATE "+l.Prefix+"_sync_checkpoint SET "+set+" WHERE sync = ? AND epoch = ?", append(args, at.Sync, at.Epoch)...))
}

// Tables is what ApplyTx.Tables does in a SQL target.
func (l Ledger) Tables(ctx context.Context, db TxDB, tables []providers.TableRecord) error {
	for _, t := range tables {
		n, err := db.ExecCount(ctx, "UPDATE "+l.Prefix+"_sync_table SET state = ?, reason = ?, consistent_at = ?, inserts = ?, updates = ?, deletes = ?, last_at = ?, last_key = ? WHERE mapping = ?",
			string(t.State), t.Reason, string(t.ConsistentAt), t.Inserts, t.Updates, t.Deletes, t.LastAt, t.LastKey, t.Mapping)
		// MySQL counts a row that was equal already as not changed.
		if err == nil && n == 0 {
			var rows [][]string
			if rows, err = db.Query(ctx, "SELECT mapping FROM "+l.Prefix+"_sync_table WHERE mapping = ?", t.Mapping); err == nil && len(rows) == 0 {
				return errors.New("the target's table _sync_table has lost the record of " + t.Mapping + ": load the table anew with apply -replace")
			}
		}
		if err != nil {
			return err
		}
		if err := l.noteStreamed(ctx, db, t, false); err != nil {
			return err
		}
	}
	return nil
}

// noteStreamed keeps the table's row of _sync_metadata, which users read.
func (l Ledger) noteStreamed(ctx context.Context, db TxDB, t providers.TableRecord, anew bool) error {
	at, records := t.LastAt, t.Loaded+t.Inserts+t.Updates+t.Deletes
	if at == "" {
		at = Now()
	}
	if !anew {
		n, err := db.ExecCount(ctx, "UPDATE "+l.Prefix+"_sync_metadata SET last_sync_at = ?, last_sync_key = ?, records_synced = ?, status = ? WHERE table_name = ?", at, t.LastKey, records, string(t.State), t.Table.String())
		if err != nil || n > 0 {
			return err
		}
	}
	if err := db.Exec(ctx, "DELETE FROM "+l.Prefix+"_sync_metadata WHERE table_name = ?", t.Table.String()); err != nil {
		return err
	}
	return db.Exec(ctx, "INSERT INTO "+l.Prefix+"_sync_metadata (table_name, last_sync_at, last_sync_key, records_synced, status) VALUES (?, ?, ?, ?, ?)", t.Table.String(), at, t.LastKey, records, string(t.State))
}

const letterColumns = "id, mapping, table_schema, table_name, row_key, column_name, operation, row_data, error, position, noted_at"

// DeadLetter is what ApplyTx.DeadLetter does in a SQL target. Letters come in order: so
// do their IDs.
func (l Ledger) DeadLetter(ctx context.Context, db TxDB, sync string, letters []providers.DeadLetter) error {
	for i, d := range letters {
		now := time.Now().UTC()
		if err := db.Exec(ctx, "INSERT INTO "+l.Prefix+"_sync_dead_letter ("+letterColumns+", sync) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			fmt.Sprintf("%s-%06d", now.Format("20060102T150405.000000000"), i), d.Mapping, d.Table.Schema, d.Table.Name, d.Key, d.Column, d.Op, d.Row, d.Error, string(d.Position), now.Format(time.RFC3339Nano), sync); err != nil {
			return err
		}
	}
	return nil
}

// DeadLetters lists the oldest of a sync, at most limit.
func (s *Streams) DeadLetters(ctx context.Context, sync string, limit int) (all []providers.DeadLetter, err error) {
	err = s.Tx(ctx, func(db TxDB) error {
		all = nil
		rows, err := db.Query(ctx, "SELECT "+letterColumns+" FROM "+s.Ledger.Prefix+"_sync_dead_letter WHERE sync = ? ORDER BY id LIMIT "+strconv.Itoa(limit), sync)
		for _, r := range rows {
			all = append(all, providers.DeadLetter{ID: r[0], Mapping: r[1], Table: schema.Name{Schema: r[2], Name: r[3]}, Key: r[4], Column: r[5], Op: r[6], Row: r[7], Error: r[8], Position: row.Position(r[9]), At: r[10]})
		}
		return err
	})
	return all, err
}

// DropDeadLetters removes letters.
func (s *Streams) DropDeadLetters(ctx context.Context, sync string, ids []string) error {
	return s.Tx(ctx, func(db TxDB) error {
		for _, id := range ids {
			if err := db.Exec(ctx, "DELETE FROM "+s.Ledger.Prefix+"_sync_dead_letter WHERE sync = ? AND id = ?", sync, id); err != nil {
				return err
			}
		}
		return nil
	})
}

// Forget removes everything about a stream, and the streams' tables where nothing else
// is in them. Those that are missing are made first: a run that ended while it dropped
// them, or an earlier version, left only some.
func (s *Streams) Forget(ctx context.Context, sync string) error {
	p := s.Ledger.Prefix
	if err := s.Tx(ctx, func(db TxDB) error { return s.Ledger.ensure(ctx, db, streamTables) }); err != nil {
		return err
	}
	empty := true
	err := s.Tx(ctx, func(db TxDB) error {
		for _, t := range recordTables {
			if err := db.Exec(ctx, "DELETE FROM "+p+t+" WHERE sync = ?", sync); err != nil {
				return err
			}
			rows, err := db.Query(ctx, "SELECT 1 FROM "+p+t+" LIMIT 1")
			if err != nil {
				return err
			}
			empty = empty && len(rows) == 0
		}
		return s.Ledger.dropKeys(ctx, db, sync)
	})
	if err != nil || !empty {
		return err
	}
	return s.Tx(ctx, func(db TxDB) error {
		return s.Ledger.drop(ctx, db, append(slices.Clone(recordTables), KeyTable))
	})
}
