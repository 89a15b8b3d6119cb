package postgres

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// Rows come into a partitioned table and leave it without a trace when a partition is
// attached, detached or dropped. So the partitions are noted when the capture is planned,
// and looked at again.

// partitionsNote begins the note of a table's partitions (CaptureTable.Made).
const partitionsNote = "partitions"

// partition is a table that holds rows of a partitioned one.
type partition struct {
	oid    string
	links  []string // the transactions that attached it, and those above it
	name   schema.Name
	remote bool // a foreign table
	reads  bool // the role may read it by itself

	// The youngest of the links, where rows may be older than it.
	attached, command string
}

// noted is what a note has of a partition: another attachment makes it another.
func (p partition) noted() string { return p.oid + ":" + strings.Join(p.links, ",") }

func noteOf(list []partition) string {
	note := make([]string, len(list))
	for i, p := range list {
		note[i] = p.noted()
	}
	return strings.TrimSpace(partitionsNote + " " + strings.Join(note, " "))
}

// partitions reads those of the tables that are partitioned, by the tables' full names; a
// table that is not partitioned is left out. One that is being detached is none any more.
func (c *Conn) partitions(ctx context.Context, s *session, tables []providers.CaptureTable) (map[schema.Name][]partition, error) {
	if len(tables) == 0 {
		return nil, nil
	}
	wanted := make([]string, len(tables))
	for i, t := range tables {
		n := c.fullName(t.Table.Name)
		wanted[i] = "(" + literal(n.Schema) + ", " + literal(n.Name) + ")"
	}
	rows, err := s.query(ctx, `WITH RECURSIVE tree(root, nsp, rel, oid, kind, links, attached, command) AS (
 SELECT c.oid, n.nspname, c.relname, c.oid, c.relkind, '', NULL::xid, 0::bigint FROM (VALUES `+strings.Join(wanted, ", ")+`) w(nsp, rel)
  JOIN pg_catalog.pg_namespace n ON n.nspname = w.nsp JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = w.rel WHERE c.relkind = 'p'
 UNION ALL
 SELECT t.root, t.nsp, t.rel, k.oid, k.relkind, pg_catalog.concat(t.links, ' ', i.xmin), CASE WHEN younger THEN i.xmin ELSE t.attached END, CASE WHEN younger THEN i.cmin::text::bigint ELSE t.command END
 FROM tree t JOIN pg_catalog.pg_inherits i ON i.inhparent = t.oid AND NOT i.inhdetachpending JOIN pg_catalog.pg_class k ON k.oid = i.inhrelid
  CROSS JOIN LATERAL (SELECT t.attached IS NULL OR pg_catalog.age(i.xmin) < pg_catalog.age(t.attached) OR i.xmin = t.attached AND i.cmin::text::bigint > t.command) y(younger))
 SELECT t.nsp, t.rel, coalesce(t.oid::text, ''), t.links, n.nspname, k.relname, t.kind, pg_catalog.has_table_privilege(t.oid, 'SELECT'), coalesce(t.attached::text, ''), t.command
 FROM tree t LEFT JOIN pg_catalog.pg_class k ON k.oid = t.oid LEFT JOIN pg_catalog.pg_namespace n ON n.oid = k.relnamespace WHERE t.kind <> 'p' OR t.oid = t.root ORDER BY t.oid`)
	if err != nil {
		return nil, classify(err)
	}
	list := map[schema.Name][]partition{}
	for _, r := range rows {
		root := schema.Name{Schema: r[0], Name: r[1]}
		if r[6] == "p" {
			list[root] = append(list[root], nil...)
			continue
		}
		list[root] = append(list[root], partition{oid: r[2], links: strings.Fields(r[3]), name: schema.Name{Schema: r[4], Name: r[5]}, remote: r[6] == "f", reads: r[7] == "t", attached: r[8], command: r[9]})
	}
	return list, nil
}

func (c *Conn) fullName(n schema.Name) schema.Name {
	if n.Schema == "" {
		n.Schema = c.schema
	}
	return n
}

// notePartitions notes of which partitions the tables are. What a table that this plan
// leaves as it is has noted stays.
func (p *capturePlanner) notePartitions(ctx context.Context) error {
	list, err := p.conn.partitions(ctx, p.session, p.plan.Capture.Tables)
	if err != nil {
		return err
	}
	for i := range p.plan.Capture.Tables {
		t := &p.plan.Capture.Tables[i]
		if parts, ok := list[p.conn.fullName(t.Table.Name)]; ok && t.Made == "" && !t.Table.Only {
			t.Made = noteOf(parts)
		}
	}
	return nil
}

