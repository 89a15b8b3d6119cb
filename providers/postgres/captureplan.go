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

// PlanCapture chooses the method and says what following takes.
func (c *Conn) PlanCapture(ctx context.Context, want providers.Capture, have *providers.Capture) (providers.CapturePlan, error) {
	s, err := c.acquire(ctx)
	if err != nil {
		return providers.CapturePlan{}, err
	}
	defer c.release(s)
	p := &capturePlanner{conn: c, session: s, have: have, plan: providers.CapturePlan{Capture: want}}
	p.plan.Capture.Tables = slices.Clone(want.Tables)
	if err := p.look(ctx); err != nil {
		return providers.CapturePlan{}, fmt.Errorf("look at what the source offers for capture: %w", err)
	}
	p.named = want.Publication != ""
	if p.plan.Capture.Publication == "" {
		p.plan.Capture.Publication = captureName(want.Sync)
	}
	if p.plan.Capture.Slot == "" {
		p.plan.Capture.Slot = captureName(want.Sync)
	}
	if have != nil && want.Publication == "" && have.Publication != "" {
		p.plan.Capture.Publication = have.Publication
	}
	if have != nil && want.Slot == "" && have.Slot != "" {
		p.plan.Capture.Slot = have.Slot
	}
	if err := p.choose(ctx); err != nil {
		return providers.CapturePlan{}, err
	}
	return p.plan, nil
}

// captureName makes a name for a sync's objects of what slots allow.
func captureName(sync string) string {
	short := strings.TrimPrefix(sync, "sync.")
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '_' {
			return r
		}
		return '_'
	}, short)
	if name != short || len(name) > 40 {
		sum := sha256.Sum256([]byte(sync))
		name = cutBytes(name, 40) + "_" + hex.EncodeToString(sum[:4])
	}
	return "syncform_" + name
}

type capturePlanner struct {
	conn    *Conn
	session *session
	have    *providers.Capture
	plan    providers.CapturePlan
	named   bool // the publication's name was asked for
	// sendComputed says that the publication must send stored computed columns: else the
	// server (18 and later) refuses updates of tables whose old rows are logged whole.
	sendComputed bool

	role     string // quoted
	settings captureSettings
	tables   map[schema.Name]*captureFacts
}

type captureSettings struct {
	walLevel               string
	slots, maxSlots        int
	senders, maxSenders    int
	replication, create    bool // the role's rights: to replicate, to make a publication
	recovery, schemaCreate bool
	logTable               bool
}

// captureFacts is what the catalogue says of a table and of those below it.
type captureFacts struct {
	oid, kind, persistence, identity string
	name                             schema.Name
	owner                            bool
	ownerName                        string
	partition                        bool
	trigger, selects                 bool
	stored, virtual                  bool // it has columns that are computed, and kept or not
	indexes                          []captureIndex
	below                            []*captureFacts
}

type captureIndex struct {
	name              string
	columns           []string
	primary, identity bool
	usable            bool // as a replica identity
}

func (p *capturePlanner) fatal(fix, text string, args ...any) {
	p.plan.Findings = append(p.plan.Findings, providers.Finding{Fatal: true, Text: fmt.Sprintf(text, args...), Fix: fix})
}

func (p *capturePlanner) note(text string, args ...any) {
	p.plan.Findings = append(p.plan.Findings, providers.Finding{Text: fmt.Sprintf(text, args...)})
}

// look reads settings, rights and tables.
func (p *capturePlanner) look(ctx context.Context) error {
	set := func(name string) string { return "pg_catalog.current_setting('" + name + "')" }
	got, err := p.session.queryRow(ctx, `SELECT pg_catalog.quote_ident(current_user), `+set("wal_level")+`, (SELECT count(*) FROM pg_catalog.pg_replication_slots), `+set("max_replication_slots")+`,
 (SELECT count(*) FROM pg_catalog.pg_stat_replication), `+set("max_wal_senders")+`, r.rolsuper OR r.rolreplication OR EXISTS (SELECT FROM pg_catalog.pg_roles m WHERE m.rolname IN ('rds_replication', 'azure_replication') AND pg_catalog.pg_has_role(m.oid, 'USAGE')),
 pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE'), pg_catalog.pg_is_in_recovery(), coalesce((SELECT pg_catalog.has_schema_privilege(n.oid, 'CREATE') FROM pg_catalog.pg_namespace n WHERE n.nspname = $1), false),
 EXISTS (SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = '_change_log')
 FROM pg_catalog.pg_roles r WHERE r.rolname = current_user`, p.conn.schema)
	if err != nil {
		return classify(err)
	}
	p.role = got[0]
	p.settings = captureSettings{walLevel: got[1], slots: int(number(got[2])), maxSlots: int(number(got[3])), senders: int(number(got[4])), maxSenders: int(number(got[5])),
		replication: got[6] == "t", create: got[7] == "t", recovery: got[8] == "t", schemaCreate: got[9] == "t", logTable: got[10] == "t"}
	return p.lookAtTables(ctx)
}

