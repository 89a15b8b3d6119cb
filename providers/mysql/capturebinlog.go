package mysql

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/go-mysql-org/go-mysql/client"
	binlog "github.com/go-mysql-org/go-mysql/mysql"

	"github.com/syncform/syncform/providers"
)

// logHeartbeat is how often a quiet server says that it is there; a connection that is
// silent for logSilence is given up.
const (
	logHeartbeat = 5 * time.Second
	logSilence   = 60 * time.Second
	logBuffer    = 256 << 10
)

// logConn is a connection over which a server sends its binary log, event by event.
type logConn struct {
	conn *client.Conn
	raw  net.Conn
	in   *bufio.Reader
	buf  []byte
}

// logReader reads from a connection as long as it is not silent. How long it takes until
// what was read is asked for again does not count, nor how long a transaction is.
type logReader struct{ net.Conn }

func (r logReader) Read(b []byte) (int, error) {
	if err := r.SetReadDeadline(time.Now().Add(logSilence)); err != nil {
		return 0, err
	}
	return r.Conn.Read(b)
}

// openLog connects as a replica does and asks for the log behind from.
func (c *Conn) openLog(ctx context.Context, from gtids) (*logConn, error) {
	o := c.options
	network, address := "tcp", o.address()
	if o.socket != "" {
		network = "unix"
	}
	tlsConfig, err := o.tlsConfig()
	if err != nil {
		return nil, err
	}
	if tlsConfig != nil && o.ssl == sslPreferred {
		if tlsConfig = nil; c.encrypted(ctx) {
			tlsConfig, _ = o.tlsConfig()
		}
	}
	dialer := &net.Dialer{Timeout: o.timeout}
	timed, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	conn, err := client.ConnectWithDialer(timed, network, address, o.user, o.password, "", func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dialer.DialContext(ctx, network, address)
		if err == nil {
			err = conn.SetDeadline(time.Now().Add(o.timeout))
		}
		return conn, err
	}, func(conn *client.Conn) error {
		conn.SetTLSConfig(tlsConfig)
		return nil
	})
	if err != nil {
		return nil, logError(fmt.Errorf("connect to %s for the binary log: %w", o.address(), err))
	}
	l := &logConn{conn: conn, raw: conn.Conn.Conn}
	if err := l.start(c.server.mariadb(), from); err != nil {
		conn.Close()
		return nil, logError(fmt.Errorf("ask for the binary log: %w", err))
	}
	l.in = bufio.NewReaderSize(logReader{l.raw}, logBuffer)
	return l, nil
}

// encrypted reports whether the server offers TLS, as the endpoint's other sessions found.
func (c *Conn) encrypted(ctx context.Context) bool {
	yes := false
	err := c.with(ctx, func(s *session) error {
		rows, err := s.query(ctx, "SHOW SESSION STATUS LIKE 'Ssl_cipher'")
		yes = err == nil && len(rows) == 1 && rows[0][1] != ""
		return err
	})
	return err == nil && yes
}

