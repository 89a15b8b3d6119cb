package postgres

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// Preflight looks for missing privileges and for settings that stand in the way.
func (c *Conn) Preflight(ctx context.Context, p providers.Preflight) ([]providers.Finding, error) {
	s, err := c.acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer c.release(s)
	f := &preflight{conn: c, session: s}
	for _, look := range []func(context.Context, providers.Preflight) error{f.server, f.read, f.write, f.change, f.schemas} {
		if err := look(ctx, p); err != nil {
			return nil, fmt.Errorf("preflight: %w", classify(err))
		}
	}
	return f.findings, nil
}

type preflight struct {
	conn     *Conn
	session  *session
	role     string // quoted
	replica  bool   // the role may turn triggers off
	findings []providers.Finding
}

func (f *preflight) fatal(fix, text string, args ...any) {
	f.findings = append(f.findings, providers.Finding{Fatal: true, Text: fmt.Sprintf(text, args...), Fix: fix})
}

// server looks at what holds for all tables.
func (f *preflight) server(ctx context.Context, p providers.Preflight) error {
	got, err := f.session.queryRow(ctx, `SELECT pg_catalog.quote_ident(current_user), pg_catalog.pg_is_in_recovery(), pg_catalog.current_setting('transaction_read_only') = 'on'`)
	if err != nil {
		return err
	}
	f.role = got[0]
	if !p.Writes() {
		return nil
	}
	switch {
	case got[1] == "t":
		f.fatal("", "%s is a standby, which takes no writes: use the primary", f.conn.addr)
	case got[2] == "t":
		f.fatal("ALTER ROLE "+f.role+" SET default_transaction_read_only = off", "sessions of %s are read only", f.conn.addr)
	}
	err = f.session.exec(ctx, "BEGIN; SET LOCAL session_replication_role = replica; ROLLBACK")
	f.replica = err == nil
	if isCode(err, "42501") {
		f.session.rollback()
		err = nil
	}
	return err
}

// tableFacts is what the role may do with a table.
type tableFacts struct {
	name                                                schema.Name
	usage, sel, insert, update, remove, truncate, owner bool
	rls, guarded, refer                                 bool
}

func (f *preflight) tables(ctx context.Context, names []schema.Name) ([]tableFacts, error) {
	if len(names) == 0 {
		return nil, nil
	}
	list := make([]string, len(names))
	for i, n := range names {
		list[i] = "(" + literal(f.schemaOf(n)) + ", " + literal(n.Name) + ")"
	}
	rows, err := f.session.query(ctx, `SELECT n.nspname, c.relname, pg_catalog.has_schema_privilege(n.oid, 'USAGE'), pg_catalog.has_table_privilege(c.oid, 'SELECT') OR pg_catalog.has_any_column_privilege(c.oid, 'SELECT'),
 pg_catalog.has_table_privilege(c.oid, 'INSERT'), pg_catalog.has_table_privilege(c.oid, 'UPDATE'), pg_catalog.has_table_privilege(c.oid, 'DELETE'), pg_catalog.has_table_privilege(c.oid, 'TRUNCATE'), pg_catalog.pg_has_role(c.relowner, 'USAGE'),
 pg_catalog.row_security_active(c.oid), EXISTS (SELECT FROM pg_catalog.pg_trigger g WHERE g.tgrelid = c.oid AND g.tgenabled IN ('O', 'D') AND (NOT g.tgisinternal OR g.tgconstraint <> 0)),
 pg_catalog.has_table_privilege(c.oid, 'REFERENCES') OR pg_catalog.has_any_column_privilege(c.oid, 'REFERENCES')
 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND (n.nspname, c.relname) IN (`+strings.Join(list, ", ")+`) ORDER BY 1, 2`)
	if err != nil {
		return nil, err
	}
	facts := make([]tableFacts, len(rows))
	for i, r := range rows {
		yes := func(n int) bool { return r[n] == "t" }
		facts[i] = tableFacts{schema.Name{Schema: r[0], Name: r[1]}, yes(2), yes(3), yes(4), yes(5), yes(6), yes(7), yes(8), yes(9), yes(10), yes(11)}
	}
	return facts, nil
}

func (f *preflight) schemaOf(n schema.Name) string {
	if n.Schema == "" {
		return f.conn.schema
	}
	return n.Schema
}

func (f *preflight) read(ctx context.Context, p providers.Preflight) error {
	facts, err := f.tables(ctx, p.Read)
	if err != nil {
		return err
	}
	for _, t := range facts {
		if !t.usage {
			f.fatal("GRANT USAGE ON SCHEMA "+quoteIfNeeded(t.name.Schema)+" TO "+f.role, "to read table %s, the role needs USAGE on its schema", t.name)
		}
		if !t.sel {
			f.fatal("GRANT SELECT ON "+quoteNameIfNeeded(t.name)+" TO "+f.role, "to read table %s, the role needs SELECT", t.name)
		}
		f.rowSecurity(t)
	}
	return nil
}

