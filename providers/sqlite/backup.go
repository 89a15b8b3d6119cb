package sqlite

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"zombiezen.com/go/sqlite"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/ledger"
	"github.com/syncform/syncform/providers/schema"
)

// BackupSteps copies, compares and destroys in one transaction.
func (c *Conn) BackupSteps(_ *schema.Database, b providers.Backup, destroy []providers.Step) ([]providers.Step, error) {
	if len(destroy) == 0 {
		return nil, nil
	}
	columns := b.Columns()
	names := make([]string, len(columns))
	for i, k := range columns {
		names[i] = k.Name
	}
	of, copied := ident(b.Of.Name.Name), ident(b.Name)
	where, counted := "", "*"
	if len(b.Key()) > 0 {
		where, counted = " WHERE "+ident(b.Column)+" IS NOT NULL", ident(b.Column)
	}
	text := script{
		"DROP TABLE IF EXISTS " + copied,
		"CREATE TABLE " + copied + " AS SELECT " + idents(names) + " FROM " + of + where,
		// The list takes no NULL, so that a copy that is not whole is refused.
		fmt.Sprintf("UPDATE %s SET state = 'done', rows_copied = (SELECT CASE WHEN (SELECT count(%s) FROM %s) = (SELECT count(*) FROM %s) THEN (SELECT count(*) FROM %s) END) WHERE name = %s",
			ledger.BackupTable, counted, of, copied, copied, quoteText(b.Name)),
	}.String() + "\n"
	steps := slices.Clone(destroy)
	s := &steps[0]
	if mark, rest, ok := strings.Cut(s.Text, "\n"); ok && strings.HasPrefix(mark, rebuildMark) {
		s.Text = mark + "\n" + text + rest
	} else {
		s.Text = text + s.Text
	}
	for _, old := range b.Prunes {
		steps = append(steps, c.DropBackupSteps(old)...)
	}
	return steps, nil
}

// DropBackupSteps removes a backup.
func (c *Conn) DropBackupSteps(name string) []providers.Step {
	return []providers.Step{{Transactional: true, Text: script{
		"DROP TABLE IF EXISTS " + ident(name), "DELETE FROM " + ledger.BackupTable + " WHERE name = " + quoteText(name)}.String()}}
}

// restoreRows writes a backup's rows, or its column's values, back.
func restoreRows(c schema.RestoreRows) string {
	to, from := ident(c.To.Name.Name), ident(c.From)
	match := make([]string, len(c.Key))
	for i, k := range c.Key {
		match[i] = to + "." + ident(k) + " = s." + ident(k)
	}
	same := strings.Join(match, " AND ")
	if c.Column != "" {
		at := " FROM " + from + " AS s WHERE " + same
		return "UPDATE " + to + " SET " + ident(c.Column) + " = (SELECT s." + ident(c.Source) + at + ") WHERE " + ident(c.Column) + " IS NULL AND EXISTS (SELECT 1" + at + ")"
	}
	var names []string
	for _, k := range c.To.Columns {
		if k.Generated == nil {
			names = append(names, k.Name)
		}
	}
	missing := ""
	if same != "" {
		missing = " WHERE " + same
	}
	return "INSERT OR ABORT INTO " + to + " (" + idents(names) + ") SELECT " + idents(names) + " FROM " + from + " AS s WHERE NOT EXISTS (SELECT 1 FROM " + to + missing + ")"
}

// NoteBackup writes a backup's entry.
func (c *Conn) NoteBackup(ctx context.Context, e providers.BackupEntry) error {
	return c.withLedger(ctx, func(_ *sqlite.Conn, l ledgerDB) error {
		if err := book.EnsureBackups(ctx, l); err != nil {
			return err
		}
		return book.NoteBackup(ctx, l, e)
	})
}

// Backups lists the backups whose tables are there.
func (c *Conn) Backups(ctx context.Context) ([]providers.BackupEntry, error) {
	if !c.exists() {
		return nil, nil
	}
	db, done, err := c.take(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	l := ledgerDB{db}
	tables, err := l.Query(ctx, "SELECT m.name, ifnull((SELECT sum(d.pgsize) FROM dbstat AS d WHERE d.name = m.name), 0) FROM sqlite_schema AS m WHERE m.type = 'table' AND m.name GLOB '_sync_backup*'")
	if err != nil || !slices.ContainsFunc(tables, func(r []string) bool { return r[0] == ledger.BackupTable }) {
		return nil, err
	}
	all, err := book.Backups(ctx, l)
	if err != nil {
		return nil, err
	}
	return ledger.Sized(all, tables)
}
