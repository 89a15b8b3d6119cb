package postgres

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// changeLog is the table that triggers write to. It has a row for each row of a table
// that a statement has changed, once per sync.
const changeLog = "_change_log"

func (c *Conn) changeLog() string { return quote(c.schema) + "." + changeLog }

// The operations in the log, besides i, u and d.
const (
	logTruncate  = "t"
	logPartition = "p" // a part of the table was truncated, whose keys nobody knows
	logFailed    = "x" // a change could not be noted
	logPruned    = "m" // a mark: the snapshot up to which rows were removed
)

func (c *Conn) changeLogSQL() string {
	return "CREATE TABLE IF NOT EXISTS " + c.changeLog() + ` (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, sync text NOT NULL, table_name text NOT NULL, operation "char" NOT NULL,` +
		` key text[], before text[], changed_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(), xid xid8 NOT NULL DEFAULT pg_catalog.pg_current_xact_id());` +
		` CREATE INDEX IF NOT EXISTS _change_log_xid ON ` + c.changeLog() + ` (sync, xid); CREATE INDEX IF NOT EXISTS _change_log_unnoted ON ` + c.changeLog() + ` (sync) WHERE operation IN ('` + logFailed + `', '` + logPartition + `')`
}

// triggerFunction is the name of the function that notes a table's changes for a sync.
func triggerFunction(sync, table string) string {
	sum := sha256.Sum256([]byte(sync + "\x00" + table))
	return "_sync_capture_" + hex.EncodeToString(sum[:8])
}

// logName is how the log calls a table.
func (c *Conn) logName(n schema.Name) string {
	if n.Schema == "" {
		n.Schema = c.schema
	}
	return quoteName(n)
}

// functionComment marks a function as ours; it changes with what the function does, and
// tells one whose body somebody exchanged.
func functionComment(sync, text, body string) string {
	sum := sha256.Sum256([]byte(text))
	return functionMark(sync) + hex.EncodeToString(sum[:8]) + bodyMark + bodyHash(body)
}

// bodyMark begins the hash of a function's body in its comment.
const bodyMark = ", body "

// triggersMark begins the last part of a function's comment, where it is not of an earlier
// version: what tells the triggers that syncform made on the table itself from any that were
// made, or turned off and on, after them.
const triggersMark = ", triggers "

// triggersShown is that part, as an expression over the function p.
func triggersShown(table string) string {
	return "pg_catalog.left(pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(coalesce((SELECT pg_catalog.string_agg(g.oid || ' ' || g.xmin, ',' ORDER BY g.oid) FROM pg_catalog.pg_trigger g WHERE g.tgfoid = p.oid AND g.tgrelid = " + table + "), ''), 'UTF8')), 'hex'), 16)"
}

func bodyHash(body string) string {
	sum := sha256.Sum256([]byte(body))
	return hex.EncodeToString(sum[:8])
}

func functionMark(sync string) string { return "made by syncform for " + sync + ": " }

// planTriggers plans a capture by triggers.
func (p *capturePlanner) planTriggers(ctx context.Context) error {
	c := &p.plan.Capture
	c.Publication, c.Slot = "", ""
	p.plan.Start = "note the place in " + p.conn.changeLog()
	if p.settings.recovery {
		p.fatal("", "%s is a standby: triggers can only be made on the primary", p.conn.addr)
		return nil
	}
	if !p.settings.logTable {
		if !p.settings.schemaCreate {
			p.fatal("GRANT CREATE, USAGE ON SCHEMA "+quoteIfNeeded(p.conn.schema)+" TO "+p.role, "to make the table %s, the role needs CREATE on its schema", p.conn.changeLog())
		}
	}
	p.step(p.conn.changeLogSQL(), "SELECT pg_catalog.to_regclass("+literal(p.conn.changeLog())+") IS NOT NULL")
	wanted := map[string]bool{}
	for _, t := range c.Tables {
		f := p.factsOf(t.Table.Name)
		if f == nil {
			p.fatal("", "there is no table %s at the source", t.Table.Name)
			continue
		}
		name := triggerFunction(c.Sync, p.conn.logName(f.name))
		wanted[name] = true
		if !p.triggersAllowed(t, f) {
			continue
		}
		text, done, err := p.conn.triggersSQL(*c, t, f, name)
		if err != nil {
			return err
		}
		p.step(text, done)
		if !p.settings.logTable {
			continue
		}
		// The table is loaded anew for what they tell.
		unnoted := " FROM " + p.conn.changeLog() + " l WHERE sync = " + literal(c.Sync) + " AND table_name = " + literal(p.conn.logName(f.name)) + " AND " + p.conn.unnoted("l")
		p.step("DELETE"+unnoted, "SELECT NOT EXISTS (SELECT"+unnoted+")")
	}
	if err := p.notePartitions(ctx); err != nil {
		return err
	}
	if err := p.dropTriggers(ctx, wanted); err != nil {
		return err
	}
	return p.onlyUndone(ctx)
}

