package mysql

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/syncform/syncform/providers/schema"
)

// LastNumbers reads what AUTO_INCREMENT columns were given.
func (c *Conn) LastNumbers(ctx context.Context, tables []schema.Name) (map[schema.Name]map[string]string, error) {
	last := map[schema.Name]map[string]string{}
	err := c.with(ctx, func(s *session) error {
		if !c.server.mariadb() {
			if _, err := s.exec(ctx, "SET SESSION information_schema_stats_expiry = 0"); err != nil {
				return err
			}
		}
		rows, err := s.query(ctx, "SELECT t.TABLE_NAME, c.COLUMN_NAME, t.AUTO_INCREMENT FROM information_schema.TABLES t JOIN information_schema.COLUMNS c ON c.TABLE_SCHEMA = t.TABLE_SCHEMA AND c.TABLE_NAME = t.TABLE_NAME"+
			" WHERE t.TABLE_SCHEMA = DATABASE() AND c.EXTRA LIKE '%auto_increment%' AND t.AUTO_INCREMENT > 1")
		if err != nil {
			return err
		}
		for _, r := range rows {
			n := schema.Name{Name: r[0]}
			next, err := strconv.ParseUint(r[2], 10, 64)
			if err == nil && slices.Contains(tables, n) {
				last[n] = map[string]string{r[1]: strconv.FormatUint(next-1, 10)}
			}
		}
		return nil
	})
	return last, err
}

// AdvanceNumbers sets counters that InnoDB has not moved past these numbers by itself,
// which it does at each row that is written. Changing one waits for those who use the
// table, and makes others wait behind it.
func (c *Conn) AdvanceNumbers(ctx context.Context, given map[schema.Name]map[string]string) (moved []schema.Name, err error) {
	last, err := c.LastNumbers(ctx, slices.Collect(maps.Keys(given)))
	if err != nil {
		return nil, err
	}
	for n, columns := range given {
		for column, text := range columns {
			want, err := strconv.ParseInt(text, 10, 64)
			if err != nil || want < 1 {
				continue
			}
			if have, _ := strconv.ParseUint(last[n][column], 10, 64); have >= uint64(want) {
				continue
			}
			set, err := c.setCounter(ctx, n, column, want)
			if err != nil {
				return moved, err
			}
			if set {
				moved = append(moved, n)
			}
		}
	}
	return moved, nil
}

// setCounter makes the number behind last the next one, where the column is numbered.
func (c *Conn) setCounter(ctx context.Context, n schema.Name, column string, last int64) (set bool, err error) {
	s, err := c.take(ctx)
	if err != nil {
		return false, err
	}
	defer s.close() // it has a lock_wait_timeout of its own
	rows, err := s.query(ctx, "SELECT 1 FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? AND COLUMN_NAME = ? AND EXTRA LIKE '%auto_increment%'", n.Name, column)
	if err != nil || len(rows) == 0 {
		return false, classify(err)
	}
	if _, err := s.exec(ctx, "SET lock_wait_timeout = 1"); err != nil {
		return false, classify(err)
	}
	if _, err := s.exec(ctx, "ALTER TABLE "+tableIdent(n)+" AUTO_INCREMENT = "+strconv.FormatInt(last+1, 10)); err != nil {
		return false, classify(fmt.Errorf("move the AUTO_INCREMENT of table %s on: %w", n, err))
	}
	return true, nil
}

// advance sets the counter of a table past what the source has given out; InnoDB keeps it
// past the rows by itself, and takes no number that is not past them.
func (p *stepPlan) advance(t schema.Table, past map[string]string) {
	for _, c := range t.Columns {
		if n, err := strconv.ParseInt(past[c.Name], 10, 64); err == nil && n > 0 && c.Identity != nil {
			p.alter(t.Name, "AUTO_INCREMENT = "+strconv.FormatInt(n+1, 10), "")
		}
	}
}
