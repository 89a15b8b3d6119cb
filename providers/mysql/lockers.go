package mysql

import (
	"context"
	"fmt"
	"time"

	"github.com/syncform/syncform/providers"
)

// refusedOnline reports whether the server can't do a change in the way that was asked.
func refusedOnline(err error) bool {
	e := serverError(err)
	return e != nil && (e.Number == 1845 || e.Number == 1846)
}

// nameLockers adds to a lock timeout which transactions have been open for longest: the
// server does not say which of them held the lock.
func (c *Conn) nameLockers(ctx context.Context, err error) error {
	e := serverError(err)
	if e == nil || e.Number != errLockTimeout {
		return err
	}
	locked := &providers.LockedError{Err: err}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	// Without the privilege to see others nobody is named, and the timeout is told as it is.
	_ = c.with(ctx, func(s *session) error {
		const openTransactions = `SELECT p.id, p.user, p.host, TIMESTAMPDIFF(SECOND, t.trx_started, NOW()), p.command FROM information_schema.innodb_trx t JOIN %s p ON p.id = t.trx_mysql_thread_id
 WHERE p.id <> CONNECTION_ID() ORDER BY t.trx_started LIMIT 3`
		rows, err := s.query(ctx, fmt.Sprintf(openTransactions, "information_schema.processlist"))
		if err != nil {
			// MySQL's list can't be read (3854) while any session runs a statement whose text has
			// characters of four bytes.
			rows, err = s.query(ctx, fmt.Sprintf(openTransactions, "(SELECT processlist_id id, processlist_user user, processlist_host host, processlist_command command FROM performance_schema.threads)"))
		}
		if err != nil {
			return err
		}
		for _, r := range rows {
			text := fmt.Sprintf("connection %s of %s at %s, in a transaction for %s s", r[0], r[1], r[2], r[3])
			if r[4] == "Sleep" {
				text += " and idle"
			}
			locked.By = append(locked.By, text)
		}
		return nil
	})
	return locked
}
