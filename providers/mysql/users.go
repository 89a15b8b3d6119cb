package mysql

import (
	"context"
	"fmt"
	"strings"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/ledger"
	"github.com/syncform/syncform/providers/schema"
)

// Users implements providers.UserFinder. The server itself knows of a view's tables only,
// and of nothing that stands in a body, so their text is read: that of views, which the
// server keeps with every name spelled out, exactly; bodies of triggers, routines and events
// by the names in them. What the user may not read (SHOW VIEW) is not found.
func (c *Conn) Users(ctx context.Context, db *schema.Database) ([]providers.User, error) {
	var users []providers.User
	err := c.with(ctx, func(s *session) error {
		f := &userFinder{database: c.database, db: db, tables: make(map[string]*schema.Table, len(db.Tables))}
		for i := range db.Tables {
			f.tables[strings.ToLower(db.Tables[i].Name.Name)] = &db.Tables[i]
		}
		rows, err := s.query(ctx, "SELECT TABLE_SCHEMA, TABLE_NAME, VIEW_DEFINITION FROM information_schema.VIEWS WHERE TABLE_SCHEMA NOT IN ('sys', 'mysql', 'information_schema', 'performance_schema') ORDER BY 1, 2")
		if err != nil {
			return err
		}
		for _, r := range rows {
			name := r[1]
			if r[0] != c.database {
				name = r[0] + "." + r[1]
			}
			f.view("view "+name, r[2])
		}
		rows, err = s.query(ctx, "SELECT 'trigger', TRIGGER_NAME, EVENT_OBJECT_TABLE, ACTION_STATEMENT FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE()"+
			" UNION ALL SELECT LOWER(ROUTINE_TYPE), ROUTINE_NAME, '', ROUTINE_DEFINITION FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE()"+
			" UNION ALL SELECT 'event', EVENT_NAME, '', EVENT_DEFINITION FROM information_schema.EVENTS WHERE EVENT_SCHEMA = DATABASE() ORDER BY 1, 2")
		if err != nil {
			return err
		}
		for _, r := range rows {
			if !ledger.IsRetyped(r[1]) && !strings.HasPrefix(r[1], "_sync_") {
				f.body(r[0]+" "+r[1], r[2], r[3])
			}
		}
		users = f.users
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look for what reads tables of database %s: %w", c.database, err)
	}
	return users, nil
}

type userFinder struct {
	database string
	db       *schema.Database
	tables   map[string]*schema.Table // by folded name
	users    []providers.User
}

func (f *userFinder) table(name string) *schema.Table { return f.tables[strings.ToLower(name)] }

func (f *userFinder) add(u providers.User, t *schema.Table, column string) {
	u.On, u.Column, u.Name = t.Name, column, true
	f.users = append(f.users, u)
}

// view reads a view's text, in which every table stands as `db`.`table`, maybe with an
// alias behind it, and every column as `alias`.`column` or `db`.`table`.`column`.
func (f *userFinder) view(what, text string) {
	var list []token
	for t := newTokens(text); !t.end(); {
		list = append(list, t.next())
	}
	list = append(list, token{}, token{}, token{}, token{})
	path := func(i int) (names []string, next int) {
		for list[i].kind == nameToken {
			names = append(names, list[i].text)
			if i++; !list[i].is(".") || list[i+1].kind != nameToken {
				break
			}
			i++
		}
		return names, i
	}
	ours := func(names []string) *schema.Table {
		if !strings.EqualFold(names[0], f.database) {
			return nil
		}
		return f.table(names[1])
	}
	aliases := map[string]*schema.Table{}
	for i := 0; i < len(list)-4; {
		names, next := path(i)
		if len(names) == 2 && !list[next].is("(") {
			if t := ours(names); t != nil {
				f.add(providers.User{What: what}, t, "")
				if list[next].kind == nameToken {
					aliases[list[next].text] = t
				}
			}
		}
		i = max(next, i+1)
	}
	for i := 0; i < len(list)-4; {
		names, next := path(i)
		switch {
		case len(names) == 3:
			if t := ours(names); t != nil {
				f.add(providers.User{What: what}, t, names[2])
			}
		case len(names) == 2 && aliases[names[0]] != nil:
			f.add(providers.User{What: what}, aliases[names[0]], names[1])
		}
		i = max(next, i+1)
	}
}

// body reads what a trigger, routine or event runs. A trigger that names a column of its
// own table (NEW, OLD) would have every write fail.
func (f *userFinder) body(what, of, text string) {
	words := map[string]bool{}
	own := f.table(of)
	if of == "" {
		own = nil
	}
	var before [2]token
	for t := newTokens(text); !t.end(); {
		cur := t.next()
		if cur.kind == wordToken || cur.kind == nameToken {
			words[strings.ToLower(cur.text)] = true
			if own != nil && before[1].is(".") && (strings.EqualFold(before[0].text, "new") || strings.EqualFold(before[0].text, "old")) {
				f.add(providers.User{What: what, Of: own.Name, Refuses: true}, own, cur.text)
			}
		}
		before[0], before[1] = before[1], cur
	}
	for i := range f.db.Tables {
		t := &f.db.Tables[i]
		if !words[strings.ToLower(t.Name.Name)] {
			continue
		}
		u := providers.User{What: what}
		if own != nil {
			u.Of = own.Name
		}
		f.add(u, t, "")
		for _, c := range t.Columns {
			if words[strings.ToLower(c.Name)] {
				f.add(u, t, c.Name)
			}
		}
	}
}