func (f *preflight) rowSecurity(t tableFacts) {
	if t.rls {
		f.fatal("ALTER ROLE "+f.role+" BYPASSRLS", "row security hides rows of table %s from the role", t.name)
	}
}

func (f *preflight) write(ctx context.Context, p providers.Preflight) error {
	facts, err := f.tables(ctx, p.Write)
	if err != nil {
		return err
	}
	for _, t := range facts {
		if !t.usage {
			f.fatal("GRANT USAGE ON SCHEMA "+quoteIfNeeded(t.name.Schema)+" TO "+f.role, "to write table %s, the role needs USAGE on its schema", t.name)
		}
		var lacks []string
		for _, x := range []struct {
			has  bool
			what string
		}{{t.sel, "SELECT"}, {t.insert, "INSERT"}, {t.update, "UPDATE"}, {t.remove, "DELETE"}, {t.truncate, "TRUNCATE"}} {
			if !x.has {
				lacks = append(lacks, x.what)
			}
		}
		if len(lacks) > 0 {
			list := strings.Join(lacks, ", ")
			f.fatal("GRANT "+list+" ON "+quoteNameIfNeeded(t.name)+" TO "+f.role, "to write table %s, the role needs %s", t.name, list)
		}
		if !t.owner && !slices.ContainsFunc(p.Change, func(n schema.Name) bool { return n.Name == t.name.Name && f.schemaOf(n) == t.name.Schema }) {
			f.findings = append(f.findings, providers.Finding{Text: fmt.Sprintf("the role does not own table %s, so it can't change its columns or keys", t.name), Fix: "ALTER TABLE " + quoteNameIfNeeded(t.name) + " OWNER TO " + f.role})
		}
		f.rowSecurity(t)
		if t.guarded && !f.replica {
			fix := ""
			if f.conn.version >= 150000 {
				fix = "GRANT SET ON PARAMETER session_replication_role TO " + f.role
			}
			f.findings = append(f.findings, providers.Finding{Text: fmt.Sprintf("triggers and foreign keys of table %s fire while its rows are loaded, since the role may not set session_replication_role", t.name), Fix: fix})
		}
	}
	return nil
}

// schemas looks for the right to make tables: those that are to be written and are
// not there, and the ledger's.
func (f *preflight) schemas(ctx context.Context, p providers.Preflight) error {
	if !p.Writes() {
		return nil
	}
	wanted, made := map[string]bool{f.conn.schema: true}, map[string]bool{}
	for _, in := range p.Make {
		if in == "" {
			in = f.conn.schema
		}
		wanted[in], made[in] = true, true
	}
	for _, n := range p.Write {
		wanted[f.schemaOf(n)] = true
	}
	rows, err := f.session.query(ctx, `SELECT nspname, pg_catalog.has_schema_privilege(oid, 'CREATE'),
 (SELECT count(*) FROM pg_catalog.pg_class c WHERE c.relnamespace = n.oid AND c.relname IN ('_sync_journal', '_sync_chunk', '_sync_metadata')) FROM pg_catalog.pg_namespace n ORDER BY 1`)
	if err != nil {
		return err
	}
	for _, r := range rows {
		needs := wanted[r[0]] && (r[0] != f.conn.schema || r[2] != fmt.Sprint(ledgerTables) || f.anyMissing(ctx, p, r[0]))
		delete(wanted, r[0])
		if r[1] != "t" && (made[r[0]] || needs && (r[0] == f.conn.schema || f.anyMissing(ctx, p, r[0]))) {
			f.fatal("GRANT CREATE, USAGE ON SCHEMA "+quoteIfNeeded(r[0])+" TO "+f.role, "to make tables, indexes or types in schema %q, the role needs CREATE on it", r[0])
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	got, err := f.session.queryRow(ctx, "SELECT pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE')")
	if err == nil && got[0] != "t" {
		f.fatal("GRANT CREATE ON DATABASE "+quoteIfNeeded(f.conn.database)+" TO "+f.role, "to make a schema, the role needs CREATE on the database")
	}
	return err
}

// anyMissing reports whether a table that is to be written is not in a schema yet.
func (f *preflight) anyMissing(ctx context.Context, p providers.Preflight, in string) bool {
	var names []schema.Name
	for _, n := range p.Write {
		if f.schemaOf(n) == in {
			names = append(names, n)
		}
	}
	facts, err := f.tables(ctx, names)
	return err != nil || len(facts) < len(names)
}
