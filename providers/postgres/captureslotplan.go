package postgres

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// publication is what the catalogue says of one.
type publication struct {
	comment     string
	allTables   bool
	publish     string // insert, update, delete, truncate
	viaRoot     bool
	computed    bool   // it sends stored computed columns
	shown       string // a hash of its row filters, see filtersShown
	owner       bool
	tables      []schema.Name
	members     map[schema.Name]string // the catalogue's numbers of those that were named
	lists       bool                   // the comment lists numbers: listed
	listed      []string
	restricted  map[schema.Name]restriction
	ownedByRole string
}

// publicationComment marks a publication as ours.
func publicationComment(sync string) string { return "made by syncform for " + sync }

func (p *publication) ours(sync string) bool {
	mark := publicationComment(sync)
	return p.comment == mark || strings.HasPrefix(p.comment, mark+rowsMark)
}

func (c *Conn) publication(ctx context.Context, s *session, name string) (*publication, error) {
	computed, shown := "false", "''"
	if c.version >= 150000 {
		shown = "(" + filtersShown("$1") + ")"
	}
	if c.version >= 180000 {
		computed = "pubgencols = 's'"
	}
	rows, err := s.query(ctx, `SELECT oid, coalesce(pg_catalog.obj_description(oid, 'pg_publication'), ''), puballtables, pg_catalog.concat_ws(', ', CASE WHEN pubinsert THEN 'insert' END, CASE WHEN pubupdate THEN 'update' END,
 CASE WHEN pubdelete THEN 'delete' END, CASE WHEN pubtruncate THEN 'truncate' END), pubviaroot, pg_catalog.pg_has_role(pubowner, 'USAGE'), pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(pubowner)), `+computed+`, `+shown+` FROM pg_catalog.pg_publication WHERE pubname = $1`, name)
	if err != nil || len(rows) == 0 {
		return nil, classify(err)
	}
	r := rows[0]
	p := &publication{comment: r[1], allTables: r[2] == "t", publish: r[3], viaRoot: r[4] == "t", owner: r[5] == "t", ownedByRole: r[6], computed: r[7] == "t", shown: r[8], members: map[schema.Name]string{}}
	var list string
	p.comment, list, p.lists = strings.Cut(p.comment, membersMark)
	p.listed = strings.Fields(list)
	facts := "false, false, '', ''"
	if c.version >= 150000 {
		facts = restrictionFacts
	}
	from := `SELECT n.nspname, c.relname, ` + facts + `, r.oid::text FROM pg_catalog.pg_publication_rel r JOIN pg_catalog.pg_class c ON c.oid = r.prrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE r.prpubid = ` + r[0]
	if c.version >= 150000 {
		from += ` UNION SELECT n.nspname, c.relname, false, false, '', '', '' FROM pg_catalog.pg_publication_namespace r JOIN pg_catalog.pg_namespace n ON n.oid = r.pnnspid JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid WHERE c.relkind IN ('r', 'p') AND r.pnpubid = ` + r[0]
	}
	tables, err := s.query(ctx, from+" ORDER BY 1, 2")
	for _, t := range tables {
		n := schema.Name{Schema: t[0], Name: t[1]}
		p.tables = append(p.tables, n)
		if t[6] != "" {
			p.members[n] = t[6]
		}
		if t[2] == "t" || t[3] == "t" {
			if p.restricted == nil {
				p.restricted = map[schema.Name]restriction{}
			}
			p.restricted[n] = newRestriction(t[2:])
		}
	}
	return p, classify(err)
}

func (p *publication) has(n schema.Name) bool { return p.allTables || slices.Contains(p.tables, n) }

// planSlot plans a capture by logical replication.
func (p *capturePlanner) planSlot(ctx context.Context) error {
	p.findSettings()
	c := &p.plan.Capture
	for i := range c.Tables {
		if err := p.planIdentity(ctx, &c.Tables[i]); err != nil {
			return err
		}
	}
	if err := p.notePartitions(ctx); err != nil {
		return err
	}
	if err := p.planPublication(ctx); err != nil {
		return err
	}
	return p.planStart(ctx)
}