// onlyUndone leaves out the steps whose effect is there.
func (p *capturePlanner) onlyUndone(ctx context.Context) error {
	var undone []providers.Step
	for _, s := range p.plan.Steps {
		got, err := p.session.queryRow(ctx, s.Done)
		if err != nil {
			return classify(err)
		}
		if got[0] != "t" {
			undone = append(undone, s)
		}
	}
	p.plan.Steps = undone
	return nil
}

func (p *capturePlanner) triggersAllowed(t providers.CaptureTable, f *captureFacts) bool {
	if len(t.Table.Key) == 0 {
		p.fatal("", "table %s has no key, by which triggers note rows", f.name)
		return false
	}
	ok := true
	for _, rel := range append([]*captureFacts{f}, f.below...) {
		switch {
		case rel.kind != "r" && rel.kind != "p":
			p.fatal("", "%s is no table, so it has no triggers for its rows: capture by polling, or leave it out", rel.name)
			ok = false
		case !rel.trigger && !rel.owner:
			p.fatal("GRANT TRIGGER ON "+quoteNameIfNeeded(rel.name)+" TO "+p.role, "to make triggers on table %s, the role needs TRIGGER", rel.name)
			ok = false
		case !rel.owner:
			p.note("the role does not own table %s: changes that sessions with session_replication_role = replica make are not seen", rel.name)
		}
	}
	return ok
}

// triggersSQL makes a table's function and the triggers of it and its partitions.
func (c *Conn) triggersSQL(cp providers.Capture, t providers.CaptureTable, f *captureFacts, name string) (text, done string, err error) {
	function := quote(c.schema) + "." + quote(name)
	body := c.functionBody(cp, t, f)
	var b strings.Builder
	b.WriteString(functionSQL(function, body))
	events := []string{"INSERT", "UPDATE"}
	if cp.Deletes {
		events = append(events, "DELETE", "TRUNCATE")
	}
	count := 0
	for _, rel := range append([]*captureFacts{f}, f.below...) {
		ref := quoteName(rel.name)
		for _, e := range events {
			trigger := name + "_" + strings.ToLower(e[:1])
			referencing := map[string]string{"INSERT": " REFERENCING NEW TABLE AS sync_new", "UPDATE": " REFERENCING OLD TABLE AS sync_old NEW TABLE AS sync_new", "DELETE": " REFERENCING OLD TABLE AS sync_old"}[e]
			fmt.Fprintf(&b, "; CREATE OR REPLACE TRIGGER %s AFTER %s ON %s%s FOR EACH STATEMENT EXECUTE FUNCTION %s()", trigger, e, ref, referencing, function)
			if rel.owner {
				fmt.Fprintf(&b, "; ALTER TABLE %s ENABLE ALWAYS TRIGGER %s", ref, trigger)
			}
			count++
		}
	}
	comment := functionComment(cp.Sync, b.String(), body)
	b.WriteString("; " + c.dropStrays(name, f))
	full := literal(comment+triggersMark) + " || " + triggersShown(f.oid)
	b.WriteString("; DO " + dollar("BEGIN EXECUTE (SELECT 'COMMENT ON FUNCTION ' || "+literal(function)+" || '() IS ' || pg_catalog.quote_literal("+full+") FROM pg_catalog.pg_proc p WHERE p.oid = "+literal(function+"()")+"::pg_catalog.regprocedure); END"))
	done = fmt.Sprintf("SELECT coalesce((SELECT pg_catalog.obj_description(p.oid, 'pg_proc') IN (%s, %s) AND pg_catalog.left(pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(p.prosrc, 'UTF8')), 'hex'), 16) = %s AND (SELECT count(*) FROM pg_catalog.pg_trigger g WHERE g.tgfoid = p.oid AND g.tgenabled <> 'D') = %d FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = %s AND p.proname = %s), false)",
		literal(comment), full, literal(bodyHash(body)), count, literal(c.schema), literal(name))
	return b.String(), done, nil
}

