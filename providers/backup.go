package providers

import (
	"context"
	"time"

	"github.com/syncform/syncform/providers/schema"
)

// Backuper copies what a change is about to destroy into a table of its own, and keeps
// a list of those tables in the endpoint itself (ledger). What plans is pure.
type Backuper interface {
	// BackupSteps gives the steps that copy what b says, check that the copy is whole, and
	// then do destroy, the steps of the change itself. They can be run again from any
	// point; where the copy is not whole, destroy does not run. NoteBackup comes first.
	BackupSteps(db *schema.Database, b Backup, destroy []Step) ([]Step, error)
	// DropBackupSteps removes a backup and its entry.
	DropBackupSteps(name string) []Step
	// NoteBackup writes an entry that is not done yet; one of that name stays as it is.
	NoteBackup(ctx context.Context, e BackupEntry) error
	// Backups lists the entries whose tables are there, the newest first.
	Backups(ctx context.Context) ([]BackupEntry, error)
}

// Backup says what is copied, and where to.
type Backup struct {
	Name string       `json:"name"`  // of the table that holds the copy
	Of   schema.Table `json:"table"` // as it is before the change
	// Column is the one whose values are copied, with the row's key; "" is the whole table.
	Column string `json:"column,omitempty"`
	// Sequences number columns of the table and would go with it.
	Sequences []schema.Sequence `json:"sequences,omitempty"`
	// Prunes are older backups of the same thing that go once this one is done.
	Prunes []string `json:"prunes,omitempty"`
}

// Key is what tells the rows of a column's backup apart: the primary key, else a unique
// key without NULLs. It is empty for a table without one, whose rows are copied whole.
func (b *Backup) Key() []string {
	if b.Column == "" {
		return nil
	}
	if k := b.Of.PrimaryKey; k != nil {
		return k.Columns()
	}
	usable := func(parts []schema.KeyPart) bool {
		for _, p := range parts {
			c := b.Of.Column(p.Column)
			if c == nil || c.Nullable || c.Name == b.Column || p.Prefix > 0 {
				return false
			}
		}
		return len(parts) > 0
	}
	for _, k := range b.Of.Uniques {
		if usable(k.Parts) && !k.Deferrable {
			return k.Columns()
		}
	}
	for _, x := range b.Of.Indexes {
		if x.Unique && x.Where == "" && !x.Invalid && usable(x.Parts) {
			k := schema.Key{Parts: x.Parts}
			return k.Columns()
		}
	}
	return nil
}

// Columns are those that the copy has, in the table's order: all of the table, or the
// key and the column. What the server computes is copied as the values that it has.
func (b *Backup) Columns() []schema.Column {
	key := b.Key()
	if len(key) == 0 {
		return b.Of.Columns
	}
	var out []schema.Column
	for _, c := range b.Of.Columns {
		for _, k := range key {
			if c.Name == k && c.Name != b.Column {
				out = append(out, c)
			}
		}
	}
	if c := b.Of.Column(b.Column); c != nil {
		out = append(out, *c)
	}
	return out
}

// BackupEntry is a backup as the endpoint remembers it.
type BackupEntry struct {
	Backup
	Addr  string    `json:"addr"` // of the change
	Plan  string    `json:"plan"`
	By    string    `json:"by"` // user@host
	Taken time.Time `json:"taken_at"`
	// Done says that the copy is whole; else nothing was taken away yet.
	Done bool  `json:"done"`
	Rows int64 `json:"rows"` // that were copied
	// Bytes is the server's estimate of what the copy takes, -1 where it has none.
	Bytes    int64  `json:"bytes"`
	Endpoint string `json:"endpoint,omitempty"` // not kept: where it was found
}
