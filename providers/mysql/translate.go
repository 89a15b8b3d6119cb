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

// names gives names and comments that the server can't hold the nearest that it can.
func (tr *translation) names() {
	t := &tr.out
	if len(t.Columns) == 0 {
		tr.refuse("", "a table needs at least one column here")
	}
	if len(t.Columns) > maxColumns {
		tr.refuse("", "the table has %d columns; InnoDB holds at most %d: leave some out with exclude_columns", len(t.Columns), maxColumns)
	}
	t.Name.Name = tr.freeName("table", t.Name.Name, map[string]bool{})
	if lower := strings.ToLower(t.Name.Name); tr.server.foldNames && lower != t.Name.Name {
		tr.note(object("table", t.Name.Name), "the server keeps names of tables in lower case (lower_case_table_names = 1); it is %q", lower)
		t.Name.Name = lower
	}
	renamed, taken := map[string]string{}, map[string]bool{}
	for i := range t.Columns {
		c := &t.Columns[i]
		if name := tr.freeName("column", c.Name, taken); name != c.Name {
			renamed[c.Name], c.Name = name, name
		}
		c.Comment = tr.cut(object("column", c.Name), c.Comment, maxColumnRemark)
	}
	t.Comment = tr.cut("", t.Comment, maxTableRemark)
	taken = map[string]bool{"primary": true}
	for i := range t.Indexes {
		x := &t.Indexes[i]
		x.Name = tr.freeName("index", x.Name, taken)
		x.Comment = tr.cut(object("index", x.Name), x.Comment, maxIndexRemark)
		renameParts(x.Parts, renamed)
	}
	if t.PrimaryKey != nil {
		renameParts(t.PrimaryKey.Parts, renamed)
	}
	for i := range t.ForeignKeys {
		f := &t.ForeignKeys[i]
		f.Columns = slices.Clone(f.Columns)
		if tr.server.mariadb() { // to whom it is the same as NO ACTION
			f.OnDelete, f.OnUpdate = strings.TrimPrefix(f.OnDelete, "RESTRICT"), strings.TrimPrefix(f.OnUpdate, "RESTRICT")
		}
		for j, name := range f.Columns {
			if good, ok := renamed[name]; ok {
				f.Columns[j] = good
			}
		}
	}
	slices.SortFunc(t.Indexes, func(a, b schema.Index) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(t.ForeignKeys, func(a, b schema.ForeignKey) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(t.Checks, func(a, b schema.Check) int { return strings.Compare(a.Name, b.Name) })
}

// renameParts changes parts that the translation has cloned.
func renameParts(parts []schema.KeyPart, renamed map[string]string) {
	for i := range parts {
		if good, ok := renamed[parts[i].Column]; ok {
			parts[i].Column = good
		}
	}
}

// goodName is the name itself where the server can hold it, else the nearest, made its
// own by a hash.
func goodName(name string) string {
	good := strings.Map(func(r rune) rune {
		if r == 0 || r > 0xffff {
			return '_'
		}
		return r
	}, strings.TrimRight(name, " "))
	if good != name || good == "" {
		good += "_" + hash8(name)
	}
	return short(good)
}

// freeName gives a name that the server can hold and that is not taken; names of
// columns and indexes are compared without case.
func (tr *translation) freeName(kind, name string, taken map[string]bool) string {
	good := goodName(name)
	for n, base := 2, good; taken[strings.ToLower(good)]; n++ {
		good = short(fmt.Sprintf("%s_%d", base, n))
	}
	if good != name {
		tr.note(object(kind, name), "the server can't hold the name here; it is %q", good)
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