func (p *capturePlanner) lookAtTables(ctx context.Context) error {
	p.tables = map[schema.Name]*captureFacts{}
	if len(p.plan.Capture.Tables) == 0 {
		return nil
	}
	var list []string
	for _, t := range p.plan.Capture.Tables {
		list = append(list, fmt.Sprintf("(%s, %s, %t)", literal(p.schemaOf(t.Table.Name)), literal(t.Table.Name.Name), t.Table.Only))
	}
	tree := `WITH RECURSIVE wanted(nsp, rel, only_) AS (VALUES ` + strings.Join(list, ", ") + `), tree(root, oid, depth) AS (
 SELECT c.oid, c.oid, 0 FROM wanted w JOIN pg_catalog.pg_namespace n ON n.nspname = w.nsp JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = w.rel
 UNION SELECT t.root, i.inhrelid, t.depth + 1 FROM tree t JOIN pg_catalog.pg_inherits i ON i.inhparent = t.oid JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
  WHERE c.relispartition OR NOT (SELECT w.only_ FROM wanted w JOIN pg_catalog.pg_namespace n ON n.nspname = w.nsp JOIN pg_catalog.pg_class r ON r.relnamespace = n.oid AND r.relname = w.rel WHERE r.oid = t.root)) `
	rows, err := p.session.query(ctx, tree+`SELECT t.root, c.oid, n.nspname, c.relname, c.relkind, c.relpersistence, c.relreplident, pg_catalog.pg_has_role(c.relowner, 'USAGE'), pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(c.relowner)),
 c.relispartition, pg_catalog.has_table_privilege(c.oid, 'TRIGGER'), pg_catalog.has_table_privilege(c.oid, 'SELECT') OR pg_catalog.has_any_column_privilege(c.oid, 'SELECT'),
 EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attgenerated = 's'), EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attgenerated = 'v')
 FROM tree t JOIN pg_catalog.pg_class c ON c.oid = t.oid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace ORDER BY t.depth, 3, 4`)
	if err != nil {
		return classify(err)
	}
	roots, all := map[string]*captureFacts{}, map[string][]*captureFacts{}
	for _, r := range rows {
		f := &captureFacts{oid: r[1], name: schema.Name{Schema: r[2], Name: r[3]}, kind: r[4], persistence: r[5], identity: r[6], owner: r[7] == "t", ownerName: r[8], partition: r[9] == "t", trigger: r[10] == "t", selects: r[11] == "t", stored: r[12] == "t", virtual: r[13] == "t"}
		all[f.oid] = append(all[f.oid], f)
		if r[0] == r[1] {
			roots[r[0]] = f
			p.tables[f.name] = f
		} else if root := roots[r[0]]; root != nil {
			root.below = append(root.below, f)
		}
	}
	indexes, err := p.session.query(ctx, tree+`SELECT i.indrelid, c.relname, i.indisprimary, i.indisreplident, i.indisunique AND i.indimmediate AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL AND NOT EXISTS (
  SELECT FROM pg_catalog.unnest(i.indkey::int2[]) WITH ORDINALITY k(att, ord) JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.att WHERE k.ord <= i.indnkeyatts AND NOT a.attnotnull),
 coalesce((SELECT pg_catalog.string_agg(a.attname, '`+listSep+`' ORDER BY k.ord) FROM pg_catalog.unnest(i.indkey::int2[]) WITH ORDINALITY k(att, ord) JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.att WHERE k.ord <= i.indnkeyatts), '')
 FROM (SELECT DISTINCT oid FROM tree) t JOIN pg_catalog.pg_index i ON i.indrelid = t.oid JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid WHERE i.indisunique ORDER BY 1, 2`)
	if err != nil {
		return classify(err)
	}
	for _, r := range indexes {
		x := captureIndex{name: r[1], primary: r[2] == "t", identity: r[3] == "t", usable: r[4] == "t", columns: strings.Split(r[5], listSep)}
		for _, f := range all[r[0]] {
			f.indexes = append(f.indexes, x)
		}
	}
	return nil
}

