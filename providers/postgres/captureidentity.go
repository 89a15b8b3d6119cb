package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// identityNote is what CaptureTable.Undo holds: how a table's replica identity was.
type identityNote struct {
	Table    schema.Name `json:"table"`
	Identity string      `json:"identity"` // DEFAULT, FULL, NOTHING, USING INDEX ...
}

// planIdentity sees to it that old rows carry the key, or all of the row.
func (p *capturePlanner) planIdentity(ctx context.Context, t *providers.CaptureTable) error {
	f := p.factsOf(t.Table.Name)
	if f == nil {
		p.fatal("", "there is no table %s at the source", t.Table.Name)
		return nil
	}
	var notes []identityNote
	if p.have != nil {
		for _, h := range p.have.Tables {
			if h.Table.Name == t.Table.Name && h.Undo != "" {
				if err := json.Unmarshal([]byte(h.Undo), &notes); err != nil {
					return fmt.Errorf("bug in syncform: the note of table %s: %w", t.Table.Name, err)
				}
			}
		}
	}
	full := t.FullImages || p.plan.Capture.Before
	for _, rel := range append([]*captureFacts{f}, f.below...) {
		switch {
		case rel.kind != "r" && rel.kind != "p":
			p.fatal("", "%s is no table, so logical replication does not bring its changes: capture by polling, or leave it out", rel.name)
			continue
		case rel.persistence != "p":
			p.fatal("ALTER TABLE "+quoteNameIfNeeded(rel.name)+" SET LOGGED", "table %s is unlogged, so logical replication does not bring its changes", rel.name)
			continue
		case !rel.selects:
			p.fatal("GRANT SELECT ON "+quoteNameIfNeeded(rel.name)+" TO "+p.role, "to read table %s, the role needs SELECT", rel.name)
		}
		identity, done, why := rel.wantedIdentity(t.Table.Key, full)
		if identity != "FULL" && (identity != "" || rel.identity != "f") && rel.selects {
			if err := p.findLong(ctx, t, rel); err != nil {
				return err
			}
		}
		if p.conn.version >= 180000 && (identity == "FULL" || identity == "" && rel.identity == "f") {
			if rel.virtual {
				p.fatal("", "table %s has a computed column that is not stored, and with old rows logged whole (REPLICA IDENTITY FULL) the server would refuse updates of it: let the mapping's key be one that a unique index over columns that are NOT NULL backs, without capture_before_values", rel.name)
				continue
			}
			p.sendComputed = p.sendComputed || rel.stored
		}
		if identity == "" {
			continue
		}
		text := "ALTER TABLE " + tableRef(rel.name, rel.kind == "r") + " REPLICA IDENTITY " + identity
		if !rel.owner {
			p.fatal(text, "only the owner of table %s can set its replica identity, without which its updates and deletes don't say of which row they are", rel.name)
			continue
		}
		if err := p.findOthers(ctx, rel, identity == "FULL"); err != nil {
			return err
		}
		if why != "" {
			p.note("table %s: %s", rel.name, why)
		}
		p.step(text, "SELECT "+done+" FROM pg_catalog.pg_class c WHERE c.oid = "+literal(quoteName(rel.name))+"::pg_catalog.regclass")
		if !slices.ContainsFunc(notes, func(n identityNote) bool { return n.Table == rel.name }) {
			notes = append(notes, identityNote{rel.name, rel.identitySQL()})
		}
	}
	if len(notes) > 0 {
		undo, err := json.Marshal(notes)
		if err != nil {
			return err
		}
		t.Undo = string(undo)
	}
	return nil
}

// longRows is how many rows of a table are looked at for values that events leave out.
const longRows = 1000

// findLong warns of columns that filters and expressions read and whose values the server
// keeps outside of their rows: an update that leaves such a value as it is does not carry
// it, unless old rows are logged whole.
func (p *capturePlanner) findLong(ctx context.Context, t *providers.CaptureTable, rel *captureFacts) error {
	var names, sizes, columns []string
	for _, c := range t.Needs {
		if slices.Contains(t.Table.Key, c) {
			continue
		}
		names, columns = append(names, c), append(columns, quote(c))
		sizes = append(sizes, "coalesce(max(pg_catalog.pg_column_size("+quote(c)+")), 0) > 1000")
	}
	if len(names) == 0 {
		return nil
	}
	long, err := p.session.queryRow(ctx, fmt.Sprintf("SELECT %s FROM (SELECT %s FROM %s LIMIT %d) x", strings.Join(sizes, ", "), strings.Join(columns, ", "), tableRef(rel.name, rel.kind == "r"), longRows))
	if err != nil {
		return fmt.Errorf("look for long values in table %s: %w", rel.name, classify(err))
	}
	for i, c := range names {
		if long[i] == "t" {
			p.plan.Findings = append(p.plan.Findings, providers.Finding{
				Table: t.Table.Name, Column: c, Fix: "ALTER TABLE " + tableRef(rel.name, rel.kind == "r") + " REPLICA IDENTITY FULL",
				Text: fmt.Sprintf("table %s keeps long values of column %q outside of its rows, and an update that leaves one as it is does not carry it: the row is then read again from the source. Where that is often, let the log hold old rows whole", rel.name, c),
			})
		}
	}
	return nil
}

