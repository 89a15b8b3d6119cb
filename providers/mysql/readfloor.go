package mysql

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// awaitFloors waits until a snapshot that begins now holds every transaction of the
// floors: those that a stream leaves out, because they were in the log before it began.
// MySQL counts a transaction as executed once it can be seen. MariaDB's log has it
// sooner: there a snapshot itself says which place of the log it is of. What is seen
// once stays: snapshots that begin later hold it too.
func (c *Conn) awaitFloors(ctx context.Context, floors []string) error {
	var wanted []gtids
	for _, text := range floors {
		if text == "" {
			continue
		}
		set, err := parseGTIDs(c.server.mariadb(), text)
		if err != nil {
			return err
		}
		wanted = append(wanted, set)
	}
	for wait := time.Millisecond; len(wanted) > 0; wait = min(2*wait, 100*time.Millisecond) {
		var seen gtids
		err := c.with(ctx, func(s *session) (err error) {
			seen, err = c.snapshotGTIDs(ctx, s)
			return err
		})
		if err != nil {
			return fmt.Errorf("ask which transactions a snapshot holds: %w", err)
		}
		all := true
		for _, set := range wanted {
			all = all && seen.contains(set)
		}
		if all {
			return nil
		}
		if err := pause(ctx, wait); err != nil {
			return fmt.Errorf("wait until the source shows what its log had when the stream began: %w", err)
		}
	}
	return nil
}

// snapshotGTIDs gives the transactions that a snapshot would hold now.
func (c *Conn) snapshotGTIDs(ctx context.Context, s *session) (gtids, error) {
	if !c.server.mariadb() {
		rows, err := s.query(ctx, "SELECT @@GLOBAL.gtid_executed")
		if err != nil {
			return nil, err
		}
		return parseGTIDs(false, rows[0][0])
	}
	if _, err := s.exec(ctx, "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"); err != nil {
		return nil, err
	}
	rows, err := s.query(ctx, "SHOW STATUS LIKE 'binlog_snapshot_%'")
	if err != nil {
		return nil, err
	}
	file, offset := "", ""
	for _, r := range rows {
		switch strings.ToLower(r[0]) {
		case "binlog_snapshot_file":
			file = r[1]
		case "binlog_snapshot_position":
			offset = r[1]
		}
	}
	if rows, err = s.query(ctx, "SELECT IFNULL(BINLOG_GTID_POS(?, ?), '')", file, offset); err != nil {
		return nil, err
	}
	if _, err := s.exec(ctx, "COMMIT"); err != nil {
		return nil, err
	}
	return parseGTIDs(true, rows[0][0])
}