// start makes the session's settings and sends the request.
func (l *logConn) start(mariadb bool, from gtids) error {
	settings := []string{
		"SET @master_binlog_checksum = 'NONE', @source_binlog_checksum = 'NONE'",
		fmt.Sprintf("SET @master_heartbeat_period = %d, @source_heartbeat_period = %d", logHeartbeat.Nanoseconds(), logHeartbeat.Nanoseconds()),
		"SET net_write_timeout = 86400", // while the target is slow nobody reads
	}
	if mariadb {
		settings = append(settings, "SET @mariadb_slave_capability = 4", "SET @slave_connect_state = "+literal(from.String()), "SET @slave_gtid_strict_mode = 1", "SET @slave_gtid_ignore_duplicates = 0")
	} else {
		id, err := newUUID()
		if err != nil {
			return err
		}
		settings = append(settings, "SET @slave_uuid = "+literal(id)+", @replica_uuid = "+literal(id))
	}
	for _, s := range settings {
		if _, err := l.conn.Execute(s); err != nil {
			return err
		}
	}
	// A second reader with the same number would throw the first one out.
	var random [4]byte
	if _, err := rand.Read(random[:]); err != nil {
		return err
	}
	id := binary.LittleEndian.Uint32(random[:])>>2 | 1<<30 // above what people give their servers
	b := append(make([]byte, 4, 64), binlog.COM_REGISTER_SLAVE)
	b = binary.LittleEndian.AppendUint32(b, id)
	b = append(b, 0, 0, 0)                // host, user, password: only for SHOW REPLICAS
	b = append(b, make([]byte, 2+4+4)...) // port, rank, source
	l.conn.ResetSequence()
	if err := l.conn.WritePacket(b); err != nil {
		return err
	}
	if _, err := l.conn.ReadOKPacket(); err != nil {
		return err
	}
	if mariadb {
		b = append(make([]byte, 4, 64), binlog.COM_BINLOG_DUMP)
		b = binary.LittleEndian.AppendUint32(b, 4)
		b = binary.LittleEndian.AppendUint16(b, 0)
		b = binary.LittleEndian.AppendUint32(b, id)
	} else {
		set := from.(*mysqlGTIDs)
		set.settle()
		encoded := set.set.Encode()
		b = append(make([]byte, 4, 64), binlog.COM_BINLOG_DUMP_GTID)
		b = binary.LittleEndian.AppendUint16(b, 0)
		b = binary.LittleEndian.AppendUint32(b, id)
		b = binary.LittleEndian.AppendUint32(b, 0)
		b = binary.LittleEndian.AppendUint64(b, 4)
		b = binary.LittleEndian.AppendUint32(b, uint32(len(encoded)))
		b = append(b, encoded...)
	}
	l.conn.ResetSequence()
	return l.conn.WritePacket(b)
}

func newUUID() (string, error) {
	var b [16]byte
	if _, err := rand.Read(b[:]); err != nil {
		return "", err
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return string(appendUUID(nil, b)), nil
}

// keepBuffer is how large a buffer for events may stay.
const keepBuffer = 4 << 20

// next reads one event. It holds until the next call.
func (l *logConn) next() ([]byte, error) {
	if cap(l.buf) > keepBuffer {
		l.buf = nil
	}
	l.buf = l.buf[:0]
	for {
		header, err := l.in.Peek(4)
		if err != nil {
			return nil, err
		}
		n := littleEndian(header[:3])
		l.in.Discard(4) // they are in the buffer
		at := len(l.buf)
		if cap(l.buf) < at+n {
			grown := make([]byte, at, max(at+n, 2*cap(l.buf)))
			copy(grown, l.buf)
			l.buf = grown
		}
		l.buf = l.buf[:at+n]
		if _, err := io.ReadFull(l.in, l.buf[at:]); err != nil {
			return nil, err
		}
		if n < binlog.MaxPayloadLen {
			break
		}
	}
	if len(l.buf) == 0 {
		return nil, errors.New("the server sent an empty packet in place of an event")
	}
	switch l.buf[0] {
	case binlog.OK_HEADER:
		return l.buf[1:], nil
	case binlog.ERR_HEADER:
		return nil, l.conn.HandleErrorPacket(l.buf)
	}
	return nil, io.EOF
}

func (l *logConn) close() { _ = l.raw.Close() }

// logError sorts what can go wrong with the log's connection.
func logError(err error) error {
	var e *binlog.MyError
	if !errors.As(err, &e) {
		if errors.Is(err, binlog.ErrBadConn) || isLost(err) {
			return &providers.RetryableError{Err: fmt.Errorf("lost the connection to the server: %w", err)}
		}
		return err
	}
	switch {
	case e.Code == 1236:
		return &providers.GapError{Reason: "the source can't go on from the position: " + e.Message}
	case behaviours[e.Code] == retryable:
		return &providers.RetryableError{Err: err}
	case behaviours[e.Code] == privilege:
		return fmt.Errorf("%w: reading the binary log needs REPLICATION SLAVE: %w", providers.ErrPrivilege, err)
	}
	return err
}