// dropStrays drops the triggers of tables that were below f and are not any more.
func (c *Conn) dropStrays(name string, f *captureFacts) string {
	oids := []string{f.oid}
	for _, rel := range f.below {
		oids = append(oids, rel.oid)
	}
	return "DO " + dollar("DECLARE stray record; BEGIN FOR stray IN SELECT g.tgname, g.tgrelid FROM pg_catalog.pg_trigger g JOIN pg_catalog.pg_proc p ON p.oid = g.tgfoid JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = "+
		literal(c.schema)+" AND p.proname = "+literal(name)+" AND g.tgrelid NOT IN ("+strings.Join(oids, ", ")+") LOOP EXECUTE pg_catalog.format('DROP TRIGGER %I ON %s', stray.tgname, stray.tgrelid::regclass); END LOOP; END")
}

// functionBody writes what the function does. What its own INSERT runs into must not reach
// the user's statement: then it notes that something is missing.
func (c *Conn) functionBody(cp providers.Capture, t providers.CaptureTable, f *captureFacts) string {
	var key, before []string
	for _, k := range t.Table.Key {
		key = append(key, textOf(t.Table, k))
	}
	for _, col := range t.Table.Columns {
		before = append(before, textOf(t.Table, col.Name))
	}
	keys := "ARRAY[" + strings.Join(key, ", ") + "]"
	head, with := "INSERT INTO "+c.changeLog()+" (sync, table_name, operation, key) SELECT "+literal(cp.Sync)+", "+literal(c.logName(f.name))+", ", ""
	oldHead := head
	if cp.Before {
		oldHead = strings.Replace(head, "operation, key)", "operation, key, before)", 1)
		with = ", ARRAY[" + strings.Join(before, ", ") + "]::text[]"
	}
	return `
BEGIN
  IF TG_OP = 'INSERT' THEN
    ` + head + `'i', ` + keys + ` FROM sync_new;
  ELSIF TG_OP = 'UPDATE' THEN
    ` + oldHead + `'u', ` + keys + with + ` FROM sync_old;
    ` + head + `'u', k FROM (SELECT ` + keys + ` AS k FROM sync_new EXCEPT SELECT ` + keys + ` FROM sync_old) n;
  ELSIF TG_OP = 'DELETE' THEN
    ` + oldHead + `'d', ` + keys + with + ` FROM sync_old;
  ELSIF TG_RELID = ` + f.oid + ` THEN
    INSERT INTO ` + c.changeLog() + ` (sync, table_name, operation) VALUES (` + literal(cp.Sync) + `, ` + literal(c.logName(f.name)) + `, 't');
  ELSE
    INSERT INTO ` + c.changeLog() + ` (sync, table_name, operation) SELECT ` + literal(cp.Sync) + `, ` + literal(c.logName(f.name)) + `, 'p' WHERE NOT EXISTS (
      SELECT FROM ` + c.changeLog() + ` WHERE sync = ` + literal(cp.Sync) + ` AND xid = pg_current_xact_id() AND table_name = ` + literal(c.logName(f.name)) + ` AND operation = 't');
  END IF;
  RETURN NULL;
EXCEPTION WHEN OTHERS THEN
  BEGIN
    INSERT INTO ` + c.changeLog() + ` (sync, table_name, operation, key) VALUES (` + literal(cp.Sync) + `, ` + literal(c.logName(f.name)) + `, 'x', ARRAY[SQLSTATE, SQLERRM]);
  EXCEPTION WHEN OTHERS THEN
    RAISE WARNING 'syncform could not note a change of table %: %', TG_RELID::regclass, SQLERRM;
  END;
  RETURN NULL;
END
`
}

