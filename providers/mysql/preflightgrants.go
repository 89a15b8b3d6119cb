package mysql

import (
	"context"
	"strings"
)

// grants is what the user may do, as SHOW GRANTS says it.
type grants struct {
	user  string // quoted, for GRANT
	given []grant
	taken []grant // partial revokes (MySQL)
}

// grant is one line: privileges on databases and tables, of which the database may
// be a pattern.
type grant struct {
	privileges      map[string]bool
	all             bool
	database, table string // "*" for any
}

func (c *Conn) readGrants(ctx context.Context, s *session) (*grants, error) {
	rows, err := s.query(ctx, "SELECT CURRENT_USER(), IFNULL(CURRENT_ROLE(), 'NONE')")
	if err != nil {
		return nil, err
	}
	user, host, _ := cutLast(rows[0][0], "@")
	g := &grants{user: literal(user) + "@" + literal(host)}
	statement := "SHOW GRANTS"
	if role := rows[0][1]; !c.server.mariadb() && role != "NONE" && role != "" {
		statement = "SHOW GRANTS FOR CURRENT_USER() USING " + role
	}
	if rows, err = s.query(ctx, statement); err != nil {
		return nil, err
	}
	for _, r := range rows {
		g.line(r[0])
	}
	return g, nil
}

// line reads GRANT SELECT, INSERT (a, b) ON `db`.* TO ...; a privilege on some
// columns is not one on the table. Lines that grant roles say nothing by themselves.
func (g *grants) line(text string) {
	t := newTokens(text)
	revoke := t.accept("REVOKE")
	if !revoke && !t.accept("GRANT") {
		return
	}
	one := grant{privileges: map[string]bool{}}
	for !t.end() && !t.cur.is("ON") {
		var words []string
		for t.cur.kind == wordToken && !t.cur.is("ON") {
			words = append(words, strings.ToUpper(t.next().text))
		}
		columns := t.cur.is("(")
		if columns {
			t.parens()
		}
		name := strings.Join(words, " ")
		switch {
		case name == "ALL PRIVILEGES" || name == "ALL":
			one.all = true
		case !columns && name != "":
			one.privileges[name] = true
		}
		if !t.accept(",") && !t.cur.is("ON") {
			return // a role
		}
	}
	t.expect("ON")
	t.accept("TABLE")
	one.database = t.name2()
	if t.accept(".") {
		one.table = t.name2()
	}
	if t.err != nil || one.table == "" {
		return
	}
	if revoke {
		g.taken = append(g.taken, one)
	} else {
		g.given = append(g.given, one)
	}
}

// name2 is a name or *.
func (t *tokens) name2() string {
	if t.accept("*") {
		return "*"
	}
	return t.name()
}

// has reports whether the user has a privilege; table "" asks for all tables of the
// database, database "" for all databases.
func (g *grants) has(privilege, database, table string) bool {
	covers := func(one grant) bool {
		return (one.all || one.privileges[privilege]) &&
			(one.database == "*" || database != "" && like(one.database, database)) &&
			(one.table == "*" || table != "" && one.table == table)
	}
	for _, one := range g.taken {
		if covers(one) {
			return false
		}
	}
	for _, one := range g.given {
		if covers(one) {
			return true
		}
	}
	return false
}

// statement writes the GRANT that is missing.
func (g *grants) statement(privileges, on string) string {
	return "GRANT " + privileges + " ON " + on + " TO " + g.user
}

// allTables names all tables of a database for a GRANT. Where the user has privileges
// by a pattern it is the pattern: the server looks at one line only, the closest.
func (g *grants) allTables(database string) string {
	pattern := database
	for _, one := range g.given {
		if one.table == "*" && one.database != "*" && like(one.database, database) && (pattern == database || len(one.database) > len(pattern)) {
			pattern = one.database
		}
	}
	return ident(pattern) + ".*"
}

// like matches a database's name with a pattern of % and _ and backslashes.
func like(pattern, name string) bool {
	if pattern == "" {
		return name == ""
	}
	switch pattern[0] {
	case '%':
		for i := 0; i <= len(name); i++ {
			if like(pattern[1:], name[i:]) {
				return true
			}
		}
		return false
	case '\\':
		if len(pattern) > 1 {
			return name != "" && name[0] == pattern[1] && like(pattern[2:], name[1:])
		}
	case '_':
		return name != "" && like(pattern[1:], name[1:])
	}
	return name != "" && name[0] == pattern[0] && like(pattern[1:], name[1:])
}
