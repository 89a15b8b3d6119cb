package planner

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/syncform/syncform/lang"
	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/planner/state"
	"github.com/syncform/syncform/providers/schema"
)

// Traits are short hashes of what a mapping was made from and of what it asked for,
// which the state keeps: the next plan tells by them whether the source, the
// configuration or the target has changed.

// The names of the source's traits; a column's has its name behind it.
const (
	sourceColumn      = "source column "
	sourceColumns     = "source columns"
	sourceKeys        = "source keys"
	sourceIndexes     = "source indexes"
	sourceForeignKeys = "source foreign keys"
	sourceChecks      = "source checks"
	sourceTable       = "source table"
	byMapping         = "mapping" // the label of its block
)

func digest(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic("bug in syncform: a schema value that JSON can't write: " + err.Error())
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:4])
}

// traits gives the mapping's traits as they are now.
func (w *want) traits() map[string]string {
	if w.now != nil {
		return w.now
	}
	out := map[string]string{
		byMapping:         digest(w.cfg.Label),
		sourceKeys:        digest([]any{w.from.PrimaryKey, w.from.Uniques, w.from.Exclusions}),
		sourceIndexes:     digest(w.from.Indexes),
		sourceForeignKeys: digest(w.from.ForeignKeys),
		sourceChecks:      digest(w.from.Checks),
		sourceTable:       digest([]any{w.from.Comment, w.from.Options, w.from.Partition, w.from.Inherits}),
	}
	var names []string
	for i := range w.from.Columns {
		names = append(names, w.from.Columns[i].Name)
	}
	out[sourceColumns] = digest(names)
	said := map[string]bool{}
	for i := range w.columns {
		c := &w.columns[i]
		if c.block != nil {
			said[c.name] = true
		}
		if c.source != nil {
			out[sourceColumn+c.source.Name] = digest(c.source)
		}
	}
	t := &w.table
	for i := range t.Columns {
		c := &t.Columns[i]
		out[plan.ColumnTrait(c.Name)] = digest(c)
		if said[c.Name] {
			out[plan.ColumnTrait(c.Name)] = plan.SaidHere + digest(c)
		}
	}
	if t.PrimaryKey != nil {
		out[keyTrait] = digest(t.PrimaryKey.Parts)
	}
	for i := range t.Uniques {
		out[uniqueTrait(&t.Uniques[i])] = digest(t.Uniques[i])
	}
	for i := range t.ForeignKeys {
		out[foreignKeyTrait(&t.ForeignKeys[i])] = digest(t.ForeignKeys[i])
	}
	for i := range t.Checks {
		out[checkTrait(&t.Checks[i])] = digest(t.Checks[i])
	}
	for i := range t.Exclusions {
		out[exclusionTrait(&t.Exclusions[i])] = digest(t.Exclusions[i])
	}
	for i := range t.Indexes {
		out[indexTrait(&t.Indexes[i])] = digest(t.Indexes[i])
	}
	for _, x := range w.cfg.Indexes {
		if d := out[indexTrait(&schema.Index{Name: x.Name})]; d != "" {
			out[indexTrait(&schema.Index{Name: x.Name})] = plan.SaidHere + d
		}
	}
	out["table"] = digest([]any{t.Comment, t.Options, t.Partition, t.Inherits})
	w.now = out
	return out
}

const keyTrait = "key"

func uniqueTrait(k *schema.Key) string          { return plan.UniqueTrait(nameOr(k.Name, k.Parts)) }
func checkTrait(c *schema.Check) string         { return "check " + nameOr(c.Name, c.Expr) }
func indexTrait(x *schema.Index) string         { return plan.IndexTrait(x.Name) }
func exclusionTrait(x *schema.Exclusion) string { return "exclusion " + x.Name }
func foreignKeyTrait(k *schema.ForeignKey) string {
	return "foreign key " + nameOr(k.Name, []any{k.Columns, k.RefTable})
}

// nameOr is a constraint's name, or what tells apart those without.
func nameOr(name string, is any) string {
	if name != "" {
		return name
	}
	return digest(is)
}

