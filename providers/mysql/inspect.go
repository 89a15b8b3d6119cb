package mysql

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/ledger"
	"github.com/syncform/syncform/providers/schema"
)

// Inspect reads the catalogue: the list of tables, their definitions by SHOW CREATE
// TABLE in packets of createsPerTrip statements, and what stands beside the tables.
// A table that the session may not look into is one of Others, unless it was asked
// for by name.
func (c *Conn) Inspect(ctx context.Context, o providers.InspectOptions) (*schema.Database, error) {
	db := &schema.Database{System: c.server.system, Version: c.server.version, VersionNum: c.server.num, Name: c.database, Charset: c.server.charset, Collation: c.server.collation}
	err := c.with(ctx, func(s *session) error {
		var err error
		if db.Identity, err = c.identity(ctx, s); err != nil {
			return err
		}
		list, err := c.listTables(ctx, s, o)
		if err != nil {
			return err
		}
		if err := c.inspectTables(ctx, s, db, list, o.Tables != nil); err != nil {
			return err
		}
		if err := c.inspectSequences(ctx, s, db, list); err != nil {
			return err
		}
		if o.NoEstimates || o.Tables != nil {
			return nil
		}
		return c.inspectOthers(ctx, s, db, list)
	})
	if err != nil {
		return nil, fmt.Errorf("inspect database %s: %w", c.database, err)
	}
	slices.SortFunc(db.Tables, func(a, b schema.Table) int { return a.Name.Compare(b.Name) })
	slices.SortFunc(db.Sequences, func(a, b schema.Sequence) int { return a.Name.Compare(b.Name) })
	slices.SortFunc(db.Others, func(a, b schema.Object) int {
		if n := strings.Compare(a.Kind, b.Kind); n != 0 {
			return n
		}
		return a.Name.Compare(b.Name)
	})
	return db, nil
}

// identity says which database this is. MariaDB has no number of its own that
// survives a restart everywhere, so where it lives stands for it.
func (c *Conn) identity(ctx context.Context, s *session) (string, error) {
	rows, err := s.query(ctx, "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('server_uuid', 'hostname', 'port', 'datadir')")
	if err != nil {
		return "", err
	}
	v := map[string]string{}
	for _, r := range rows {
		v[r[0]] = r[1]
	}
	id := v["server_uuid"]
	if id == "" {
		sum := sha256.Sum256([]byte(v["hostname"] + "\x00" + v["port"] + "\x00" + v["datadir"]))
		id = hex.EncodeToString(sum[:12])
	}
	return id + "/" + c.database, nil
}

// listed is a row of information_schema.TABLES.
type listed struct {
	name, kind  string
	rows, bytes int64
}

func (c *Conn) listTables(ctx context.Context, s *session, o providers.InspectOptions) ([]listed, error) {
	columns := "IFNULL(TABLE_ROWS, -1), IFNULL(DATA_LENGTH, -1)"
	if o.NoEstimates {
		columns = "-1, -1"
	}
	text := "SELECT TABLE_NAME, TABLE_TYPE, " + columns + " FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()"
	if o.Tables != nil {
		var names []string
		for _, n := range o.Tables {
			if n.Schema == "" || n.Schema == c.database {
				names = append(names, literal(n.Name))
			}
		}
		if len(names) == 0 {
			return nil, nil
		}
		text += " AND TABLE_NAME IN (" + strings.Join(names, ", ") + ")"
	}
	rows, err := s.query(ctx, text)
	if err != nil {
		return nil, err
	}
	var list []listed
	for _, r := range rows {
		if o.Tables == nil && ledger.IsOurs(r[0]) || r[1] == "TEMPORARY" || o.Tables != nil && !c.wanted(o.Tables, r[0]) {
			continue
		}
		l := listed{name: r[0], kind: r[1], rows: -1, bytes: -1}
		if l.rows, err = strconv.ParseInt(r[2], 10, 64); err != nil {
			l.rows = -1 // past int64: as good as unknown
		}
		if l.bytes, err = strconv.ParseInt(r[3], 10, 64); err != nil {
			l.bytes = -1
		}
		list = append(list, l)
	}
	return list, nil
}

// wanted compares as the names were written: the server may compare without case.
func (c *Conn) wanted(names []schema.Name, table string) bool {
	return slices.ContainsFunc(names, func(n schema.Name) bool {
		return n.Name == table || c.server.foldNames && strings.EqualFold(n.Name, table)
	})
}

func (l listed) isTable() bool { return l.kind == "BASE TABLE" || l.kind == "SYSTEM VERSIONED" }

const (
	createsPerTrip = 100
	// tablesForTwo is from how many tables on a second session helps.
	tablesForTwo = 200
)

