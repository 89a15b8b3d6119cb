package mysql

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
)

// flushTimeout is how long FLUSH TABLES WITH READ LOCK may wait for statements that
// run, in seconds: while it waits, everybody who wants to write waits behind it.
const flushTimeout = 5

// OpenSnapshot opens the readers. With Consistent, all of them see one moment: they
// begin their transactions while a global read lock keeps writers out for some
// milliseconds. Where that lock is not allowed (RELOAD or FLUSH_TABLES), or can't be
// had in time, there is one reader, and the others wait for it. Tables of engines
// without transactions are read as they are.
func (c *Conn) OpenSnapshot(ctx context.Context, o providers.SnapshotOptions) (providers.Snapshot, error) {
	if err := c.awaitFloors(ctx, o.Floors); err != nil {
		return nil, err
	}
	s := &snapshot{conn: c, consistent: o.Consistent, free: make(chan *session, max(o.Readers, 1))}
	if !o.Consistent {
		for range cap(s.free) {
			s.free <- nil // a session of the endpoint's is taken when it is needed
		}
		return s, nil
	}
	if err := s.begin(ctx, max(o.Readers, 1)); err != nil {
		s.Close()
		return nil, fmt.Errorf("open a consistent snapshot: %w", classify(err))
	}
	return s, nil
}

// snapshot is a set of readers. The channel free holds those that nobody uses.
type snapshot struct {
	conn       *Conn
	consistent bool
	position   row.Position
	sessions   []*session
	free       chan *session
	pool       row.Pool
}

// begin starts the transactions of a consistent snapshot.
func (s *snapshot) begin(ctx context.Context, readers int) error {
	for range readers {
		session, err := s.conn.connect(ctx)
		if err != nil {
			return err
		}
		s.sessions = append(s.sessions, session)
	}
	var lock *session
	if readers > 1 {
		var err error
		if lock, err = s.lock(ctx); err != nil {
			return err
		}
		if lock == nil {
			for _, other := range s.sessions[1:] {
				other.close()
			}
			s.sessions = s.sessions[:1]
		} else {
			defer lock.close() // and with it the lock
		}
	}
	for _, session := range s.sessions {
		if _, err := session.exec(ctx, "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"); err != nil {
			return err
		}
	}
	var err error
	if s.position, err = s.conn.readPosition(ctx, s.sessions[0], lock); err != nil {
		return err
	}
	for _, session := range s.sessions {
		s.free <- session
	}
	return nil
}

// lock takes the global read lock; nil where it is not to be had.
func (s *snapshot) lock(ctx context.Context) (*session, error) {
	lock, err := s.conn.connect(ctx)
	if err != nil {
		return nil, err
	}
	_, err = lock.exec(ctx, fmt.Sprintf("SET lock_wait_timeout = %d; FLUSH TABLES WITH READ LOCK", flushTimeout))
	if err == nil {
		return lock, nil
	}
	lock.close()
	if e := serverError(err); e != nil && (e.Number == errLockTimeout || behaviourOf(err) == privilege || e.Number == errAccessUser) {
		return nil, nil
	}
	return nil, err
}

// Position is where the binary log stood, as JSON with the server's identity: the
// GTIDs, or file and offset; "" where there is no log or no privilege to ask.
func (s *snapshot) Position() row.Position { return s.position }

// logPosition is what a Position holds.
type logPosition struct {
	Server string `json:"server"`
	GTID   string `json:"gtid,omitempty"`
	File   string `json:"file,omitempty"`
	Offset string `json:"offset,omitempty"`
}

// readPosition asks where the log stands: under the lock, or MariaDB's own note of
// where a snapshot was taken.
func (c *Conn) readPosition(ctx context.Context, reader, lock *session) (row.Position, error) {
	var p logPosition
	switch {
	case lock != nil:
		statement := "SHOW MASTER STATUS"
		if !c.server.mariadb() && c.server.num >= 80200 {
			statement = "SHOW BINARY LOG STATUS"
		}
		rows, err := lock.query(ctx, statement)
		if err != nil && behaviourOf(err) != privilege {
			return "", err
		}
		if len(rows) == 1 {
			p.File, p.Offset = rows[0][0], rows[0][1]
		}
		variable := "@@GLOBAL.gtid_executed"
		if c.server.mariadb() {
			variable = "@@GLOBAL.gtid_binlog_pos"
		}
		if rows, err = lock.query(ctx, "SELECT "+variable); err != nil {
			return "", err
		}
		p.GTID = strings.ReplaceAll(rows[0][0], "\n", "")
	case c.server.mariadb():
		rows, err := reader.query(ctx, "SHOW STATUS LIKE 'binlog_snapshot_%'")
		if err != nil {
			return "", err
		}
		for _, r := range rows {
			switch strings.ToLower(r[0]) {
			case "binlog_snapshot_file":
				p.File = r[1]
			case "binlog_snapshot_position":
				p.Offset = r[1]
			}
		}
	}
	if p.GTID == "" && p.File == "" {
		return "", nil
	}
	identity, err := c.identity(ctx, reader)
	if err != nil {
		return "", err
	}
	p.Server, _, _ = strings.Cut(identity, "/")
	text, err := json.Marshal(p)
	return row.Position(text), err
}

// acquire waits for a reader.
func (s *snapshot) acquire(ctx context.Context) (*session, error) {
	select {
	case session, ok := <-s.free:
		switch {
		case !ok:
			return nil, errors.New("the snapshot is closed")
		case session != nil:
			return session, nil
		case s.consistent:
			s.free <- nil
			return nil, errors.New("the snapshot is lost: its connection broke")
		}
		session, err := s.conn.take(ctx)
		if err != nil {
			s.free <- nil
		}
		return session, err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// release hands a reader back: nil in its place where it is gone.
func (s *snapshot) release(session *session, usable bool) {
	switch {
	case s.consistent && usable:
		s.free <- session
		return
	case usable:
		s.conn.give(session)
	default:
		session.close()
	}
	s.free <- nil
}

// Close ends the readers' transactions. Readers that are still open fail.
func (s *snapshot) Close() error {
	for _, session := range s.sessions {
		session.close()
	}
	s.sessions = nil
	return nil
}
