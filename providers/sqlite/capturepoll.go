package sqlite

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"fmt"
	"hash/maphash"
	"strconv"
	"strings"
	"time"

	"zombiezen.com/go/sqlite"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
)

// Polling reads the rows of which the incremental key is not below what was seen last.
// Rows with the same one may come later, so the mark is inclusive; what was seen already
// is told by its hash.

// planPolling checks what polling needs. There is nothing to prepare.
func planPolling(db *sqlite.Conn, p *providers.CapturePlan) error {
	p.Why = "it was asked for; nothing is written into the source"
	p.Start = "the greatest incremental key of each table is noted"
	if p.Capture.Deletes {
		p.Findings = append(p.Findings, providers.Finding{Text: providers.PollingDeletes})
	}
	for _, t := range p.Capture.Tables {
		_, table, err := factsOf(db, t.Table.Name)
		if err != nil {
			return err
		}
		switch {
		case t.IncrementalKey == "":
			p.Findings = append(p.Findings, providers.Finding{Fatal: true, Text: fmt.Sprintf("table %s has no incremental_key, by which polling finds what changed", t.Table.Name), Fix: "incremental_key = \"updated_at\""})
		case table.Column(t.IncrementalKey) == nil:
			p.Findings = append(p.Findings, providers.Finding{Fatal: true, Text: fmt.Sprintf("table %s has no column %q, which incremental_key names", t.Table.Name, t.IncrementalKey)})
		case table.Column(t.IncrementalKey).Nullable:
			p.Findings = append(p.Findings, providers.Finding{Text: fmt.Sprintf("table %s: polling does not see rows whose %s is NULL", t.Table.Name, t.IncrementalKey)})
		}
	}
	return nil
}

// pollMarks reads where polling would begin now.
func pollMarks(db *sqlite.Conn, c providers.Capture) (p position, err error) {
	p.Polled, p.Seen = map[string]pollMark{}, time.Now().UnixNano()
	for _, t := range c.Tables {
		inc, name := ident(t.IncrementalKey), ident(t.Table.Name.Name)
		w := walk{db: db}
		top, err := w.first("SELECT max("+inc+") FROM "+name+" WHERE NOT "+toCome(inc)+" HAVING max("+inc+") IS NOT NULL", nil)
		if err != nil || top == nil {
			p.Polled[t.Table.Name.Name] = pollMark{}
			if err != nil {
				return p, err
			}
			continue
		}
		p.Polled[t.Table.Name.Name] = pollMark{top[0]}
	}
	return p, nil
}

// toCome is the condition that a date in text has not come yet, in whatever zone the
// application writes. As a mark such a row would hide all that are written until it comes.
func toCome(inc string) string {
	return "(CASE WHEN " + inc + " LIKE '____-__-__%' THEN coalesce(julianday(" + inc + ") > julianday('now', '+15 hours'), 0) ELSE 0 END)"
}

// pollTable is a table that is polled.
type pollTable struct {
	*drainTable
	of     providers.CaptureTable
	scan   rowReader
	values []string // the expressions by which rows are ordered: of the incremental key and the key
	mark   pollMark
	seen   map[uint64]bool // rows of the last poll
}

// mostSeen is how many rows of one poll are known again; more are given on again.
const mostSeen = 1 << 20

func newPollTable(db *sqlite.Conn, of providers.CaptureTable, mark pollMark) (*pollTable, error) {
	facts, _, err := factsOf(db, of.Table.Name)
	if err != nil {
		return nil, err
	}
	d, err := newDrainTable(db, of.Table)
	if err != nil {
		return nil, err
	}
	t := &pollTable{drainTable: d, of: of, mark: mark}
	t.values = []string{ident(of.IncrementalKey)}
	for _, k := range of.Table.Key {
		if facts.nullable[k] { // NULL is neither more nor less than anything
			t.values = append(t.values, ident(k)+" IS NOT NULL", "coalesce("+ident(k)+", 0)")
		} else {
			t.values = append(t.values, ident(k))
		}
	}
	t.scan = d.reader.rowReader
	return t, nil
}

// from is the condition of the rows of a poll, whose parameter is the mark.
func (t *pollTable) from() string {
	inc := ident(t.of.IncrementalKey)
	seconds := int64((t.of.Lookback + time.Second - 1) / time.Second)
	low := "?1"
	switch {
	case t.mark.At == "":
		return inc + " IS NOT NULL"
	case seconds == 0:
	case t.mark.At[0] == 't':
		low = fmt.Sprintf("coalesce(replace(datetime(?1, '-%d seconds'), ' ', CASE WHEN substr(?1, 11, 1) = 'T' THEN 'T' ELSE ' ' END), ?1)", seconds)
	default:
		low = fmt.Sprintf("?1 - %d", seconds)
	}
	return inc + " >= " + low
}

var pollSeed = maphash.MakeSeed()

// poll adds what changed to the buffer, one read transaction after the other; next
// gives the buffer on.
func (t *pollTable) poll(db *sqlite.Conn, buf *row.Changes, next func() error) error {
	seen := map[uint64]bool{}
	var cursor []bound
	start := t.mark
	for more := true; more; {
		buf.Reset()
		err := func() (err error) {
			end, err := beginRead(db)
			if err != nil {
				return err
			}
			defer func() { end(&err) }()
			more, err = t.page(db, start, &cursor, buf, seen)
			return err
		}()
		if err != nil {
			return err
		}
		if err := next(); err != nil {
			return err
		}
	}
	t.seen = seen
	return nil
}

