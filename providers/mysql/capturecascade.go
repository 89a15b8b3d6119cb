package mysql

import (
	"context"
	"slices"
	"strings"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// planCascades finds the foreign keys among the captured tables whose actions InnoDB
// carries out by itself: MariaDB's and MySQL's before 9.6, or later ones where
// innodb_native_foreign_keys is on, are not in the log.
func (c *Conn) planCascades(ctx context.Context, s *session, capture *providers.Capture) error {
	capture.Cascades = nil
	if !c.server.mariadb() && c.server.num >= 90600 {
		rows, err := s.query(ctx, "SHOW GLOBAL VARIABLES LIKE 'innodb_native_foreign_keys'")
		if err != nil {
			return err
		}
		if len(rows) == 0 || !strings.EqualFold(rows[0][1], "ON") {
			return nil
		}
	}
	at := map[schema.Name]int{}
	for i, t := range capture.Tables {
		at[schema.Name{Schema: c.databaseOf(t.Table.Name), Name: t.Table.Name.Name}] = i
	}
	rows, err := s.query(ctx, "SELECT r.CONSTRAINT_SCHEMA, r.TABLE_NAME, k.REFERENCED_TABLE_SCHEMA, r.REFERENCED_TABLE_NAME, r.CONSTRAINT_NAME, r.DELETE_RULE, r.UPDATE_RULE, k.COLUMN_NAME, k.REFERENCED_COLUMN_NAME"+
		" FROM information_schema.REFERENTIAL_CONSTRAINTS r JOIN information_schema.KEY_COLUMN_USAGE k ON k.CONSTRAINT_SCHEMA = r.CONSTRAINT_SCHEMA AND k.CONSTRAINT_NAME = r.CONSTRAINT_NAME AND k.TABLE_NAME = r.TABLE_NAME"+
		" WHERE r.CONSTRAINT_SCHEMA = DATABASE() ORDER BY r.TABLE_NAME, r.CONSTRAINT_NAME, k.ORDINAL_POSITION")
	if err != nil {
		return err
	}
	last := ""
	var taken bool
	for _, r := range rows {
		id := r[1] + "\x00" + r[4]
		if id == last {
			if taken {
				one := &capture.Cascades[len(capture.Cascades)-1]
				one.Columns, one.ParentColumns = append(one.Columns, r[7]), append(one.ParentColumns, r[8])
			}
			continue
		}
		last = id
		child, ok1 := at[schema.Name{Schema: r[0], Name: r[1]}]
		parent, ok2 := at[schema.Name{Schema: r[2], Name: r[3]}]
		onDelete, onUpdate := cascading(r[5]), cascading(r[6])
		taken = ok1 && ok2 && onDelete+onUpdate != ""
		if taken {
			capture.Cascades = append(capture.Cascades, providers.Cascade{
				Parent: capture.Tables[parent].Table.Name, ParentColumns: []string{r[8]},
				Child: capture.Tables[child].Table.Name, Columns: []string{r[7]}, OnDelete: onDelete, OnUpdate: onUpdate,
			})
		}
	}
	capture.Tables = slices.Clone(capture.Tables)
	for _, one := range capture.Cascades {
		for i := range capture.Tables {
			t := &capture.Tables[i]
			inKey := !slices.ContainsFunc(one.ParentColumns, func(name string) bool { return !slices.Contains(t.Table.Key, name) })
			t.FullImages = t.FullImages || t.Table.Name == one.Parent && !inKey
		}
	}
	return nil
}

func cascading(rule string) string {
	if rule == "CASCADE" || rule == "SET NULL" {
		return rule
	}
	return ""
}
