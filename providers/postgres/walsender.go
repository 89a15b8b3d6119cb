package postgres

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"
)

// walsender is a replication connection. Its session has the settings of every other, so
// that values come as the snapshot's reader gives them.
type walsender struct {
	*session
	paced *paced // once a slot is streamed
}

func (c *Conn) walsender(ctx context.Context) (*walsender, error) {
	cfg := c.config.Copy()
	cfg.RuntimeParams["replication"] = "database"
	s, err := connect(ctx, cfg, c.schema)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, fmt.Errorf("open a replication connection: %w", openError(cfg, err))
	}
	return &walsender{session: s}, nil
}

// identify asks which cluster this is, and on which timeline.
func (w *walsender) identify(ctx context.Context) (system string, timeline int, err error) {
	err = w.queryAll(ctx, "IDENTIFY_SYSTEM", func(_ int, v [][]byte) error {
		if len(v) < 2 {
			return errors.New("bug in syncform: an answer to IDENTIFY_SYSTEM that can't be read")
		}
		system = string(v[0])
		timeline, err = strconv.Atoi(string(v[1]))
		return err
	})
	return system, timeline, classify(err)
}

// history gives where each timeline before this one ended.
func (w *walsender) history(ctx context.Context, timeline int) (map[int]lsn, error) {
	ends := map[int]lsn{}
	if timeline == 1 {
		return ends, nil
	}
	err := w.queryAll(ctx, "TIMELINE_HISTORY "+strconv.Itoa(timeline), func(_ int, v [][]byte) error {
		for _, line := range strings.Split(string(v[1]), "\n") {
			f := strings.Fields(line)
			if len(f) < 2 || strings.HasPrefix(f[0], "#") {
				continue
			}
			id, err := strconv.Atoi(f[0])
			if err != nil {
				return err
			}
			if ends[id], err = parseLSN(f[1]); err != nil {
				return err
			}
		}
		return nil
	})
	return ends, classify(err)
}

// start begins to stream a slot.
func (w *walsender) start(ctx context.Context, slot, publication string, from lsn) error {
	f := w.pg.Frontend()
	f.SendQuery(&pgproto3.Query{String: fmt.Sprintf("START_REPLICATION SLOT %s LOGICAL %s (proto_version '1', publication_names %s)", quote(slot), from, literal(quote(publication)))})
	if err := f.Flush(); err != nil {
		return w.ioError(ctx, err)
	}
	for {
		kind, body, err := w.in.next()
		if err != nil {
			return w.ioError(ctx, err)
		}
		switch kind {
		case 'W':
			w.paced = &paced{r: w.in.r, conn: w.pg.Conn()}
			w.in.r = w.paced
			return nil
		case 'E':
			return classify(parseServerError(body))
		}
	}
}

// PostgreSQL counts microseconds from the year 2000.
const epoch2000 = 946_684_800_000_000

func serverTime(v uint64) time.Time { return time.UnixMicro(int64(v) + epoch2000).UTC() }

// status tells the server up to where everything is durable, and may ask for an answer.
func (w *walsender) status(durable lsn, answer bool) error {
	m := make([]byte, 0, 39)
	m = append(m, 'd', 0, 0, 0, 38, 'r')
	m = binary.BigEndian.AppendUint64(m, uint64(durable))
	m = binary.BigEndian.AppendUint64(m, uint64(durable))
	m = binary.BigEndian.AppendUint64(m, uint64(durable))
	m = binary.BigEndian.AppendUint64(m, uint64(time.Now().UnixMicro()-epoch2000))
	if answer {
		m = append(m, 1)
	} else {
		m = append(m, 0)
	}
	if err := w.pg.Conn().SetWriteDeadline(time.Now().Add(statusPatience)); err != nil {
		return err
	}
	_, err := w.pg.Conn().Write(m)
	return err
}

// statusPatience is how long the server may take to read a status.
const statusPatience = 30 * time.Second

// timeout is after how long a silent client is given up; 0 for never.
func (c *Conn) walsenderTimeout(ctx context.Context, s *session) (time.Duration, error) {
	got, err := s.queryRow(ctx, "SELECT setting FROM pg_catalog.pg_settings WHERE name = 'wal_sender_timeout'")
	if err != nil {
		return 0, classify(err)
	}
	ms, err := strconv.Atoi(got[0])
	return time.Duration(ms) * time.Millisecond, err
}
