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

// Preflight compares the user's grants and the server's settings with what reading
// and writing the tables needs.
func (c *Conn) Preflight(ctx context.Context, p providers.Preflight) ([]providers.Finding, error) {
	var f findings
	err := c.with(ctx, func(s *session) error {
		var err error
		if f.grants, err = c.readGrants(ctx, s); err != nil {
			return err
		}
		if len(p.Read) > 0 {
			f.reading(c, p.Read)
			if err := f.engines(ctx, s, p.Read, false); err != nil {
				return err
			}
		}
		if !p.Writes() {
			return nil
		}
		f.writing(c, p)
		if err := f.engines(ctx, s, p.Write, true); err != nil {
			return err
		}
		if err := f.triggers(ctx, s, p.Write); err != nil {
			return err
		}
		if err := f.retyping(ctx, s, c, p.Retype); err != nil {
			return err
		}
		return f.settings(ctx, s, c)
	})
	if err != nil {
		return nil, fmt.Errorf("preflight: %w", err)
	}
	return f.list, nil
}

type findings struct {
	grants *grants
	list   []providers.Finding
}

func (f *findings) add(fatal bool, fix, text string, args ...any) {
	f.list = append(f.list, providers.Finding{Fatal: fatal, Text: fmt.Sprintf(text, args...), Fix: fix})
}

// reading looks for SELECT on every table and for what several readers of one moment need.
func (f *findings) reading(c *Conn, tables []schema.Name) {
	for _, t := range tables {
		if !f.grants.has("SELECT", c.databaseOf(t), t.Name) {
			f.add(true, f.grants.statement("SELECT", ident(c.databaseOf(t))+"."+ident(t.Name)), "table %s can't be read: SELECT is missing", t)
		}
	}
	flush := f.grants.has("RELOAD", "", "")
	if !c.server.mariadb() {
		flush = flush || f.grants.has("FLUSH_TABLES", "", "")
	}
	if !flush {
		f.add(false, f.grants.statement("RELOAD", "*.*"), "without RELOAD a snapshot of one moment is read over one connection: several can't begin at the same moment")
	}
}

// writing looks for what making, loading and changing tables needs.
func (f *findings) writing(c *Conn, p providers.Preflight) {
	needed := []string{"SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "DROP", "ALTER", "INDEX", "REFERENCES"}
	if len(p.Backup) > 0 {
		needed = append(needed, "LOCK TABLES") // nobody writes between the copy and what goes
	}
	var missing []string
	for _, privilege := range needed {
		lacks := !f.grants.has(privilege, c.database, "") // the ledger's tables, those beside the live ones
		for _, t := range slices.Concat(p.Write, p.Change) {
			lacks = lacks || !f.grants.has(privilege, c.databaseOf(t), t.Name)
		}
		if lacks {
			missing = append(missing, privilege)
		}
	}
	if len(p.Change) > 0 && !f.grants.has("SHOW VIEW", c.database, "") {
		f.add(false, f.grants.statement("SHOW VIEW", f.grants.allTables(c.database)), "without SHOW VIEW a plan can't see which views read a column or table that goes")
	}
	if len(missing) > 0 {
		list := strings.Join(missing, ", ")
		f.add(true, f.grants.statement(list, f.grants.allTables(c.database)), "database %s can't be written to: %s missing", c.database, list)
	}
	if !f.grants.has("CREATE TEMPORARY TABLES", c.database, "") {
		f.add(false, f.grants.statement("CREATE TEMPORARY TABLES", f.grants.allTables(c.database)), "without CREATE TEMPORARY TABLES the server can't be asked how it spells expressions, so a plan may show differences that are none")
	}
}

func (c *Conn) databaseOf(n schema.Name) string {
	if n.Schema != "" {
		return n.Schema
	}
	return c.database
}

// engines finds tables without transactions.
func (f *findings) engines(ctx context.Context, s *session, tables []schema.Name, write bool) error {
	if len(tables) == 0 {
		return nil
	}
	names := make([]string, len(tables))
	for i, t := range tables {
		names[i] = literal(t.Name)
	}
	rows, err := s.query(ctx, "SELECT TABLE_NAME, ENGINE FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE = 'BASE TABLE' AND ENGINE <> 'InnoDB' AND TABLE_NAME IN ("+strings.Join(names, ", ")+")")
	if err != nil {
		return err
	}
	for _, r := range rows {
		if write {
			f.add(true, "ALTER TABLE "+ident(r[0])+" ENGINE=InnoDB", "table %s is of engine %s, which has no transactions: a load that is cut off could not be resumed", r[0], r[1])
		} else {
			f.add(false, "", "table %s is of engine %s, which has no snapshots: it is read as it is at that moment", r[0], r[1])
		}
	}
	return nil
}

// retyping looks for what a change of type on a new column needs besides: it makes
// triggers, and a procedure that fills the column.
func (f *findings) retyping(ctx context.Context, s *session, c *Conn, tables []schema.Name) error {
	if len(tables) == 0 {
		return nil
	}
	var missing []string
	for _, privilege := range []string{"TRIGGER", "CREATE ROUTINE", "ALTER ROUTINE", "EXECUTE"} {
		if !f.grants.has(privilege, c.database, "") {
			missing = append(missing, privilege)
		}
	}
	if len(missing) > 0 {
		list := strings.Join(missing, ", ")
		f.add(true, f.grants.statement(list, f.grants.allTables(c.database)), "a column of table %s can't get its type while others write: %s missing", tables[0], list)
	}
	return f.triggerRights(ctx, s)
}

// triggers finds what a load would set off: they can't be turned off here.
func (f *findings) triggers(ctx context.Context, s *session, tables []schema.Name) error {
	rows, err := s.query(ctx, "SELECT EVENT_OBJECT_TABLE, TRIGGER_NAME FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE()")
	if err != nil {
		return err
	}
	for _, r := range rows {
		if !ledger.IsRetyped(r[1]) && slices.ContainsFunc(tables, func(t schema.Name) bool { return t.Name == r[0] }) {
			f.add(false, "", "trigger %s of table %s runs for every row that is written", r[1], r[0])
		}
	}
	return nil
}

// settings finds a server that takes no writes, or only slow ones.
func (f *findings) settings(ctx context.Context, s *session, c *Conn) error {
	rows, err := s.query(ctx, "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('read_only', 'super_read_only', 'local_infile', 'max_allowed_packet')")
	if err != nil {
		return err
	}
	v := map[string]string{}
	for _, r := range rows {
		v[r[0]] = r[1]
	}
	on := func(name string) bool { return v[name] == "ON" || v[name] == "1" }
	overrides := f.grants.has("SUPER", "", "") || f.grants.has("CONNECTION_ADMIN", "", "") || f.grants.has("READ_ONLY ADMIN", "", "")
	if on("super_read_only") || on("read_only") && !overrides {
		f.add(true, "SET GLOBAL read_only = OFF", "the server is read-only, as replicas are: write to its primary")
	}
	if !on("local_infile") {
		f.add(false, "SET GLOBAL local_infile = ON", "the server refuses LOAD DATA LOCAL; rows are written by INSERT, which takes half as long again or more")
	}
	return nil
}