// traitsOf names the traits that a change has to do with: of the target, and of the source.
// They are "" for changes that no trait tells of.
func traitsOf(c schema.Change) (target, source string) {
	switch c := c.(type) {
	case schema.AddPrimaryKey, schema.DropPrimaryKey:
		return keyTrait, sourceKeys
	case schema.AddUnique:
		return uniqueTrait(&c.Key), sourceKeys
	case schema.DropUnique:
		return uniqueTrait(&c.Key), sourceKeys
	case schema.AddIndex:
		return indexTrait(&c.Index), sourceIndexes
	case schema.DropIndex:
		return indexTrait(&c.Index), sourceIndexes
	case schema.AddForeignKey:
		return foreignKeyTrait(&c.Key), sourceForeignKeys
	case schema.DropForeignKey:
		return foreignKeyTrait(&c.Key), sourceForeignKeys
	case schema.AddCheck:
		return checkTrait(&c.Check), sourceChecks
	case schema.DropCheck:
		return checkTrait(&c.Check), sourceChecks
	case schema.AddExclusion:
		return exclusionTrait(&c.Exclusion), sourceKeys
	case schema.DropExclusion:
		return exclusionTrait(&c.Exclusion), sourceKeys
	case schema.ModifyTable:
		return "table", sourceTable
	}
	return "", ""
}

// objectOf is what a change makes or drops, for comparing.
func objectOf(c schema.Change) any {
	switch c := c.(type) {
	case schema.AddPrimaryKey:
		return c.Key
	case schema.DropPrimaryKey:
		return c.Key
	case schema.AddUnique:
		return c.Key
	case schema.DropUnique:
		return c.Key
	case schema.AddIndex:
		return c.Index
	case schema.DropIndex:
		return c.Index
	case schema.AddForeignKey:
		return c.Key
	case schema.DropForeignKey:
		return c.Key
	case schema.AddCheck:
		return c.Check
	case schema.DropCheck:
		return c.Check
	case schema.AddExclusion:
		return c.Exclusion
	case schema.DropExclusion:
		return c.Exclusion
	}
	return nil
}

// settled gives the traits as the state is to keep them: what is held was not applied, so
// of that the state goes on knowing what it knew, and of what is to go, for an apply that is
// cut short leaves it.
func (w *want) settled() map[string]string {
	now := w.traits()
	if w.live == nil || !slices.ContainsFunc(w.work.diffs, func(d difference) bool { return d.held() || d.reason == whyNoMore }) {
		return now
	}
	var was map[string]string
	if w.prev != nil {
		was = w.prev.Traits
	}
	out := make(map[string]string, len(now))
	for k, v := range now {
		out[k] = v
	}
	back := func(trait string) {
		if old, ok := was[trait]; ok {
			out[trait] = old
		} else {
			delete(out, trait)
		}
	}
	for i := range w.work.diffs {
		d := &w.work.diffs[i]
		if !d.held() && d.said == "" && d.reason != whyNoMore {
			continue
		}
		if d.column != "" {
			back(plan.ColumnTrait(d.column))
			if p := w.column(d.column); p != nil && p.source != nil {
				back(sourceColumn + p.source.Name)
			}
			back(sourceColumns)
			continue
		}
		if target, source := traitsOf(d.change); target != "" {
			back(target)
			back(source)
		}
	}
	return out
}

// noteTraits takes the traits of all wants, before what is live has its say.
func (b *builder) noteTraits() {
	was := map[string]map[string]string{}
	if b.state != nil {
		for i := range b.state.Mappings {
			was[b.state.Mappings[i].Addr] = b.state.Mappings[i].Traits
		}
	}
	for _, w := range b.wants {
		if maps.Equal(w.traits(), was[w.addr]) {
			w.now = was[w.addr] // held once
		}
		w.sameBlock, w.sameSync = known(b.state, w.sync.Addr, w.cfg)
		w.cutShort = b.state != nil && b.state.Running != ""
	}
}

// column gives a column of the want by its name in the target, or nil.
func (w *want) column(target string) *column {
	for i := range w.columns {
		if w.columns[i].name == target {
			return &w.columns[i]
		}
	}
	return nil
}

// known reports whether the sync's other mappings of the state came from the same block.
func known(s *state.State, sync string, m *lang.Mapping) (sameBlock, sameSync bool) {
	if s == nil {
		return false, false
	}
	label := digest(m.Label)
	for i := range s.Mappings {
		if x := &s.Mappings[i]; x.Sync == sync && x.Traits != nil {
			sameSync = true
			if strings.TrimPrefix(x.Traits[byMapping], plan.SaidHere) == label {
				return true, true
			}
		}
	}
	return false, sameSync
}
