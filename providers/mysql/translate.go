package mysql

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// Translate says a table of another system, or of another server of this family, as
// this server would declare it.
func (c *Conn) Translate(from *schema.Database, t schema.Table) (schema.Table, []providers.Note) {
	tr := &translation{server: c.server, from: from, source: t}
	if from.System == schema.MySQL || from.System == schema.MariaDB {
		tr.family()
	} else {
		tr.foreign()
	}
	tr.names()
	return tr.out, tr.notes
}

// translation is one table on its way.
type translation struct {
	server *server
	from   *schema.Database
	source schema.Table
	out    schema.Table
	notes  []providers.Note
}

func (tr *translation) note(object, format string, args ...any) {
	tr.notes = append(tr.notes, providers.Note{Table: tr.source.Name, Object: object, Text: fmt.Sprintf(format, args...)})
}

func (tr *translation) refuse(object, format string, args ...any) {
	tr.notes = append(tr.notes, providers.Note{Table: tr.source.Name, Object: object, Refused: true, Text: fmt.Sprintf(format, args...)})
}

func object(kind, name string) string { return fmt.Sprintf("%s %q", kind, name) }

// What InnoDB and the servers can hold of a table.
const (
	maxNameChars    = 64
	maxColumns      = 1017
	maxKeyBytes     = 3072
	maxRowBytes     = 65535
	maxColumnRemark = 1024
	maxTableRemark  = 2048
	maxIndexRemark  = 1024
)

// names looks for names and comments that the server can't hold.
func (tr *translation) names() {
	t := &tr.out
	if why := tr.badName(t.Name.Name); why != "" {
		tr.refuse(object("table", t.Name.Name), "the name %s: set target_table", why)
	}
	if lower := strings.ToLower(t.Name.Name); tr.server.foldNames && lower != t.Name.Name {
		tr.refuse(object("table", t.Name.Name), "the server keeps names of tables in lower case (lower_case_table_names = 1): set target_table to %q", lower)
	}
	if len(t.Columns) == 0 {
		tr.refuse("", "a table needs at least one column here")
	}
	if len(t.Columns) > maxColumns {
		tr.refuse("", "the table has %d columns; InnoDB holds at most %d: leave some out with exclude_columns", len(t.Columns), maxColumns)
	}
	seen := map[string]string{}
	for i := range t.Columns {
		c := &t.Columns[i]
		if why := tr.badName(c.Name); why != "" {
			tr.refuse(object("column", c.Name), "the name %s: map it to another with columns", why)
		}
		lower := strings.ToLower(c.Name)
		if other, ok := seen[lower]; ok {
			tr.refuse(object("column", c.Name), "column names are compared without case here, and column %q is there already: map one to another name with columns", other)
		}
		seen[lower] = c.Name
		c.Comment = tr.cut(object("column", c.Name), c.Comment, maxColumnRemark)
	}
	t.Comment = tr.cut("", t.Comment, maxTableRemark)
	taken := map[string]bool{"primary": true}
	for i := range t.Indexes {
		x := &t.Indexes[i]
		x.Name = tr.freeName(x.Name, taken)
		x.Comment = tr.cut(object("index", x.Name), x.Comment, maxIndexRemark)
	}
	slices.SortFunc(t.Indexes, func(a, b schema.Index) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(t.ForeignKeys, func(a, b schema.ForeignKey) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(t.Checks, func(a, b schema.Check) int { return strings.Compare(a.Name, b.Name) })
}

// badName says what is wrong with an identifier, "" if nothing is.
func (tr *translation) badName(name string) string {
	switch {
	case name == "":
		return "is empty"
	case utf8.RuneCountInString(name) > maxNameChars:
		return fmt.Sprintf("has more than %d characters", maxNameChars)
	case strings.HasSuffix(name, " "):
		return "ends with a space"
	}
	for _, r := range name {
		if r == 0 || r > 0xffff {
			return fmt.Sprintf("holds the character %U, which the server does not allow in names", r)
		}
	}
	return ""
}

// freeName gives an index the name it has, or the nearest that the server takes.
func (tr *translation) freeName(name string, taken map[string]bool) string {
	good := name
	if tr.badName(good) != "" {
		good = short(strings.Map(func(r rune) rune {
			if r == 0 || r > 0xffff {
				return '_'
			}
			return r
		}, strings.TrimRight(name, " ")))
		if good == "" {
			good = "index"
		}
	}
	for n, base := 2, good; taken[strings.ToLower(good)]; n++ {
		good = short(fmt.Sprintf("%s_%d", base, n))
	}
	if good != name {
		tr.note(object("index", name), "the server can't hold the name here; it is %q", good)
	}
	taken[strings.ToLower(good)] = true
	return good
}

// short cuts a name that is too long and makes it its own by a hash.
func short(name string) string {
	if utf8.RuneCountInString(name) <= maxNameChars {
		return name
	}
	runes := []rune(name)
	return string(runes[:maxNameChars-9]) + "_" + hash8(name)
}

func (tr *translation) cut(object, comment string, limit int) string {
	if utf8.RuneCountInString(comment) <= limit {
		return comment
	}
	tr.note(object, "the comment is cut to %d characters", limit)
	return string([]rune(comment)[:limit])
}