// identitySQL is the identity as it is.
func (f *captureFacts) identitySQL() string {
	switch f.identity {
	case "f":
		return "FULL"
	case "n":
		return "NOTHING"
	case "i":
		for _, x := range f.indexes {
			if x.identity {
				return "USING INDEX " + quote(x.name)
			}
		}
	}
	return "DEFAULT"
}

// wantedIdentity says which replica identity the table must get, "" where the one that it
// has will do. An index that somebody else chose is not exchanged for another: all columns
// serve both.
func (f *captureFacts) wantedIdentity(key []string, full bool) (identity, done, why string) {
	const isFull = "c.relreplident = 'f'"
	switch {
	case f.identity == "f":
		return "", "", ""
	case full:
		return "FULL", isFull, "the whole of every old row is written to the source's log (REPLICA IDENTITY FULL), because before-values are needed"
	}
	for _, x := range f.indexes {
		if sameColumns(x.columns, key) && (f.identity == "d" && x.primary || f.identity == "i" && x.identity) {
			return "", "", ""
		}
	}
	for _, x := range f.indexes {
		if !x.usable || !sameColumns(x.columns, key) || f.identity == "i" {
			continue
		}
		if x.primary {
			return "DEFAULT", "c.relreplident = 'd'", ""
		}
		return "USING INDEX " + quote(x.name), "EXISTS (SELECT FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid WHERE i.indrelid = c.oid AND i.indisreplident AND x.relname = " + literal(x.name) + ")", ""
	}
	return "FULL", isFull, "the whole of every old row is written to the source's log (REPLICA IDENTITY FULL), because no unique index over columns that are NOT NULL backs the key (" + strings.Join(key, ", ") + ")"
}

func sameColumns(a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	for _, x := range a {
		if !slices.Contains(b, x) {
			return false
		}
	}
	return true
}

// undoIdentity puts replica identities back that a capture changed, but for tables that
// are in another publication.
func (c slotCapture) undoIdentity(ctx context.Context, s *session, cp providers.Capture, t providers.CaptureTable) (steps []providers.Step, err error) {
	if t.Undo == "" {
		return nil, nil
	}
	var notes []identityNote
	if err := json.Unmarshal([]byte(t.Undo), &notes); err != nil {
		return nil, fmt.Errorf("bug in syncform: the note of table %s: %w", t.Table.Name, err)
	}
	for _, n := range notes {
		rows, err := s.query(ctx, `SELECT c.relkind, c.relreplident, coalesce((SELECT x.relname FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid WHERE i.indrelid = c.oid AND i.indisreplident), ''),
 EXISTS (SELECT FROM pg_catalog.pg_publication_rel r JOIN pg_catalog.pg_publication p ON p.oid = r.prpubid WHERE r.prrelid = c.oid AND p.pubname <> $3)
 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2`, n.Table.Schema, n.Table.Name, cp.Publication)
		if err != nil {
			return nil, classify(err)
		}
		if len(rows) == 0 || rows[0][3] == "t" {
			continue
		}
		now := captureFacts{identity: rows[0][1], indexes: []captureIndex{{name: rows[0][2], identity: true}}}
		if now.identitySQL() == n.Identity {
			continue
		}
		is := "c.relreplident = " + literal(strings.ToLower(n.Identity[:1]))
		if index, ok := strings.CutPrefix(n.Identity, "USING INDEX "); ok {
			is = "EXISTS (SELECT FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid WHERE i.indrelid = c.oid AND i.indisreplident AND pg_catalog.quote_ident(x.relname) IN (" + literal(index) + ", " + literal(strings.Trim(index, `"`)) + "))"
		}
		steps = append(steps, providers.Step{
			Text:          "ALTER TABLE " + tableRef(n.Table, rows[0][0] == "r") + " REPLICA IDENTITY " + n.Identity,
			Done:          "SELECT coalesce(bool_or(" + is + "), true) FROM pg_catalog.pg_class c WHERE c.oid = pg_catalog.to_regclass(" + literal(quoteName(n.Table)) + ")",
			Transactional: true, LockTimeout: lockTimeout,
		})
	}
	return steps, nil
}