func (p *capturePlanner) schemaOf(n schema.Name) string {
	if n.Schema == "" {
		return p.conn.schema
	}
	return n.Schema
}

func (p *capturePlanner) factsOf(n schema.Name) *captureFacts {
	return p.tables[schema.Name{Schema: p.schemaOf(n), Name: n.Name}]
}

// choose takes the method that was asked for, else the best that can be had.
func (p *capturePlanner) choose(ctx context.Context) error {
	why := ""
	if p.plan.Capture.Method == "" {
		lacks := p.slotLacks()
		switch {
		case len(lacks) == 0:
			p.plan.Capture.Method, why = providers.LogicalReplication, "logical replication: it sees every change at once and costs the source least"
		case p.triggersPossible():
			p.plan.Capture.Method, why = providers.Trigger, "triggers, since logical replication can't be had: "+lacks[0]
		case p.pollingPossible():
			p.plan.Capture.Method, why = providers.Polling, "polling, since neither logical replication ("+lacks[0]+") nor triggers (the role may not make them) can be had"
		default:
			p.plan.Capture.Method, why = providers.LogicalReplication, "logical replication: it sees every change at once and costs the source least"
		}
	}
	if p.have != nil && p.have.Method == p.plan.Capture.Method && p.plan.Capture.Method != providers.LogicalReplication {
		why = strings.TrimSuffix(why, ".")
	}
	p.plan.Why = why
	switch p.plan.Capture.Method {
	case providers.LogicalReplication:
		if why == "" {
			p.plan.Why = "logical replication, as asked for"
		}
		return p.planSlot(ctx)
	case providers.Trigger:
		if why == "" {
			p.plan.Why = "triggers, as asked for"
		}
		return p.planTriggers(ctx)
	case providers.Polling:
		if why == "" {
			p.plan.Why = "polling, as asked for"
		}
		return p.planPolling(ctx)
	}
	_, err := p.conn.capturer(p.plan.Capture.Method)
	return err
}

func (p *capturePlanner) triggersPossible() bool {
	if p.settings.recovery || !p.settings.schemaCreate && !p.settings.logTable {
		return false
	}
	for _, t := range p.plan.Capture.Tables {
		f := p.factsOf(t.Table.Name)
		if f == nil || !f.trigger && !f.owner || f.kind != "r" && f.kind != "p" {
			return false
		}
	}
	return true
}

func (p *capturePlanner) pollingPossible() bool {
	for _, t := range p.plan.Capture.Tables {
		if t.IncrementalKey == "" || len(t.Table.Key) == 0 {
			return false
		}
	}
	return len(p.plan.Capture.Tables) > 0
}

// slotLacks says what keeps logical replication from being used without anybody's help.
func (p *capturePlanner) slotLacks() (lacks []string) {
	switch s := p.settings; {
	case s.recovery:
		return []string{"the server is a standby"}
	case s.walLevel != "logical":
		return []string{"wal_level is " + s.walLevel}
	case !s.replication:
		return []string{"the role has not REPLICATION"}
	case p.have == nil && s.slots >= s.maxSlots:
		return []string{"all of max_replication_slots are in use"}
	case !s.create:
		return []string{"the role may not make a publication (CREATE on the database)"}
	}
	for _, t := range p.plan.Capture.Tables {
		f := p.factsOf(t.Table.Name)
		switch {
		case f == nil:
			return []string{fmt.Sprintf("there is no table %s", t.Table.Name)}
		case f.kind != "r" && f.kind != "p":
			return []string{fmt.Sprintf("%s is no table", t.Table.Name)}
		case f.persistence != "p":
			return []string{fmt.Sprintf("table %s is unlogged", t.Table.Name)}
		case !f.owner:
			return []string{fmt.Sprintf("the role does not own table %s", t.Table.Name)}
		}
	}
	return nil
}
