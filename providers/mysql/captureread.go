package mysql

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	binlog "github.com/go-mysql-org/go-mysql/mysql"
	"github.com/go-mysql-org/go-mysql/replication"
	"github.com/google/uuid"
	"github.com/klauspost/compress/zstd"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
)

// binlogReader turns the events of a binary log into changes.
type binlogReader struct {
	conn     *Conn
	ctx      context.Context
	charsets *charsets
	out      *row.Collector
	tables   map[string]*followedTable // by tableKey
	deletes  bool                      // are wanted
	byID     map[uint64]*logTable
	checksum bool // events end with one

	// Where reading is. position reads these; only advance changes them.
	server       string
	done         gtids
	file         string
	offset       uint64
	from         string
	advanceDone  func()
	nextFile     string
	nextOffset   uint64
	nextFrom     string
	pending      bool // a transaction is being read
	pendingMaria struct {
		domain uint32
		at     mariaGTID
	}
	pendingMySQL struct {
		sid uuid.UUID
		tag binlog.Tag
		gno int64
	}
	committedAt time.Time

	open     bool // the transaction has begun, and an event will end it
	skipping bool // it was handed on before
	added    int  // changes of it that were
	xa       *preparedXA
	prepared map[string]*preparedXA
	skipTo   gtids // transactions up to here were handed on before

	before, after []int
}

const headerSize = 19 // of an event

// newBinlogReader prepares a reader of c's tables.
func (c *Conn) newBinlogReader(ctx context.Context, capture providers.Capture) (*binlogReader, error) {
	f := &binlogReader{conn: c, ctx: ctx, deletes: capture.Deletes, tables: map[string]*followedTable{}, byID: map[uint64]*logTable{}, prepared: map[string]*preparedXA{}}
	for _, t := range capture.Tables {
		f.tables[f.tableKey(c.databaseOf(t.Table.Name), t.Table.Name.Name)] = &followedTable{ask: t, before: capture.Before || t.FullImages, shapes: map[string]*logTable{}}
	}
	f.advanceDone = f.advance
	var err error
	f.charsets, err = newCharsets(ctx, c)
	return f, err
}

func (f *binlogReader) tableKey(database, table string) string {
	if f.conn.server.foldNames {
		return strings.ToLower(database + "\x00" + table)
	}
	return database + "\x00" + table
}

// position is where to go on after the last transaction.
func (f *binlogReader) position() row.Position {
	return encodeBinlogPosition(binlogPosition{Server: f.server, GTID: f.done.String(), From: f.from, File: f.file, Offset: f.offset})
}

func encodeBinlogPosition(p binlogPosition) row.Position {
	text, err := json.Marshal(p)
	if err != nil {
		panic("bug in syncform: a position that JSON can't write: " + err.Error())
	}
	return row.Position(text)
}

// advance adds the transaction that ended to what is done.
func (f *binlogReader) advance() {
	if f.pending {
		switch done := f.done.(type) {
		case mariaGTIDs:
			done[f.pendingMaria.domain] = f.pendingMaria.at
		case *mysqlGTIDs:
			done.add(f.pendingMySQL.sid, f.pendingMySQL.tag, f.pendingMySQL.gno)
		}
		f.pending = false
	}
	f.file, f.offset, f.from = f.nextFile, f.nextOffset, f.nextFrom
}

// read reads the log until it breaks.
func (f *binlogReader) read(l *logConn) error {
	for {
		event, err := l.next()
		if err != nil {
			return logError(fmt.Errorf("read the binary log: %w", err))
		}
		if err := f.event(event); err != nil {
			return err
		}
	}
}

// event takes one event in.
func (f *binlogReader) event(e []byte) error {
	if len(e) < headerSize {
		return errors.New("the log has an event without a header")
	}
	kind, body := replication.EventType(e[4]), e[headerSize:]
	if next := binary.LittleEndian.Uint32(e[13:]); next > 0 && kind != replication.HEARTBEAT_EVENT && kind != replication.ROTATE_EVENT {
		f.nextOffset = uint64(next)
	}
	if kind == replication.FORMAT_DESCRIPTION_EVENT {
		f.checksum = len(body) > 5 && body[len(body)-5] == 1 // CRC32
		clear(f.byID)                                        // a server that started anew counts anew
		return nil
	}
	if f.checksum && len(body) >= 4 && kind != replication.HEARTBEAT_EVENT {
		body = body[:len(body)-4]
	}
	return f.inner(kind, e, body)
}

