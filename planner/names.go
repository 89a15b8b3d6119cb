package planner

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/syncform/syncform/providers/schema"
)

// maxName is the longest name, in bytes, that every system takes.
const maxName = 63

// cutName gives base_suffix, shortened in its middle by a hash where it is too long, and at
// its end where the suffix alone is.
func cutName(base, suffix string) string {
	name := base + "_" + suffix
	if len(name) <= maxName {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	hash := hex.EncodeToString(sum[:4])
	if n := maxName - len("_"+hash+"_"+suffix); n > 0 {
		return cut(base, n) + "_" + hash + "_" + suffix
	}
	return hash + "_" + cut(suffix, maxName-len(hash+"_"))
}

// cut gives the whole characters of the first n bytes of s.
func cut(s string, n int) string {
	if n >= len(s) {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// namespace is the names that are taken in one place, each with the table that has it.
type namespace struct {
	sys   schema.System
	taken map[string]map[schema.Name]schema.Name // kind and schema+name -> table
}

// Where a system keeps apart the names of what belongs to tables.
const (
	ofRelations   = "relation" // indexes and keys share it with tables (PostgreSQL: per schema; SQLite: per file)
	ofConstraints = "constraint"
	ofChecks      = "check"
)

func newNamespace(db *schema.Database) *namespace {
	n := &namespace{sys: db.System, taken: map[string]map[schema.Name]schema.Name{ofRelations: {}, ofConstraints: {}, ofChecks: {}}}
	for i := range db.Tables {
		t := &db.Tables[i]
		n.take(ofRelations, t.Name.Schema, t.Name.Name, t.Name)
		n.named(t, func(kind string, name *string) { n.take(kind, t.Name.Schema, *name, t.Name) })
	}
	for _, s := range db.Sequences {
		n.take(ofRelations, s.Name.Schema, s.Name.Name, s.Name)
	}
	for _, o := range db.Others {
		n.take(ofRelations, o.Name.Schema, o.Name.Name, o.Name)
	}
	return n
}

func (n *namespace) take(kind, in, name string, by schema.Name) {
	if name != "" {
		n.taken[kind][schema.Name{Schema: in, Name: foldColumn(n.sys, name)}] = by
	}
}

// free reports whether a table may use the name.
func (n *namespace) free(kind, in, name string, by schema.Name) bool {
	owner, taken := n.taken[kind][schema.Name{Schema: in, Name: foldColumn(n.sys, name)}]
	return !taken || owner == by
}

// named calls f with each name of the table's that the system wants to be unique
// beyond the table.
func (n *namespace) named(t *schema.Table, f func(kind string, name *string)) {
	switch {
	case n.sys == schema.PostgreSQL:
		if t.PrimaryKey != nil {
			f(ofRelations, &t.PrimaryKey.Name)
		}
		for i := range t.Uniques {
			f(ofRelations, &t.Uniques[i].Name)
		}
		for i := range t.Exclusions {
			f(ofRelations, &t.Exclusions[i].Name)
		}
		fallthrough
	case n.sys == schema.SQLite:
		for i := range t.Indexes {
			f(ofRelations, &t.Indexes[i].Name)
		}
	case isMySQL(n.sys):
		for i := range t.ForeignKeys {
			f(ofConstraints, &t.ForeignKeys[i].Name)
		}
		if n.sys == schema.MySQL {
			for i := range t.Checks {
				f(ofChecks, &t.Checks[i].Name)
			}
		}
	}
}

// settle gives the table's parts names of their own where another table has theirs.
// Names within the table that are equal are told apart too.
func (n *namespace) settle(t *schema.Table) {
	seen := map[string]bool{}
	n.named(t, func(kind string, name *string) {
		key := kind + "\x00" + foldColumn(n.sys, *name)
		if *name == "" {
			return
		}
		if seen[key] || !n.free(kind, t.Name.Schema, *name, t.Name) || kind == ofRelations && strings.EqualFold(*name, t.Name.Name) {
			n.another(kind, t, name)
		}
		seen[kind+"\x00"+foldColumn(n.sys, *name)] = true
		n.take(kind, t.Name.Schema, *name, t.Name)
	})
}

// another gives what a name of the table's belongs to one that is free.
func (n *namespace) another(kind string, t *schema.Table, name *string) {
	*name = cutName(t.Name.Name, *name)
	base := *name
	for i := 2; !n.free(kind, t.Name.Schema, *name, t.Name); i++ {
		*name = cutName(base, strconv.Itoa(i))
	}
}

// avoid is settle for a mirror, whose names are the source's: only those give way that
// a table has which stays.
func (n *namespace) avoid(w *want, stays func(schema.Name) bool) {
	t := &w.table
	n.named(t, func(kind string, name *string) {
		owner, taken := n.taken[kind][schema.Name{Schema: t.Name.Schema, Name: foldColumn(n.sys, *name)}]
		if *name == "" || !taken || owner == t.Name || !stays(owner) {
			return
		}
		was := *name
		n.another(kind, t, name)
		n.take(kind, t.Name.Schema, *name, t.Name)
		w.notes = append(w.notes, fmt.Sprintf("table %s has the name %s: %s has %s instead until that is gone", owner, was, t.Name, *name))
	})
}