// partitionsMoved says of which tables partitions with rows have come or gone without a
// trace since they were noted, and why, by their full names.
func (c *Conn) partitionsMoved(ctx context.Context, s *session, cp providers.Capture) (map[schema.Name]string, error) {
	tables := slices.DeleteFunc(slices.Clone(cp.Tables), func(t providers.CaptureTable) bool { return !strings.HasPrefix(t.Made, partitionsNote) })
	list, err := c.partitions(ctx, s, tables)
	if err != nil {
		return nil, err
	}
	moved := map[schema.Name]string{}
	for _, t := range tables {
		n := c.fullName(t.Table.Name)
		parts, ok := list[n]
		if !ok {
			continue // the table is gone, or another
		}
		if moved[n], err = c.partitionsMovedOf(ctx, s, cp, n, t.Made, parts); err != nil {
			return nil, err
		}
	}
	return moved, nil
}

func (c *Conn) partitionsMovedOf(ctx context.Context, s *session, cp providers.Capture, root schema.Name, made string, parts []partition) (string, error) {
	known := c.knownPartitions(root, made)
	gone := map[string]bool{}
	for x := range known {
		gone[x] = true
	}
	var come []partition
	for _, p := range parts {
		if !known[p.noted()] {
			come = append(come, p)
		}
		delete(gone, p.noted())
	}
	if len(gone) > 0 && cp.Deletes {
		c.forgetPartitions(root)
		return c.partitionGone(ctx, s, root, parts, gone)
	}
	for _, p := range come {
		older, err := c.attachedWithRows(ctx, s, root, p)
		if err != nil {
			return "", err
		}
		if older {
			return fmt.Sprintf("partition %s was attached to table %s with rows that the log does not have", p.name, root), nil
		}
		c.knowPartition(root, made, p)
	}
	return "", nil
}

func (c *Conn) partitionGone(ctx context.Context, s *session, root schema.Name, parts []partition, gone map[string]bool) (string, error) {
	var oids []string
	for x := range gone {
		oid, _, _ := strings.Cut(x, ":")
		if i := slices.IndexFunc(parts, func(p partition) bool { return p.oid == oid }); i >= 0 {
			return fmt.Sprintf("partition %s was taken out of table %s and put back, and changes of it may be missing", parts[i].name, root), nil
		}
		oids = append(oids, oid)
	}
	got, err := s.query(ctx, "SELECT n.nspname, c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid IN ("+strings.Join(oids, ", ")+") ORDER BY 1, 2 LIMIT 1")
	if err != nil {
		return "", classify(err)
	}
	if len(got) > 0 {
		return fmt.Sprintf("partition %s was detached from table %s, and the log does not have that its rows went", schema.Name{Schema: got[0][0], Name: got[0][1]}, root), nil
	}
	return fmt.Sprintf("a partition of table %s was dropped, and the log does not have that its rows went", root), nil
}

// attachedWithRows reports whether a partition has rows from before it was attached. They
// stand at its beginning, as it was no one's partition then.
func (c *Conn) attachedWithRows(ctx context.Context, s *session, root schema.Name, p partition) (bool, error) {
	if p.remote || p.attached == "" {
		return false, nil
	}
	from, where := "ONLY "+quoteName(p.name), "ctid < '(128,0)'::tid"
	if !p.reads {
		from, where = quoteName(root), "tableoid = "+p.oid
	}
	got, err := s.queryRow(ctx, fmt.Sprintf("SELECT EXISTS (SELECT FROM %s WHERE %s AND (pg_catalog.age(xmin) > pg_catalog.age('%[3]s'::xid) OR xmin = '%[3]s'::xid AND cmin::text::bigint < %[4]s))", from, where, p.attached, p.command))
	if err != nil {
		return false, classify(err)
	}
	return got[0] == "t", nil
}

// What this process has seen of partitions that came after the note.

type seenPartitions struct {
	made string
	list []string
}

func (c *Conn) knownPartitions(root schema.Name, made string) map[string]bool {
	known := map[string]bool{}
	for _, x := range strings.Fields(made)[1:] {
		known[x] = true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if seen := c.partitionsSeen[root]; seen.made == made {
		for _, x := range seen.list {
			known[x] = true
		}
	}
	return known
}

func (c *Conn) knowPartition(root schema.Name, made string, p partition) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.partitionsSeen == nil {
		c.partitionsSeen = map[schema.Name]seenPartitions{}
	}
	seen := c.partitionsSeen[root]
	if seen.made != made {
		seen = seenPartitions{made: made}
	}
	seen.list = append(seen.list, p.noted())
	c.partitionsSeen[root] = seen
}

// forgetPartitions lets what was seen be told once: the table is loaded anew for it, after
// which the note may be the same.
func (c *Conn) forgetPartitions(root schema.Name) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.partitionsSeen, root)
}
