package mysql

import (
	"context"
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

// advance sets the counter of a table past what the source has given out; InnoDB keeps it
// past the rows by itself, and takes no number that is not past them.
func (p *stepPlan) advance(t schema.Table, past map[string]string) {
	for _, c := range t.Columns {
		if n, err := strconv.ParseInt(past[c.Name], 10, 64); err == nil && n > 0 && c.Identity != nil {
			p.alter(t.Name, "AUTO_INCREMENT = "+strconv.FormatInt(n+1, 10), "")
		}
	}
}
