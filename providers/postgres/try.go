package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
	"github.com/syncform/syncform/providers/script"
)

// TrySchema runs the files in one transaction, reads the catalogue inside it and rolls
// it back, so that nothing is left even where this process or the server dies.
func (c *Conn) TrySchema(ctx context.Context, files []script.File, o providers.InspectOptions) (*schema.Database, error) {
	var statements []script.Statement
	for _, f := range files {
		list, err := script.Split(schema.PostgreSQL, f)
		if err != nil {
			return nil, err
		}
		statements = append(statements, list...)
	}
	s, err := c.acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer c.release(s)
	identity, err := c.systemIdentifier(ctx, s)
	if err != nil {
		return nil, err
	}
	// Bodies of functions may name what comes later.
	if err := s.exec(ctx, "BEGIN; SET LOCAL check_function_bodies = off"); err != nil {
		return nil, classify(err)
	}
	defer s.rollback()
	if err := c.isEmpty(ctx, s); err != nil {
		return nil, err
	}
	if err := s.exec(ctx, "CREATE SCHEMA IF NOT EXISTS "+quote(c.schema)); err != nil {
		return nil, fmt.Errorf("prepare the scratch database: %w", classify(err))
	}
	for _, st := range statements {
		text, skip, err := runnable(st)
		if err == nil && !skip {
			err = s.exec(ctx, text)
		}
		if err != nil {
			return nil, tryError(st, text, err)
		}
	}
	r, err := readCatalogue(ctx, s, scope{namespace: userNamespaces, types: userNamespaces, tables: o.Tables, estimates: !o.NoEstimates}, "SET LOCAL search_path = ''; ", "")
	if err != nil {
		return nil, fmt.Errorf("read the catalogue: %w", err)
	}
	db := r.database()
	c.describe(db, identity)
	return db, nil
}

// isEmpty looks for anything that is neither the server's nor an extension's.
func (c *Conn) isEmpty(ctx context.Context, s *session) error {
	const found = `SELECT 'schema ' || quote_ident(n.nspname) FROM pg_catalog.pg_namespace n WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'public')
	AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.objid = n.oid AND d.classid = 'pg_catalog.pg_namespace'::pg_catalog.regclass AND d.deptype = 'e')
 UNION ALL SELECT CASE c.relkind WHEN 'v' THEN 'view ' WHEN 'S' THEN 'sequence ' WHEN 'm' THEN 'materialized view ' ELSE 'table ' END || c.oid::pg_catalog.regclass FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
	WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
	AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.objid = c.oid AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype = 'e')
 UNION ALL SELECT 'type ' || t.oid::pg_catalog.regtype FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
	WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND t.typtype IN ('e', 'd')
	AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.objid = t.oid AND d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND d.deptype = 'e')
 UNION ALL SELECT 'function ' || p.oid::pg_catalog.regprocedure FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
	WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
	AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.objid = p.oid AND d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.deptype = 'e') LIMIT 1`
	rows, err := s.query(ctx, found)
	if err != nil {
		return fmt.Errorf("look whether the scratch database is empty: %w", classify(err))
	}
	if len(rows) > 0 {
		return &providers.NotEmptyError{Database: c.database, Holds: rows[0][0]}
	}
	return nil
}

// runnable gives a statement as it can stand in the transaction. skip is set for
// ownership, privileges and what begins or ends transactions.
func runnable(st script.Statement) (text string, skip bool, err error) {
	w := script.Words(st.Text, 12)
	if len(w) == 0 {
		return st.Text, true, nil
	}
	switch w[0] {
	case "GRANT", "REVOKE", "BEGIN", "COMMIT", "END", "ROLLBACK", "ABORT", "SAVEPOINT", "RELEASE", "VACUUM", "ANALYZE", "CHECKPOINT", "REINDEX", "CLUSTER":
		return st.Text, true, nil
	case "START":
		return st.Text, len(w) > 1 && w[1] == "TRANSACTION", nil
	case "SECURITY":
		return st.Text, true, nil
	case "CREATE", "DROP":
		if len(w) > 1 && (w[1] == "DATABASE" || w[1] == "TABLESPACE" || w[1] == "SUBSCRIPTION") {
			return st.Text, false, fmt.Errorf("%s %s can't be tried out: it concerns more than this database. Take it out of the files", w[0], w[1])
		}
		if len(w) > 1 && (w[1] == "ROLE" || w[1] == "USER" && (len(w) < 3 || w[2] != "MAPPING") || w[1] == "GROUP") {
			return st.Text, true, nil
		}
		for i, x := range w[:min(len(w), 5)] {
			if x == "CONCURRENTLY" && i > 0 {
				return withoutWord(st.Text, "CONCURRENTLY"), false, nil
			}
		}
	case "ALTER":
		if len(w) > 1 && (w[1] == "ROLE" || w[1] == "USER" || w[1] == "DATABASE" || w[1] == "SYSTEM" || w[1] == "DEFAULT") {
			return st.Text, true, nil
		}
		if changesOwner(st.Text) {
			return st.Text, true, nil
		}
	}
	return st.Text, false, nil
}

// changesOwner reports whether ALTER ... ends with OWNER TO somebody.
func changesOwner(text string) bool {
	w := strings.Fields(strings.TrimRight(text, "; \n"))
	n := len(w)
	return n >= 3 && strings.EqualFold(w[n-3], "OWNER") && strings.EqualFold(w[n-2], "TO")
}

// withoutWord takes the first such bare word out of a statement that begins with it.
func withoutWord(text, word string) string {
	i := strings.Index(strings.ToUpper(text), word)
	if i < 0 {
		return text
	}
	return text[:i] + text[i+len(word):]
}

// tryError names the place of the statement; where the server says at which character,
// the line of that.
func tryError(st script.Statement, text string, err error) error {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		if n := int(pg.Position); n > 0 && text == st.Text {
			if r := []rune(text); n <= len(r) {
				st.Line += strings.Count(string(r[:n-1]), "\n")
			}
		}
		if pg.Code == "53200" {
			err = fmt.Errorf("%w: the whole schema is tried out in one transaction, which holds a lock on each of its tables and indexes; raise max_locks_per_transaction of the scratch server", err)
		}
	}
	return &providers.ScriptError{Statement: st, Err: classify(err)}
}