// inner takes an event that may have stood in another.
func (f *binlogReader) inner(kind replication.EventType, e, body []byte) error {
	if op, packed, ok := rowsOp(kind); ok {
		switch {
		case f.skipping && f.xa == nil:
			return nil
		case f.xa != nil:
			return f.hold(kind, body)
		}
		return f.rows(kind, op, packed, body)
	}
	switch kind {
	case replication.TABLE_MAP_EVENT:
		if f.xa != nil {
			return f.hold(kind, body)
		}
		return f.tableMap(body)
	case replication.GTID_EVENT, replication.GTID_TAGGED_LOG_EVENT, replication.ANONYMOUS_GTID_EVENT, replication.MARIADB_GTID_EVENT:
		return f.begin(kind, e, body)
	case replication.XID_EVENT:
		return f.commit()
	case replication.QUERY_EVENT, replication.MARIADB_QUERY_COMPRESSED_EVENT, replication.EXECUTE_LOAD_QUERY_EVENT:
		return f.queryEvent(kind, body)
	case replication.XA_PREPARE_LOG_EVENT:
		return f.prepare(body)
	case replication.TRANSACTION_PAYLOAD_EVENT:
		return f.payload(body)
	case replication.ROTATE_EVENT:
		f.nextFile, f.nextOffset = string(body[8:]), binary.LittleEndian.Uint64(body)
	case replication.INCIDENT_EVENT:
		return &providers.GapError{Reason: "the source's log says that changes were lost (an incident event): load the tables anew"}
	case replication.WRITE_ROWS_EVENTv0, replication.UPDATE_ROWS_EVENTv0, replication.DELETE_ROWS_EVENTv0:
		return &providers.GapError{Reason: "the source's log is of a server older than 5.1.18"}
	}
	return nil
}

// begin takes the GTID in that stands before each transaction.
func (f *binlogReader) begin(kind replication.EventType, e, body []byte) error {
	f.added, f.xa, f.open, f.skipping = 0, nil, false, false
	f.committedAt = time.Unix(int64(binary.LittleEndian.Uint32(e)), 0).UTC()
	switch kind {
	case replication.MARIADB_GTID_EVENT:
		f.pendingMaria.domain = binary.LittleEndian.Uint32(body[8:])
		f.pendingMaria.at = mariaGTID{server: binary.LittleEndian.Uint32(e[5:]), sequence: binary.LittleEndian.Uint64(body)}
		f.open = body[12]&1 == 0 // else it stands alone
		if f.skipTo != nil {
			f.skipping = f.skipTo.contains(mariaGTIDs{f.pendingMaria.domain: f.pendingMaria.at})
		}
	case replication.ANONYMOUS_GTID_EVENT:
		return &providers.GapError{Reason: "the log has transactions without a GTID: SET GLOBAL gtid_mode = ON at the source, then load the tables anew"}
	case replication.GTID_TAGGED_LOG_EVENT:
		var g replication.GtidTaggedLogEvent
		if err := g.Decode(body); err != nil {
			return fmt.Errorf("the log has a GTID that can't be read: %w", err)
		}
		f.pendingMySQL.sid, f.pendingMySQL.tag, f.pendingMySQL.gno = uuid.UUID(g.SID), g.Tag, g.GNO
		f.committedAt = microseconds(g.ImmediateCommitTimestamp)
	default:
		f.pendingMySQL.sid, f.pendingMySQL.tag = uuid.UUID(body[1:17]), binlog.Tag{}
		f.pendingMySQL.gno = int64(binary.LittleEndian.Uint64(body[17:]))
		if len(body) >= 49 && body[25] == 2 {
			at := uint64(littleEndian(body[42:49]))
			f.committedAt = microseconds(at &^ (1 << 55))
		}
	}
	if f.skipTo != nil && kind != replication.MARIADB_GTID_EVENT {
		one := &mysqlGTIDs{set: binlog.NewMysqlGTIDSet()}
		one.add(f.pendingMySQL.sid, f.pendingMySQL.tag, f.pendingMySQL.gno)
		f.skipping = f.skipTo.contains(one)
	}
	f.pending = true
	return nil
}

func microseconds(at uint64) time.Time { return time.UnixMicro(int64(at)).UTC() }

// commit ends a transaction.
func (f *binlogReader) commit() error {
	f.open, f.xa = false, nil
	if f.skipping {
		f.skipping = false
		f.pending = false // it is in done already
		return nil
	}
	return f.out.Commit(f.ctx, f.committedAt, f.advanceDone, row.Wait{})
}

// payload unpacks a compressed transaction, event by event.
func (f *binlogReader) payload(body []byte) error {
	kind, rest := -1, []byte(nil)
	for b := body; len(b) > 0; {
		var part, size int
		if part, b = lengthEncoded(b); part == 0 {
			rest = b
			break
		}
		size, b = lengthEncoded(b)
		if part == 2 {
			kind, _ = lengthEncoded(b)
		}
		b = b[size:]
	}
	var in io.Reader = bytes.NewReader(rest)
	switch kind {
	case 0:
		z, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true))
		if err != nil {
			return fmt.Errorf("unpack a transaction of the log: %w", err)
		}
		defer z.Close()
		in = z
	case 255:
	default:
		return fmt.Errorf("the log has a transaction that is packed in a way (%d) that is not known", kind)
	}
	checksum := f.checksum
	f.checksum = false
	defer func() { f.checksum = checksum }()
	var buf []byte
	for {
		header := [headerSize]byte{}
		if _, err := io.ReadFull(in, header[:]); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return fmt.Errorf("unpack a transaction of the log: %w", err)
		}
		n := int(binary.LittleEndian.Uint32(header[9:]))
		if n < headerSize {
			return errors.New("the log has a packed event without a header")
		}
		if cap(buf) < n {
			buf = make([]byte, n, max(n, 2*cap(buf)))
		}
		buf = buf[:n]
		copy(buf, header[:])
		if _, err := io.ReadFull(in, buf[headerSize:]); err != nil {
			return fmt.Errorf("unpack a transaction of the log: %w", err)
		}
		if err := f.inner(replication.EventType(header[4]), buf, buf[headerSize:]); err != nil {
			return err
		}
	}
}