// page reads rows behind the cursor, until the buffer has enough.
func (t *pollTable) page(db *sqlite.Conn, start pollMark, cursor *[]bound, buf *row.Changes, seen map[uint64]bool) (more bool, err error) {
	names := make([]string, len(t.scan.table.Columns))
	for i, c := range t.scan.table.Columns {
		names[i] = ident(c.Name)
	}
	values := strings.Join(t.values, ", ")
	where, args := t.from(), []bound{}
	if start.At != "" {
		args = append(args, start.At)
	}
	if *cursor != nil {
		where += " AND (" + values + ") > (" + marks(len(args)+1, len(t.values)) + ")"
		args = append(args, *cursor...)
	}
	stmt, _, err := db.PrepareTransient("SELECT " + strings.Join(names, ", ") + ", " + values + ", " + toCome(ident(t.of.IncrementalKey)) + " FROM " + ident(t.scan.table.Name.Name) + " WHERE " + where + " ORDER BY " + values)
	if err != nil {
		return false, err
	}
	defer func() {
		if ferr := stmt.Finalize(); err == nil {
			err = ferr
		}
	}()
	for i, a := range args {
		a.bind(stmt, i+1)
	}
	t.scan.stmt = stmt
	for n := 0; ; n++ {
		if there, err := stmt.Step(); err != nil || !there {
			return false, err
		}
		if n == drainEntries || len(buf.Data) >= drainBytes {
			return true, nil
		}
		first := buf.Begin()
		from := len(buf.Data)
		var hash maphash.Hash
		hash.SetSeed(pollSeed)
		for _, at := range t.fields {
			state := row.Unchanged
			if at >= 0 {
				before := len(buf.Data)
				if buf.Data, state, err = t.scan.field(buf.Data, at); err != nil {
					return false, err
				}
				maphash.WriteComparable(&hash, [2]int{int(state), len(buf.Data) - before})
			}
			buf.EndField(state)
		}
		if _, err := hash.Write(buf.Data[from:]); err != nil {
			return false, err
		}
		*cursor = (*cursor)[:0]
		for i := range t.values {
			*cursor = append(*cursor, boundOf(stmt, len(names)+i))
		}
		if (*cursor)[0].compare(t.mark.At) > 0 && !stmt.ColumnBool(len(names)+len(t.values)) {
			t.mark = pollMark{(*cursor)[0]}
		}
		sum := hash.Sum64()
		if len(seen) < mostSeen {
			seen[sum] = true
		}
		if t.seen[sum] { // as it was
			buf.Data, buf.Ends, buf.States = buf.Data[:from], buf.Ends[:first], buf.States[:first]
			continue
		}
		buf.List = append(buf.List, row.Change{Op: row.Update, Relation: t.relation, New: first, Old: row.None})
	}
}

// followPolling polls whenever something was committed.
func (c *Conn) followPolling(ctx context.Context, capture providers.Capture, from row.Position, newCollector func(func() row.Position) *row.Collector) (err error) {
	at, err := readPosition(from)
	if err != nil {
		return err
	}
	db, err := c.get(ctx)
	if err != nil {
		return err
	}
	defer c.put(db)
	d := &drain{db: db}
	collector := newCollector(func() row.Position { return at.String() })
	var tables []*pollTable
	defer func() {
		for _, t := range tables {
			t.reader.close(&err)
		}
	}()
	schemaVersion := ""
	for {
		seen := time.Now().UnixNano()
		version, err := pragma(db, "data_version")
		if err != nil {
			return because(ctx, err)
		}
		now, err := pragma(db, "schema_version")
		if err != nil {
			return because(ctx, err)
		}
		if now != schemaVersion {
			before := tables
			tables = nil
			for _, of := range capture.Tables {
				t, err := newPollTable(db, of, at.Polled[of.Table.Name.Name])
				if err != nil {
					return because(ctx, err)
				}
				tables = append(tables, t)
			}
			for _, t := range before {
				if t.reader.close(&err); err != nil {
					return err
				}
			}
			schemaVersion = now
		}
		next := position{Polled: map[string]pollMark{}, Seen: seen}
		for _, t := range tables {
			if err := t.poll(db, &d.buf, func() error { return d.give(ctx, collector) }); err != nil {
				return because(ctx, err)
			}
			next.Polled[t.of.Table.Name.Name] = t.mark
		}
		if err := collector.Commit(ctx, time.Now(), func() { at = next }, row.Wait{}); err != nil {
			return err
		}
		quiet := func(since int64) { collector.Progress(func() { at.Seen = since }) }
		if err := c.watch(ctx, db, version, quiet); err != nil {
			return err
		}
	}
}

// compare orders bounds as SQLite orders values: numbers, text, blobs. "" comes first.
func (b bound) compare(o bound) int {
	number := func(b bound) bool { return b[0] == 'i' || b[0] == 'r' }
	switch {
	case b == o:
		return 0
	case b == "" || o == "":
		return cmp.Compare(len(b), len(o))
	case b[0] == 'i' && o[0] == 'i':
		x, _ := strconv.ParseInt(string(b[1:]), 10, 64) // both are what boundOf made, or were checked
		y, _ := strconv.ParseInt(string(o[1:]), 10, 64)
		return cmp.Compare(x, y)
	case number(b) && number(o):
		x, _ := strconv.ParseFloat(string(b[1:]), 64)
		y, _ := strconv.ParseFloat(string(o[1:]), 64)
		return cmp.Compare(x, y)
	case b[0] != o[0]:
		return cmp.Compare(strings.IndexByte("irtx", b[0]), strings.IndexByte("irtx", o[0]))
	}
	x, _ := base64.RawStdEncoding.DecodeString(string(b[1:]))
	y, _ := base64.RawStdEncoding.DecodeString(string(o[1:]))
	return bytes.Compare(x, y)
}
