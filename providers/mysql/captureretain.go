package mysql

import (
	"context"
	"fmt"
	"strconv"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
)

// retainedBinlog adds up the log's files behind a position. The server keeps them for
// its own reasons, not for us.
func (c *Conn) retainedBinlog(ctx context.Context, p row.Position) (r providers.Retained, err error) {
	r.Bytes = -1
	at, done, err := c.readBinlogPosition(p)
	if err != nil {
		return r, err
	}
	from := done
	if at.From != "" {
		if from, err = parseGTIDs(c.server.mariadb(), at.From); err != nil {
			return r, err
		}
	}
	err = c.withLog(ctx, func(s *session, st logStatus) error {
		if st.purged != nil && !from.contains(st.purged) {
			r.Lost, r.Why = true, fmt.Sprintf("the source has purged binary logs that were not read yet (gtid_purged is %s)", st.purged)
		}
		rows, err := s.query(ctx, "SHOW BINARY LOGS")
		if err != nil {
			if behaviourOf(err) == privilege {
				r.Why = "REPLICATION CLIENT is missing"
				return nil
			}
			return err
		}
		found := false
		var bytes int64
		for _, f := range rows {
			size, err := strconv.ParseInt(f[1], 10, 64)
			if err != nil {
				return err
			}
			switch {
			case found:
				bytes += size
			case f[0] == at.File:
				found, bytes = true, size-int64(at.Offset)
			}
		}
		if found && !r.Lost {
			r.Bytes = max(bytes, 0)
		}
		return nil
	})
	return r, err
}