// inspectTables reads the definitions, over two sessions where there are many.
func (c *Conn) inspectTables(ctx context.Context, s *session, db *schema.Database, list []listed, strict bool) error {
	var tables []listed
	for _, l := range list {
		if l.isTable() {
			tables = append(tables, l)
		}
	}
	if len(tables) < tablesForTwo {
		return c.inspectSome(ctx, s, db, tables, strict)
	}
	var other schema.Database
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error { return c.inspectSome(gctx, s, db, tables[:len(tables)/2], strict) })
	g.Go(func() error {
		return c.with(gctx, func(s *session) error { return c.inspectSome(gctx, s, &other, tables[len(tables)/2:], strict) })
	})
	if err := g.Wait(); err != nil {
		return err
	}
	db.Tables, db.Others = append(db.Tables, other.Tables...), append(db.Others, other.Others...)
	return nil
}

func (c *Conn) inspectSome(ctx context.Context, s *session, db *schema.Database, list []listed, strict bool) error {
	for len(list) > 0 {
		part := list[:min(len(list), createsPerTrip)]
		creates := make([]string, len(part))
		for i, l := range part {
			creates[i] = "SHOW CREATE TABLE " + ident(l.name)
		}
		read := 0
		err := s.each(ctx, strings.Join(creates, ";\n"), func(r []string) error {
			l := part[read]
			read++
			t, doubtful, err := c.server.readCreate(r[1], c.database)
			if err != nil {
				return err
			}
			if err := c.askDefaults(ctx, &t, doubtful); err != nil {
				return err
			}
			t.Name, t.Rows, t.Bytes = schema.Name{Name: l.name}, l.rows, l.bytes
			if t.Unfinished = ledger.Unfinished(&t); t.Unfinished != nil {
				maps.DeleteFunc(t.Options, func(key, _ string) bool { return ledger.IsRetyped(strings.TrimPrefix(key, explicitCollation)) })
			}
			db.Tables = append(db.Tables, t)
			return nil
		})
		if err != nil {
			// The server ends the packet at the first table that it can't show.
			refused := serverError(err)
			if refused == nil || strict && refused.Number != errNoSuchTable || read >= len(part) {
				return err
			}
			if refused.Number != errNoSuchTable { // else it has been dropped since it was listed
				db.Others = append(db.Others, schema.Object{Kind: "unreadable table", Name: schema.Name{Name: part[read].name}})
			}
			read++
		}
		list = list[read:]
	}
	return nil
}

// inspectOthers lists what is seen and not managed.
func (c *Conn) inspectOthers(ctx context.Context, s *session, db *schema.Database, list []listed) error {
	for _, l := range list {
		switch l.kind {
		case "VIEW":
			db.Others = append(db.Others, schema.Object{Kind: "view", Name: schema.Name{Name: l.name}})
		case "BASE TABLE", "SYSTEM VERSIONED", "SEQUENCE":
		default:
			db.Others = append(db.Others, schema.Object{Kind: strings.ToLower(l.kind), Name: schema.Name{Name: l.name}})
		}
	}
	rows, err := s.query(ctx, "SELECT LOWER(ROUTINE_TYPE), ROUTINE_NAME, '', '' FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE()"+
		" UNION ALL SELECT 'trigger', TRIGGER_NAME, EVENT_OBJECT_TABLE, CONCAT(ACTION_TIMING, ' ', EVENT_MANIPULATION) FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE()"+
		" UNION ALL SELECT 'event', EVENT_NAME, '', '' FROM information_schema.EVENTS WHERE EVENT_SCHEMA = DATABASE()")
	if err != nil {
		return err
	}
	for _, r := range rows {
		if !ledger.IsRetyped(r[1]) {
			db.Others = append(db.Others, schema.Object{Kind: r[0], Name: schema.Name{Name: r[1]}, On: schema.Name{Name: r[2]}, Definition: r[3]})
		}
	}
	return nil
}

// inspectSequences reads MariaDB's sequences: each is a table of one row.
func (c *Conn) inspectSequences(ctx context.Context, s *session, db *schema.Database, list []listed) error {
	var parts []string
	for _, l := range list {
		if l.kind == "SEQUENCE" {
			parts = append(parts, "SELECT "+literal(l.name)+", start_value, increment, minimum_value, maximum_value, cache_size, cycle_option FROM "+ident(l.name))
		}
	}
	if len(parts) == 0 {
		return nil
	}
	rows, err := s.query(ctx, strings.Join(parts, " UNION ALL "))
	if err != nil {
		return err
	}
	for _, r := range rows {
		db.Sequences = append(db.Sequences, schema.Sequence{Name: schema.Name{Name: r[0]}, Type: "bigint",
			Start: r[1], Increment: r[2], Min: r[3], Max: r[4], Cache: r[5], Cycle: r[6] == "1"})
	}
	return nil
}
