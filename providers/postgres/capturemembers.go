package postgres

import (
	"slices"
	"strings"

	"github.com/syncform/syncform/providers/schema"
)

// membersMark begins the last part of a publication's comment: the numbers that the
// catalogue has given to the tables in it. A table that is taken out and put back, or that
// is published otherwise, gets another.
const membersMark = "; members "

// members is what a publication's comment is to list.
type members struct {
	kept  []string      // numbers
	fresh []schema.Name // tables that get theirs in the same step
}

// come notes tables that come into the publication, or come into it anew.
func (m *members) come(pub *publication, tables ...schema.Name) {
	for _, n := range tables {
		m.fresh = append(m.fresh, n)
		if pub != nil {
			m.kept = slices.DeleteFunc(m.kept, func(x string) bool { return x == pub.members[n] })
		}
	}
}

// membersOf are the tables that a publication has.
func membersOf(pub *publication) members {
	m := members{}
	for _, n := range pub.tables {
		if x := pub.members[n]; x != "" {
			m.kept = append(m.kept, x)
		}
	}
	return m
}

// lacksMembers reports whether the publication's comment does not list a table that it has.
func (p *publication) lacksMembers() bool {
	return !p.lists || slices.ContainsFunc(p.tables, p.putBack)
}

// putBack reports whether a table is in the publication by another's hand than ours, as
// far as its comment tells.
func (p *publication) putBack(n schema.Name) bool {
	x := p.members[n]
	return p.lists && x != "" && !slices.Contains(p.listed, x)
}

// sql gives the list, as an expression.
func (m members) sql(publication string) string {
	list := literal(membersMark + strings.Join(m.kept, " "))
	if len(m.fresh) == 0 {
		return list
	}
	names := make([]string, len(m.fresh))
	for i, n := range m.fresh {
		names[i] = "(" + literal(n.Schema) + ", " + literal(n.Name) + ")"
	}
	return list + ` || coalesce((SELECT pg_catalog.string_agg(' ' || r.oid, '' ORDER BY r.oid) FROM pg_catalog.pg_publication_rel r JOIN pg_catalog.pg_publication p ON p.oid = r.prpubid JOIN pg_catalog.pg_class c ON c.oid = r.prrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE p.pubname = ` + literal(publication) + ` AND (n.nspname, c.relname) IN (` + strings.Join(names, ", ") + `)), '')`
}

// fullComment is a publication's comment, as an expression: where there are row filters it
// has what the server shows of them, and last the tables.
func fullComment(publication, comment string, m members) string {
	if strings.Contains(comment, rowsMark) {
		return literal(comment+shownMark) + " || (" + filtersShown(literal(publication)) + ") || " + m.sql(publication)
	}
	return literal(comment) + " || " + m.sql(publication)
}

// commentSQL writes a publication's comment.
func commentSQL(publication, comment string, m members) string {
	return "DO " + dollar("BEGIN EXECUTE pg_catalog.format('COMMENT ON PUBLICATION %I IS %L', "+literal(publication)+", "+fullComment(publication, comment, m)+"); END")
}

// commented asks whether a publication has its comment.
func commented(publication, comment string, m members) string {
	return "SELECT pg_catalog.obj_description(oid, 'pg_publication') = " + fullComment(publication, comment, m) + " FROM pg_catalog.pg_publication WHERE pubname = " + literal(publication)
}