func functionSQL(function, body string) string {
	return "CREATE OR REPLACE FUNCTION " + function + "() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO, MDY' SET timezone = 'UTC'" +
		" SET intervalstyle = 'postgres' SET extra_float_digits = 3 SET bytea_output = 'hex' SET array_nulls = on SET xmloption = 'content' SET lc_monetary = 'C' AS " + dollar(body)
}

// dollar quotes a body whatever names stand in it.
func dollar(body string) string {
	tag := "$sync$"
	for n := 0; strings.Contains(body, tag); n++ {
		tag = fmt.Sprintf("$sync%d$", n)
	}
	return tag + body + tag
}

// textOf writes a column as its type's own output has it, which a cast to text does not
// do for every type (boolean, inet).
func textOf(t providers.ReadTable, column string) string {
	name := quote(column)
	switch columnType(t, column).Kind {
	case schema.Int, schema.Text, schema.Varchar, schema.UUID, schema.Date, schema.Timestamp, schema.TimestampTZ, schema.Decimal, schema.Blob, schema.EnumKind:
		return name + "::text"
	}
	return "CASE WHEN " + name + " IS NOT NULL THEN format('%s', " + name + ") END"
}

// dropTriggers removes the functions of tables that are not wanted any more, and with them
// their triggers.
func (p *capturePlanner) dropTriggers(ctx context.Context, wanted map[string]bool) error {
	functions, err := p.conn.captureFunctions(ctx, p.session, p.plan.Capture.Sync)
	for _, name := range functions {
		if !wanted[name] {
			text, done := p.conn.dropFunction(name)
			p.step(text, done)
		}
	}
	return err
}

func (c *Conn) dropFunction(name string) (text, done string) {
	return "DROP FUNCTION IF EXISTS " + quote(c.schema) + "." + quote(name) + "() CASCADE",
		"SELECT NOT EXISTS (SELECT FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = " + literal(c.schema) + " AND p.proname = " + literal(name) + ")"
}

// captureFunctions lists our functions for a sync, or for all others where sync is not
// theirs.
func (c *Conn) captureFunctions(ctx context.Context, s *session, sync string) ([]string, error) {
	rows, err := s.query(ctx, `SELECT p.proname FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
 WHERE n.nspname = $1 AND p.proname LIKE '\_sync\_capture\_%' AND pg_catalog.starts_with(coalesce(pg_catalog.obj_description(p.oid, 'pg_proc'), ''), $2) ORDER BY 1`, c.schema, functionMark(sync))
	var names []string
	for _, r := range rows {
		names = append(names, r[0])
	}
	return names, classify(err)
}

func (c triggerCapture) teardown(ctx context.Context, s *session, cp providers.Capture) (steps []providers.Step, err error) {
	functions, err := c.captureFunctions(ctx, s, cp.Sync)
	if err != nil {
		return nil, err
	}
	for _, t := range cp.Tables { // also one whose comment is gone
		if name := triggerFunction(cp.Sync, c.logName(t.Table.Name)); !slices.Contains(functions, name) {
			functions = append(functions, name)
		}
	}
	step := func(text, done string) {
		steps = append(steps, providers.Step{Text: text, Done: done, Transactional: true, LockTimeout: lockTimeout})
	}
	for _, name := range functions {
		step(c.dropFunction(name))
	}
	there, err := s.queryRow(ctx, "SELECT pg_catalog.to_regclass($1) IS NOT NULL", c.changeLog())
	if err != nil {
		return nil, classify(err)
	}
	if there[0] != "t" {
		return steps, nil
	}
	others, err := s.queryRow(ctx, "SELECT EXISTS (SELECT FROM "+c.changeLog()+" WHERE sync <> $1)", cp.Sync)
	if err != nil {
		return nil, classify(err)
	}
	if others[0] == "t" {
		step("DELETE FROM "+c.changeLog()+" WHERE sync = "+literal(cp.Sync), "SELECT NOT EXISTS (SELECT FROM "+c.changeLog()+" WHERE sync = "+literal(cp.Sync)+")")
	} else {
		step("DROP TABLE "+c.changeLog(), "SELECT pg_catalog.to_regclass("+literal(c.changeLog())+") IS NULL")
	}
	return steps, nil
}
