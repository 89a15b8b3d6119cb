package mysql

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	binlog "github.com/go-mysql-org/go-mysql/mysql"
	"github.com/google/uuid"

	"github.com/syncform/syncform/providers/row"
)

// gtids is a set of transactions of a log: all those that a MySQL server has executed, or
// the last of each domain of a MariaDB server, which stands for all before it.
type gtids interface {
	contains(other gtids) bool
	clone() gtids
	String() string
}

// parseGTIDs reads a set as the server prints it.
func parseGTIDs(mariadb bool, text string) (gtids, error) {
	text = strings.ReplaceAll(text, "\n", "")
	if mariadb {
		return parseMariaGTIDs(text)
	}
	set, err := binlog.ParseMysqlGTIDSet(text)
	if err != nil {
		return nil, fmt.Errorf("a set of GTIDs can't be read: %w", err)
	}
	return &mysqlGTIDs{set: *set.(*binlog.MysqlGTIDSet)}, nil
}

// mysqlGTIDs is a set, and a run of the numbers that were added last.
type mysqlGTIDs struct {
	set      binlog.MysqlGTIDSet
	sid      uuid.UUID
	tag      binlog.Tag
	from, to int64 // from to to-1; none where equal
}

func (g *mysqlGTIDs) add(sid uuid.UUID, tag binlog.Tag, gno int64) {
	if g.to == gno && g.sid == sid && g.tag == tag {
		g.to++
		return
	}
	g.settle()
	g.sid, g.tag, g.from, g.to = sid, tag, gno, gno+1
}

// settle puts the run into the set.
func (g *mysqlGTIDs) settle() {
	if g.from == g.to {
		return
	}
	tags := g.set[g.sid]
	if tags == nil {
		tags = map[binlog.Tag]binlog.IntervalSlice{}
		g.set[g.sid] = tags
	}
	tags[g.tag] = append(tags[g.tag], binlog.Interval{Start: g.from, Stop: g.to}).Normalize()
	g.from = g.to
}

func (g *mysqlGTIDs) contains(other gtids) bool {
	o, ok := other.(*mysqlGTIDs)
	if !ok {
		return false
	}
	g.settle()
	o.settle()
	return g.set.Contain(&o.set)
}

func (g *mysqlGTIDs) clone() gtids {
	g.settle()
	return &mysqlGTIDs{set: *g.set.Clone().(*binlog.MysqlGTIDSet)}
}

func (g *mysqlGTIDs) String() string {
	g.settle()
	return g.set.String()
}

// mariaGTID is the last transaction of a domain.
type mariaGTID struct {
	server   uint32
	sequence uint64
}

type mariaGTIDs map[uint32]mariaGTID

func parseMariaGTIDs(text string) (gtids, error) {
	g := mariaGTIDs{}
	if text == "" {
		return g, nil
	}
	for _, part := range strings.Split(text, ",") {
		var domain, server uint32
		var sequence uint64
		if _, err := fmt.Sscanf(strings.TrimSpace(part), "%d-%d-%d", &domain, &server, &sequence); err != nil {
			return nil, fmt.Errorf("the GTID %q can't be read", part)
		}
		g[domain] = mariaGTID{server, sequence}
	}
	return g, nil
}

func (g mariaGTIDs) contains(other gtids) bool {
	o, ok := other.(mariaGTIDs)
	if !ok {
		return false
	}
	for domain, at := range o {
		if at.sequence > 0 && g[domain].sequence < at.sequence {
			return false
		}
	}
	return true
}

func (g mariaGTIDs) clone() gtids {
	c := make(mariaGTIDs, len(g))
	for domain, at := range g {
		c[domain] = at
	}
	return c
}

func (g mariaGTIDs) String() string {
	parts := make([]string, 0, len(g))
	domains := make([]uint32, 0, len(g))
	for domain := range g {
		domains = append(domains, domain)
	}
	slices.Sort(domains)
	for _, domain := range domains {
		at := g[domain]
		parts = append(parts, strconv.FormatUint(uint64(domain), 10)+"-"+strconv.FormatUint(uint64(at.server), 10)+"-"+strconv.FormatUint(at.sequence, 10))
	}
	return strings.Join(parts, ",")
}

// binlogPosition is what a row.Position of the binary log holds, as JSON.
type binlogPosition struct {
	Server string `json:"server"` // its identity
	GTID   string `json:"gtid"`   // every transaction up to here
	// From is where reading must begin, if before GTID: there is a transaction that was
	// prepared (XA) and neither committed nor rolled back yet. What is in GTID already is
	// then passed over.
	From string `json:"from,omitempty"`
	// File and Offset say where that is in the log's files, for how much lies behind it.
	File   string `json:"file,omitempty"`
	Offset uint64 `json:"offset,omitempty"`
}

func (c *Conn) readBinlogPosition(p row.Position) (at binlogPosition, set gtids, err error) {
	if err = json.Unmarshal([]byte(p), &at); err != nil || at.Server == "" {
		return at, nil, errors.New("the position is not one of a binary log")
	}
	set, err = parseGTIDs(c.server.mariadb(), at.GTID)
	return at, set, err
}
