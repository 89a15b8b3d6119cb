package mysql

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/ledger"
	"github.com/syncform/syncform/providers/schema"
)

// BackupSteps copies without keeping anybody out and, where a table goes, once more under
// its lock. A column whose count of values moves between copy and comparison is still
// being written to: then it is not dropped.
func (c *Conn) BackupSteps(db *schema.Database, b providers.Backup, destroy []providers.Step) ([]providers.Step, error) {
	if len(destroy) == 0 {
		return nil, nil
	}
	p := stepPlan{server: c.server, db: db}
	of, copied := tableIdent(b.Of.Name), ident(b.Name)
	columns := b.Columns()
	p.add("DROP TABLE IF EXISTS "+copied, "")
	t := c.backupTable(&b, columns)
	p.add(p.server.lenient(&t)+p.server.createDDL(&t, false), tableThere(t.Name))
	names := make([]string, len(columns))
	for i, k := range columns {
		names[i] = k.Name
	}
	where, counted := "", "*"
	if len(b.Key()) > 0 {
		where, counted = " WHERE "+ident(b.Column)+" IS NOT NULL", ident(b.Column)
	}
	fill := "DELETE FROM " + copied + ";\nINSERT INTO " + copied + " (" + idents(names) + ") SELECT " + idents(names) + " FROM " + of + where
	// The list takes no NULL, so that a copy that is not whole is refused.
	check := fmt.Sprintf("UPDATE %s SET state = 'done', rows_copied = (SELECT IF(o.n = c.n, c.n, NULL) FROM (SELECT COUNT(%s) AS n FROM %s) AS o, (SELECT COUNT(*) AS n FROM %s) AS c) WHERE name = %s",
		ledger.BackupTable, counted, of, copied, literal(b.Name))
	steps := slices.Clone(destroy)
	if len(steps) == 1 && steps[0].Text == "DROP TABLE "+of {
		steps[0].Text = "LOCK TABLES " + of + " WRITE, " + copied + " WRITE, " + ledger.BackupTable + " WRITE;\n" + fill + ";\n" + check + ";\n" + steps[0].Text + ";\nUNLOCK TABLES"
	} else {
		p.add("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED;\n"+fill+";\n"+check, "")
	}
	steps = append(p.steps, steps...)
	for _, old := range b.Prunes {
		steps = append(steps, c.DropBackupSteps(old)...)
	}
	return steps, p.err
}

// backupTable is the table that holds a backup: plain columns, and the key where there
// is one.
func (c *Conn) backupTable(b *providers.Backup, columns []schema.Column) schema.Table {
	t := schema.Table{Name: schema.Name{Name: b.Name}, Options: map[string]string{"engine": "InnoDB"}}
	for _, k := range []string{"charset", "collation", "row_format"} {
		if v := b.Of.Options[k]; v != "" {
			t.Options[k] = v
		}
	}
	for _, k := range columns {
		k.Identity, k.Generated, k.Default, k.OnUpdate, k.Comment, k.Invisible = nil, nil, nil, "", "", false
		k.Nullable = true
		t.Columns = append(t.Columns, k)
	}
	key := b.Key()
	if b.Column == "" && b.Of.PrimaryKey != nil && b.Of.Partition == nil {
		t.PrimaryKey = b.Of.PrimaryKey
		key = t.PrimaryKey.Columns()
	} else if len(key) > 0 {
		pk := schema.Key{}
		if b.Of.PrimaryKey != nil {
			pk.Parts = b.Of.PrimaryKey.Parts
		} else {
			for _, k := range key {
				pk.Parts = append(pk.Parts, schema.KeyPart{Column: k})
			}
		}
		t.PrimaryKey = &pk
	}
	for _, k := range key {
		if col := t.Column(k); col != nil {
			col.Nullable = false
		}
	}
	return t
}

// DropBackupSteps removes a backup.
func (c *Conn) DropBackupSteps(name string) []providers.Step {
	p := stepPlan{server: c.server}
	p.add("DROP TABLE IF EXISTS "+ident(name), "")
	p.add("DELETE FROM "+ledger.BackupTable+" WHERE name = "+literal(name), "")
	return p.steps
}

// restoreRows writes a backup's rows, or its column's values, back.
func (p *stepPlan) restoreRows(c schema.RestoreRows) {
	to, from := tableIdent(c.To.Name), ident(c.From)
	match := make([]string, len(c.Key))
	for i, k := range c.Key {
		match[i] = "l." + ident(k) + " = s." + ident(k)
	}
	same := strings.Join(match, " AND ")
	text := ""
	if c.Column != "" {
		text = "UPDATE " + to + " AS l JOIN " + from + " AS s ON " + same + " SET l." + ident(c.Column) + " = s." + ident(c.Source) + " WHERE l." + ident(c.Column) + " IS NULL"
	} else {
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
		text = "INSERT INTO " + to + " (" + idents(names) + ") SELECT " + idents(names) + " FROM " + from + " AS s WHERE NOT EXISTS (SELECT 1 FROM " + to + " AS l" + missing + ")"
	}
	// A number that is 0 stays 0.
	p.steps = append(p.steps, providers.Step{Text: "SET sql_mode = CONCAT(@@sql_mode, ',NO_AUTO_VALUE_ON_ZERO');\n" + text, Transactional: true, LockTimeout: rowsTimeout})
}

// NoteBackup writes a backup's entry.
func (c *Conn) NoteBackup(ctx context.Context, e providers.BackupEntry) error {
	return c.with(ctx, func(s *session) error {
		if err := c.book().EnsureBackups(ctx, s); err != nil {
			return err
		}
		return c.book().NoteBackup(ctx, s, e)
	})
}

// Backups lists the backups whose tables are there.
func (c *Conn) Backups(ctx context.Context) (out []providers.BackupEntry, err error) {
	err = c.with(ctx, func(s *session) error {
		tables, err := s.query(ctx, "SELECT TABLE_NAME, IFNULL(DATA_LENGTH, 0) FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME LIKE '\\_sync\\_backup%'")
		if err != nil {
			return fmt.Errorf("look for backups: %w", err)
		}
		if !slices.ContainsFunc(tables, func(r []string) bool { return r[0] == ledger.BackupTable }) {
			return nil
		}
		all, err := c.book().Backups(ctx, s)
		if err == nil {
			out, err = ledger.Sized(all, tables)
		}
		return err
	})
	return out, err
}
