package mysql

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
)

// logStatus is where the source's binary log stands.
type logStatus struct {
	server   string // identity
	executed gtids  // MySQL: executed; MariaDB: the last of each domain
	purged   gtids  // MySQL: those that the log has no more; nil with MariaDB
	owned    gtids  // MySQL: those that are being committed
}

func (c *Conn) logStatus(ctx context.Context, s *session) (st logStatus, err error) {
	identity, err := c.identity(ctx, s)
	if err != nil {
		return st, err
	}
	st.server, _, _ = strings.Cut(identity, "/")
	mariadb := c.server.mariadb()
	query := "SELECT @@GLOBAL.gtid_binlog_pos"
	if !mariadb {
		// In this order: what is committed while these are read is in one or the other.
		query = "SELECT @@GLOBAL.gtid_owned, @@GLOBAL.gtid_purged, @@GLOBAL.gtid_executed"
	}
	rows, err := s.query(ctx, query)
	if err != nil {
		return st, err
	}
	r := rows[0]
	if st.executed, err = parseGTIDs(mariadb, r[len(r)-1]); err != nil || mariadb {
		return st, err
	}
	if st.purged, err = parseGTIDs(false, r[1]); err != nil {
		return st, err
	}
	st.owned, err = parseOwned(r[0])
	return st, err
}

// parseOwned reads uuid:gno#thread:gno#thread, uuid:...
func parseOwned(text string) (gtids, error) {
	var parts []string
	for _, of := range strings.Split(strings.ReplaceAll(text, "\n", ""), ",") {
		sid, rest, ok := strings.Cut(strings.TrimSpace(of), ":")
		if !ok {
			continue
		}
		for _, one := range strings.Split(rest, ":") {
			gno, _, _ := strings.Cut(one, "#")
			sid += ":" + gno
		}
		parts = append(parts, sid)
	}
	return parseGTIDs(false, strings.Join(parts, ","))
}

// withLog runs f on a session with the log's status.
func (c *Conn) withLog(ctx context.Context, f func(*session, logStatus) error) error {
	return c.with(ctx, func(s *session) error {
		st, err := c.logStatus(ctx, s)
		if err != nil {
			return fmt.Errorf("ask where the binary log stands: %w", err)
		}
		return f(s, st)
	})
}

// startBinlog is StartCapture: the log keeps everything already.
func (c *Conn) startBinlog(ctx context.Context) (start providers.CaptureStart, err error) {
	err = c.withLog(ctx, func(s *session, st logStatus) error {
		start.Floor = st.executed.String()
		start.Position = encodeBinlogPosition(binlogPosition{Server: st.server, GTID: start.Floor})
		return nil
	})
	return start, err
}

// currentBinlog is Current. A transaction can be seen before it counts as executed: those
// that are being committed belong to it.
func (c *Conn) currentBinlog(ctx context.Context) (p row.Position, err error) {
	err = c.withLog(ctx, func(s *session, st logStatus) error {
		text := st.executed.String()
		if st.owned != nil && st.owned.String() != "" {
			both, err := parseGTIDs(false, text+","+st.owned.String())
			if err != nil {
				return err
			}
			text = both.String()
		}
		p = encodeBinlogPosition(binlogPosition{Server: st.server, GTID: strings.TrimPrefix(text, ",")})
		return nil
	})
	return p, err
}

// proveBinlog makes sure that the source has all that comes behind a position, on the
// same history.
func (c *Conn) proveBinlog(ctx context.Context, at binlogPosition, done, from gtids) error {
	return c.withLog(ctx, func(s *session, st logStatus) error {
		gap := func(format string, args ...any) error {
			return &providers.GapError{Reason: fmt.Sprintf(format, args...)}
		}
		if c.server.mariadb() {
			// GTIDs of MariaDB don't say whose they are: two servers that never met have the same.
			if at.Server != st.server {
				return gap("the source is another server than the one that was followed (%s, not %s)", st.server, at.Server)
			}
			have := st.executed.(mariaGTIDs)
			for domain, want := range done.(mariaGTIDs) {
				got := have[domain]
				if got.sequence < want.sequence || got.sequence == want.sequence && got.server != want.server {
					return gap("the source's log stands at %s, which lacks what was applied already, %s: it was restored, or its log was reset", have, at.GTID)
				}
			}
			return nil
		}
		if !st.executed.contains(done) {
			return gap("the source has not executed what was applied already (%s): it is another server, or it was restored", at.GTID)
		}
		if done.String() == "" && at.Server != st.server {
			return gap("the source is another server than the one that was followed (%s, not %s)", st.server, at.Server)
		}
		if !from.contains(st.purged) {
			return gap("the source has purged binary logs that were not read yet (gtid_purged is %s, the position %s)", st.purged, from)
		}
		return nil
	})
}

// followBinlog is Follow.
func (c *Conn) followBinlog(ctx context.Context, capture providers.Capture, from row.Position, newCollector func(func() row.Position) *row.Collector) error {
	at, done, err := c.readBinlogPosition(from)
	if err != nil {
		return err
	}
	start := done.clone()
	if at.From != "" {
		if start, err = parseGTIDs(c.server.mariadb(), at.From); err != nil {
			return err
		}
	}
	if err := c.proveBinlog(ctx, at, done, start); err != nil {
		return err
	}
	f, err := c.newBinlogReader(ctx, capture)
	if err != nil {
		return err
	}
	f.server, f.done, f.from, f.nextFrom = at.Server, done, at.From, at.From
	f.file, f.offset, f.nextFile, f.nextOffset = at.File, at.Offset, at.File, at.Offset
	if at.From != "" {
		f.skipTo = done.clone()
	}
	l, err := c.openLog(ctx, start)
	if err != nil {
		return contextError(ctx, err)
	}
	stop := context.AfterFunc(ctx, l.close)
	defer stop()
	defer l.close()
	f.out = newCollector(f.position)
	err = contextError(ctx, f.read(l))
	if err == nil {
		err = errors.New("bug in syncform: the binary log ended without an error")
	}
	f.out.Fail(err)
	return err
}
