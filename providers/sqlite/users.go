package sqlite

import (
	"context"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// Users implements providers.UserFinder: views and triggers by the names in their text.
// SQLite itself gives them the new names of tables and columns.
func (c *Conn) Users(_ context.Context, db *schema.Database) ([]providers.User, error) {
	var users []providers.User
	for _, o := range db.Others {
		if (o.Kind != "view" && o.Kind != "trigger") || isCaptureTrigger(o.Name.Name) {
			continue
		}
		words := map[string]bool{}
		for _, t := range tokenize(o.Definition) {
			if t.kind == tokenWord || t.kind == tokenName {
				words[lower(t.name())] = true
			}
		}
		u := providers.User{What: o.Kind + " " + o.Name.Name, Of: o.On}
		for i := range db.Tables {
			t := &db.Tables[i]
			if !words[lower(t.Name.Name)] {
				continue
			}
			u.On = t.Name
			u.Column = ""
			users = append(users, u)
			for _, col := range t.Columns {
				if words[lower(col.Name)] {
					u.Column = col.Name
					users = append(users, u)
				}
			}
		}
	}
	return users, nil
}
