package ledger

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"

	"github.com/syncform/syncform/providers"
)

// KeyTable holds the keys of rows that changed while their table was loaded.
const KeyTable = "_sync_touched"

// A key may be longer than an index takes, so its hash stands for it.
const keyTable = KeyTable + ` (load_id VARCHAR(40) NOT NULL, key_hash VARCHAR(32) NOT NULL, row_key TEXT NOT NULL, PRIMARY KEY (load_id, key_hash))`

// keysPerStatement is how many keys one statement brings at most.
const keysPerStatement = 128

func shortHash(text string, digits int) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])[:digits]
}

// The parts of a load_id, so that the sets of a sync, or of a mapping, share a prefix.
func syncKeys(sync string) string { return shortHash(sync, 12) }

func mappingKeys(set providers.KeySet) string {
	return syncKeys(set.Sync) + shortHash(set.Mapping, 14)
}

func keysID(set providers.KeySet) string { return mappingKeys(set) + shortHash(set.Generation, 14) }

// keyHash also is the order in which keys are given.
func keyHash(key string) string {
	if key == providers.AllKeys {
		return strings.Repeat("0", 32)
	}
	return shortHash(key, 32)
}

// runs cuts keys into pieces whose lengths are powers of two, so that few different
// statements are needed.
func runs(keys []string, do func([]string) error) error {
	for n := keysPerStatement; len(keys) > 0; {
		for n > len(keys) {
			n /= 2
		}
		if err := do(keys[:n]); err != nil {
			return err
		}
		keys = keys[n:]
	}
	return nil
}

// NoteKeys is what ApplyTx.NoteKeys does in a SQL target.
func (l Ledger) NoteKeys(ctx context.Context, db DB, set providers.KeySet, keys []string) error {
	id := keysID(set)
	return runs(keys, func(keys []string) error {
		args := make([]any, 0, 3*len(keys))
		for _, k := range keys {
			args = append(args, id, keyHash(k), k)
		}
		return db.Exec(ctx, "INSERT INTO "+l.Prefix+KeyTable+" (load_id, key_hash, row_key) VALUES (?, ?, ?)"+strings.Repeat(", (?, ?, ?)", len(keys)-1)+l.Twice, args...)
	})
}

// ForgetKeys is what ApplyTx.ForgetKeys does in a SQL target.
func (l Ledger) ForgetKeys(ctx context.Context, db DB, set providers.KeySet, keys []string) error {
	id := keysID(set)
	return runs(keys, func(keys []string) error {
		args := make([]any, 0, 1+len(keys))
		args = append(args, id)
		for _, k := range keys {
			args = append(args, keyHash(k))
		}
		return db.Exec(ctx, "DELETE FROM "+l.Prefix+KeyTable+" WHERE load_id = ? AND key_hash IN (?"+strings.Repeat(", ?", len(keys)-1)+")", args...)
	})
}

// dropKeys forgets all sets of a sync.
func (l Ledger) dropKeys(ctx context.Context, db DB, sync string) error {
	return db.Exec(ctx, "DELETE FROM "+l.Prefix+KeyTable+" WHERE load_id LIKE ?", syncKeys(sync)+"%")
}

// dropOtherKeys forgets the sets of a mapping's other generations.
func (l Ledger) dropOtherKeys(ctx context.Context, db DB, set providers.KeySet) error {
	return db.Exec(ctx, "DELETE FROM "+l.Prefix+KeyTable+" WHERE load_id LIKE ? AND load_id <> ?", mappingKeys(set)+"%", keysID(set))
}

// NotedKeys gives keys of a set in the order of their hashes.
func (s *Streams) NotedKeys(ctx context.Context, set providers.KeySet, after string, limit int) (keys []string, err error) {
	from := ""
	if after != "" {
		from = keyHash(after)
	}
	err = s.Tx(ctx, func(db TxDB) error {
		rows, err := db.Query(ctx, "SELECT row_key FROM "+s.Ledger.Prefix+KeyTable+" WHERE load_id = ? AND key_hash > ? ORDER BY key_hash LIMIT "+strconv.Itoa(limit), keysID(set), from)
		keys = slices.Grow(keys[:0], len(rows))
		for _, r := range rows {
			keys = append(keys, r[0])
		}
		return err
	})
	return keys, err
}

// CountNotedKeys counts a set, up to most.
func (s *Streams) CountNotedKeys(ctx context.Context, set providers.KeySet, most int) (n int64, err error) {
	err = s.Tx(ctx, func(db TxDB) error {
		rows, err := db.Query(ctx, "SELECT count(*) FROM (SELECT 1 AS one FROM "+s.Ledger.Prefix+KeyTable+" WHERE load_id = ? LIMIT "+strconv.Itoa(most)+") k", keysID(set))
		if err != nil {
			return err
		}
		n, err = number(rows[0][0])
		return err
	})
	return n, err
}
