package postgres

import (
	"maps"
	"slices"
	"strings"

	"github.com/syncform/syncform/providers/schema"
)

// replicaIdentities are pg_class's letters, but for the one whose index says so itself.
var replicaIdentities = map[string]string{"f": "full", "n": "nothing"}

// storages are pg_attribute's letters.
var storages = map[string]string{"p": "plain", "e": "external", "m": "main", "x": "extended"}

var compressions = map[string]string{"p": "pglz", "l": "lz4"}

// columnOptions reads what qColumns gives of a column beside its type.
func columnOptions(list string) map[string]string {
	m := storageOptions(list)
	if s := m["storage"]; s != "" {
		m["storage"] = storages[s]
	}
	if s := m["compression"]; s != "" {
		m["compression"] = compressions[s]
	}
	return m
}

func overOptions(base, over map[string]string) map[string]string {
	out := maps.Clone(base)
	if out == nil {
		out = map[string]string{}
	}
	maps.Copy(out, over)
	return out
}

// setColumnOptions plans what is set for a column beside its type. anew says that the
// column, or its type, is another by now, so that the server has put storage and
// compression back.
func (p *stepPlan) setColumnOptions(in schema.Name, column string, typ schema.Type, from, to map[string]string, anew bool) {
	col := quote(column)
	if anew {
		from = maps.Clone(from)
		delete(from, "storage")
		delete(from, "compression")
	}
	var set, reset []string
	for _, k := range slices.Sorted(maps.Keys(overOptions(from, to))) {
		was, had := from[k]
		is, has := to[k]
		if had == has && was == is {
			continue
		}
		switch k {
		case "storage":
			if !has {
				is = p.defaultStorage(typ)
			}
			p.alter(in, "ALTER COLUMN %s SET STORAGE %s", col, strings.ToUpper(is))
		case "compression":
			if !has {
				is = "default"
			}
			p.alter(in, "ALTER COLUMN %s SET COMPRESSION %s", col, is)
		case "statistics":
			if !has {
				is = "-1"
			}
			p.alter(in, "ALTER COLUMN %s SET STATISTICS %s", col, is)
		case "not_null":
			if has {
				p.alter(in, "ADD NOT NULL %s NOT VALID", col)
			}
		default:
			if has {
				set = append(set, k+" = "+is)
			} else {
				reset = append(reset, k)
			}
		}
	}
	if len(set) > 0 {
		p.alter(in, "ALTER COLUMN %s SET (%s)", col, strings.Join(set, ", "))
	}
	if len(reset) > 0 {
		p.alter(in, "ALTER COLUMN %s RESET (%s)", col, strings.Join(reset, ", "))
	}
}

// defaultStorage puts a type's own storage back; before PostgreSQL 16 it has to be named.
func (p *stepPlan) defaultStorage(typ schema.Type) string {
	switch {
	case p.version >= 160000:
		return "default"
	case typ.Kind == schema.Decimal, typ.Native == "inet", typ.Native == "cidr":
		return "main"
	}
	return "extended" // types of a fixed length have no other than their own
}

// setMarks plans replica identity and the index of CLUSTER.
func (p *stepPlan) setMarks(in schema.Name, from, to schema.Marks) {
	if from.ClusterOn != to.ClusterOn {
		if to.ClusterOn == "" {
			p.alter(in, "SET WITHOUT CLUSTER")
		} else {
			p.alter(in, "CLUSTER ON %s", quote(to.ClusterOn))
		}
	}
	if from.ReplicaIdentity == to.ReplicaIdentity {
		return
	}
	identity := strings.ToUpper(to.ReplicaIdentity)
	if index, ok := strings.CutPrefix(to.ReplicaIdentity, "index "); ok {
		identity = "USING INDEX " + quote(index)
	} else if identity == "" {
		identity = "DEFAULT"
	}
	p.alter(in, "REPLICA IDENTITY %s", identity)
}

// setStorage plans the storage parameters of an index.
func (p *stepPlan) setStorage(c schema.SetStorage) {
	name := quoteName(schema.Name{Schema: c.In.Schema, Name: c.Index})
	set, reset := optionChanges(c.From, c.To)
	for _, s := range []struct {
		verb string
		list []string
	}{{"SET", set}, {"RESET", reset}} {
		if len(s.list) > 0 {
			p.addf("ALTER INDEX %s %s (%s)", name, s.verb, strings.Join(s.list, ", "))
			p.steps[len(p.steps)-1].LockTimeout = lockTimeout
		}
	}
}

// optionChanges gives the storage parameters to set and those to put back.
func optionChanges(from, to map[string]string) (set, reset []string) {
	for _, k := range slices.Sorted(maps.Keys(to)) {
		if v, ok := from[k]; !isSpecialOption(k) && (!ok || v != to[k]) {
			set = append(set, optionKey(k)+" = "+literal(to[k]))
		}
	}
	for _, k := range slices.Sorted(maps.Keys(from)) {
		if _, ok := to[k]; !isSpecialOption(k) && !ok {
			reset = append(reset, optionKey(k))
		}
	}
	return set, reset
}
