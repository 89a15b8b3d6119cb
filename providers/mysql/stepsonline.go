package mysql

import (
	"fmt"
	"slices"
	"strings"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// inUse reports whether a table may hold rows and have users: it was there, and not
// empty, when the database was inspected.
func (p *stepPlan) inUse(n schema.Name) bool {
	if p.db == nil {
		return false
	}
	t := p.db.Table(n)
	return t != nil && t.Rows != 0
}

// online has the server refuse the last step where it would keep writers out: it then
// does it at once or in place, whichever it can. offline is why it can't be, where that
// is known.
func (p *stepPlan) online(in schema.Name, offline string) {
	if p.err != nil || len(p.steps) == 0 || !p.inUse(in) {
		return
	}
	s := &p.steps[len(p.steps)-1]
	if offline != "" {
		s.Hazards = append(s.Hazards, providers.Hazard{Code: providers.HazardLock, Text: offline})
		return
	}
	s.Else = s.Text
	s.Text += ", LOCK=NONE"
}

// lastHazard attaches what remains unsafe to the last step.
func (p *stepPlan) lastHazard(in schema.Name, code, text string) {
	if p.err == nil && len(p.steps) > 0 && p.inUse(in) {
		s := &p.steps[len(p.steps)-1]
		s.Hazards = append(s.Hazards, providers.Hazard{Code: code, Text: text})
	}
}

const copies = "the server copies the table, and nobody writes to it meanwhile"

// addOffline says why a column can't be added while others write.
func (s *server) addOffline(c schema.Column) string {
	switch {
	case s.computedDefault(c):
		return "the default is an expression, which is computed for every row: " + copies
	case c.Generated != nil && c.Generated.Stored:
		return "the values of a stored generated column are computed: " + copies
	case c.Identity != nil:
		return "every row gets a number: " + copies
	}
	return ""
}

// computedDefault reports whether the server fills a new column's rows one by one: MySQL
// wherever the default stands in parentheses, a plain value of a text among them; MariaDB
// where it reads other columns.
func (s *server) computedDefault(c schema.Column) bool {
	switch {
	case c.Default == nil || c.Generated != nil:
		return false
	case s.mariadb():
		return !c.Default.Literal && strings.Contains(c.Default.Text, "`")
	}
	return strings.HasPrefix(s.defaultDDL(c), "(")
}

// indexOffline says why an index can't be built while others write.
func indexOffline(x schema.Index) string {
	if x.Method == "fulltext" || x.Method == "spatial" || x.Method == "vector" {
		return fmt.Sprintf("a %s index is built while nobody writes to the table", x.Method)
	}
	return ""
}

// modifyOffline says why a column can't be changed while others write.
func (s *server) modifyOffline(from, to schema.Column) string {
	stored := func(c schema.Column) bool { return c.Generated != nil && c.Generated.Stored }
	switch {
	case stored(from) != stored(to), stored(to) && *from.Generated != *to.Generated:
		return "the values are computed anew: " + copies
	case from.Charset != to.Charset && to.Charset != "", from.Collation != to.Collation && to.Collation != "":
		return "its texts are stored, or ordered, otherwise: " + copies
	case from.Type.Equal(to.Type):
		return ""
	}
	a, b := from.Type, to.Type
	switch {
	case a.Kind == b.Kind && (a.Kind == schema.EnumKind || a.Kind == schema.Set) && len(b.Values) >= len(a.Values) && slices.Equal(a.Values, b.Values[:len(a.Values)]) && sameSize(a, b):
		return ""
	case a.Kind == b.Kind && (a.Kind == schema.Varchar || a.Kind == schema.Varbinary) && b.Length >= a.Length:
		if s.mariadb() || lengthBytes(from, a.Length) == lengthBytes(to, b.Length) {
			return ""
		}
	}
	return fmt.Sprintf("%s -> %s: %s", a, b, copies)
}

// sameSize reports whether the numbers of the labels take the same bytes.
func sameSize(a, b schema.Type) bool {
	size := func(t schema.Type) int {
		n := len(t.Values)
		switch {
		case t.Kind == schema.EnumKind && n > 255:
			return 2
		case t.Kind == schema.EnumKind:
			return 1
		case n > 32:
			return 8
		}
		return []int{0, 1, 2, 3, 4}[(n+7)/8]
	}
	return size(a) == size(b)
}

// lengthBytes is how many bytes say how long a value is.
func lengthBytes(c schema.Column, characters int) int {
	width := 4
	switch {
	case c.Type.IsBinary() || c.Charset == "latin1" || c.Charset == "ascii" || c.Charset == "binary":
		width = 1
	case c.Charset == "utf8mb3" || c.Charset == "utf8":
		width = 3
	}
	if characters*width > 255 {
		return 2
	}
	return 1
}

// tableOffline says why a table's own options can't be changed while others write.
func tableOffline(from, to schema.Table) string {
	for _, o := range []string{"engine", "system_versioning", "encryption", "tablespace"} {
		if from.Options[o] != to.Options[o] {
			return fmt.Sprintf("option %s: %s", o, copies)
		}
	}
	return ""
}