func (p *capturePlanner) findSettings() {
	s := p.settings
	if s.recovery {
		p.fatal("", "%s is a standby: a publication can only be made on the primary; use that, or capture by polling", p.conn.addr)
		return
	}
	if s.walLevel != "logical" {
		p.fatal("ALTER SYSTEM SET wal_level = 'logical'; -- then restart the server", "logical replication needs wal_level = logical, and it is %s", s.walLevel)
	}
	if !s.replication {
		p.fatal("ALTER ROLE "+p.role+" REPLICATION", "to make a replication slot, the role needs REPLICATION")
	}
	if s.maxSenders <= s.senders && p.have == nil {
		p.fatal(fmt.Sprintf("ALTER SYSTEM SET max_wal_senders = %d; -- then restart the server", s.senders+5), "all of max_wal_senders (%d) are in use", s.maxSenders)
	}
}

func (p *capturePlanner) planStart(ctx context.Context) error {
	c := p.plan.Capture
	p.plan.Start = "make the replication slot " + c.Slot
	if p.conn.version >= 170000 {
		p.plan.Start += " (failover)"
	}
	there, err := p.conn.slot(ctx, p.session, c.Slot)
	if err != nil {
		return err
	}
	ours := p.have != nil && p.have.Method == providers.LogicalReplication && p.have.Slot == c.Slot
	switch {
	case there == nil && p.settings.slots >= p.settings.maxSlots:
		p.fatal(fmt.Sprintf("ALTER SYSTEM SET max_replication_slots = %d; -- then restart the server", p.settings.slots+5), "all of max_replication_slots (%d) are in use", p.settings.maxSlots)
	case there == nil || ours:
	case there.pid != "":
		return fmt.Errorf("the replication slot %q is in use by the server's process %s, and is not this sync's: choose another slot", c.Slot, there.pid)
	case there.plugin != "pgoutput" || there.database != p.conn.database:
		return fmt.Errorf("there is a replication slot %q already, which is not syncform's (plugin %q, database %q): choose another slot", c.Slot, there.plugin, there.database)
	default:
		return fmt.Errorf("there is a replication slot %q already, of which this state knows nothing: another configuration may follow the database by it. Choose another slot (slot in the cdc block) or, if nobody needs it: SELECT pg_drop_replication_slot(%s)", c.Slot, literal(c.Slot))
	}
	return nil
}

// planPublication makes the publication, or changes it to the tables that are wanted.
func (p *capturePlanner) planPublication(ctx context.Context) error {
	c := p.plan.Capture
	pub, err := p.conn.publication(ctx, p.session, c.Publication)
	if err != nil {
		return err
	}
	if err := p.pushdowns(ctx, pub); err != nil {
		return err
	}
	comment := publicationComment(c.Sync) + rowsHash(&c)
	var want, adds []schema.Name
	var add []string
	for _, t := range c.Tables {
		f := p.factsOf(t.Table.Name)
		if f == nil {
			continue // planIdentity has said so
		}
		want = append(want, f.name)
		if pub == nil || !pub.has(f.name) {
			add = append(add, tableRef(f.name, t.Table.Only && f.kind == "r")+publishedSQL(t.Pushdown))
			adds = append(adds, f.name)
		}
		for _, b := range f.below {
			if b.partition {
				continue
			}
			want = append(want, b.name)
			if pub != nil && pub.has(f.name) && !pub.has(b.name) {
				add = append(add, tableRef(b.name, true))
				adds = append(adds, b.name)
			}
		}
	}
	publish := "insert, update, delete, truncate"
	if !c.Deletes {
		publish = "insert, update"
	}
	options := "publish = '" + publish + "', publish_via_partition_root = true"
	if p.sendComputed {
		options += ", publish_generated_columns = stored"
	}
	name, text := quote(c.Publication), literal(c.Publication)
	if pub == nil {
		if !p.settings.create {
			p.fatal("GRANT CREATE ON DATABASE "+quoteIfNeeded(p.conn.database)+" TO "+p.role, "to make a publication, the role needs CREATE on the database")
		}
		p.needOwner("")
		list := ""
		if len(add) > 0 {
			list = " FOR TABLE " + strings.Join(add, ", ")
		}
		p.step("CREATE PUBLICATION "+name+list+" WITH ("+options+"); "+commentSQL(c.Publication, comment, members{fresh: want}),
			"SELECT EXISTS (SELECT FROM pg_catalog.pg_publication WHERE pubname = "+text+")")
		return nil
	}
	if !pub.ours(c.Sync) {
		for n := range pub.restricted {
			return fmt.Errorf("the publication %q leaves rows or columns of table %s out: choose another publication", c.Publication, n)
		}
		if !p.named || len(add) > 0 || !pub.viaRoot || p.sendComputed && !pub.computed || !strings.HasPrefix(pub.publish, publish) {
			return fmt.Errorf("there is a publication %q already, which syncform did not make for %s%s: choose another publication, or drop it", c.Publication, c.Sync, p.whyNot(pub, add, publish))
		}
		p.note("the publication %q was not made by syncform; it has all tables and is used as it is", c.Publication)
		return nil
	}
	statements, done, again := p.republish(pub, comment)
	list := membersOf(pub)
	list.come(pub, again...)
	list.come(pub, adds...)
	if len(add) > 0 {
		statements = append(statements, "ALTER PUBLICATION "+name+" ADD TABLE "+strings.Join(add, ", "))
		done = append(done, inPublication(text, want, true))
	}
	if !pub.says(comment) || pub.lacksMembers() || len(list.fresh) > 0 {
		statements = append(statements, commentSQL(c.Publication, comment, list))
		done = append(done, commented(c.Publication, comment, list))
	}
	if len(statements) > 0 {
		p.needOwner("ALTER PUBLICATION " + name + " OWNER TO " + p.role)
		p.step(strings.Join(statements, "; "), "SELECT ("+strings.Join(done, ") AND (")+")")
	}
	var drop []string
	var gone []schema.Name
	for _, n := range pub.tables {
		if !slices.Contains(want, n) {
			drop, gone = append(drop, tableRef(n, true)), append(gone, n)
		}
	}
	if len(drop) > 0 {
		p.step("ALTER PUBLICATION "+name+" DROP TABLE "+strings.Join(drop, ", "), inPublication(text, gone, false))
	}
	if p.sendComputed && !pub.computed {
		p.step("ALTER PUBLICATION "+name+" SET (publish_generated_columns = stored)", "SELECT pubgencols = 's' FROM pg_catalog.pg_publication WHERE pubname = "+text)
		p.lastFirst()
	}
	if pub.publish != publish || !pub.viaRoot {
		p.step("ALTER PUBLICATION "+name+" SET ("+options+")", "SELECT pubviaroot AND pubdelete = "+fmt.Sprint(c.Deletes)+" AND pubtruncate = "+fmt.Sprint(c.Deletes)+" AND pubinsert AND pubupdate FROM pg_catalog.pg_publication WHERE pubname = "+text)
	}
	return nil
}

func (p *capturePlanner) whyNot(pub *publication, add []string, publish string) string {
	switch {
	case !p.named:
		return ""
	case len(add) > 0:
		return ", and which lacks " + strings.Join(add, ", ")
	case !pub.viaRoot:
		return ", and which has not publish_via_partition_root = true"
	case p.sendComputed && !pub.computed:
		return ", and which has not publish_generated_columns = stored"
	case !strings.HasPrefix(pub.publish, publish):
		return ", and which publishes only " + pub.publish
	}
	return ""
}

// inPublication asks whether all of some tables are in a publication, or none.
func inPublication(publication string, tables []schema.Name, all bool) string {
	var list []string
	for _, n := range tables {
		list = append(list, "("+literal(n.Schema)+", "+literal(n.Name)+")")
	}
	if len(list) == 0 {
		return "SELECT true"
	}
	want := "0"
	if all {
		want = fmt.Sprint(len(list))
	}
	return `SELECT count(*) = ` + want + ` FROM pg_catalog.pg_publication_rel r JOIN pg_catalog.pg_publication p ON p.oid = r.prpubid JOIN pg_catalog.pg_class c ON c.oid = r.prrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE p.pubname = ` + publication + ` AND (n.nspname, c.relname) IN (` + strings.Join(list, ", ") + `)`
}

// needOwner finds tables that only their owner can add to a publication.
func (p *capturePlanner) needOwner(also string) {
	for _, t := range p.plan.Capture.Tables {
		if f := p.factsOf(t.Table.Name); f != nil && !f.owner {
			fix := "GRANT " + f.ownerName + " TO " + p.role
			if also != "" {
				fix += "; " + also
			}
			p.fatal(fix, "to publish table %s, the role needs its owner's rights, or a publication that has it already (publication = \"...\")", t.Table.Name)
		}
	}
}

// lastFirst lets the last step run before the others.
func (p *capturePlanner) lastFirst() {
	last := len(p.plan.Steps) - 1
	p.plan.Steps = slices.Insert(p.plan.Steps[:last], 0, p.plan.Steps[last])
}

func (p *capturePlanner) step(text, done string) {
	p.plan.Steps = append(p.plan.Steps, providers.Step{Text: text, Done: done, Transactional: true, LockTimeout: lockTimeout})
}
