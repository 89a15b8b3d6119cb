package planner

import (
	"fmt"

	"github.com/hashicorp/hcl/v2"

	"github.com/syncform/syncform/lang"
	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/planner/state"
	"github.com/syncform/syncform/providers/schema"
)

// builder makes one plan.
type builder struct {
	in        Input
	endpoints map[string]*endpoint
	newID     func() string

	diags  hcl.Diagnostics
	plan   *plan.Plan
	names  map[*lang.Mapping]mentioned
	wants  []*want
	state  *state.State      // a copy under the new addresses; nil where there is none
	count  int               // of actions
	folded map[string]string // the action by which another is made

	streams []*following

	dropped []*state.Mapping // by removed blocks that say destroy
	// afterMigration is the last script at each endpoint that comes before the rest.
	afterMigration map[string]string
	used           map[string]bool // of -approve, those that name something
	// heldDrops are, by mapping, why the drop of its table waits; manual ones wait for the
	// configuration.
	heldDrops map[string]string
	manual    map[string]bool
	vanishing map[place]fate // of tables that the source has no more
}

func (b *builder) errorAt(rng hcl.Range, summary, format string, args ...any) {
	b.diags = append(b.diags, errorAt(rng, summary, format, args...))
}

func (b *builder) errorf(summary, format string, args ...any) {
	b.diags = append(b.diags, errorf(summary, format, args...))
}

func (b *builder) note(addr, text string) {
	b.plan.Notes = append(b.plan.Notes, plan.Note{Addr: addr, Text: text})
}

// want is one source table and the target table to be made of it.
type want struct {
	addr           string
	sync           *lang.Sync
	cfg            *lang.Mapping
	source, target *endpoint
	from           *schema.Table
	name           schema.Name       // of the target table
	agreed         bool              // the policy has agreed that the table goes
	asked          schema.Name       // the same, before the target had its say (names of more than 63 bytes)
	cut            map[string]string // column names that the target had to change, by the name asked for
	columns        []column
	filters        []condition
	key            []string // source columns
	only           bool
	table          schema.Table // as it is to be, in the target's words
	notes          []string
	early          string // the unique key, not the primary one, that is made before the stream
	kept           []kept // of the live table, that an earlier apply filled
	policy         *plan.Policy
	policyBlock    *lang.SchemaPolicy
	ignored        int // changes that the policy ignores

	live    *schema.Table     // as it is; nil where it is not there
	renamed map[string]string // columns of live by the names that the plan gives them
	prev    *state.Mapping    // what was applied; nil where nothing was
	work    work

	now                 map[string]string // see traits
	sameBlock, sameSync bool              // see known
	cutShort            bool              // the last apply was not finished: what lacks may be what it did not come to
}

// desire says which tables the syncs in question want in their targets. It asks
// nobody: it is a function of the configuration and of what refresh saw.
func (b *builder) desire(syncs []*lang.Sync) {
	for _, s := range syncs {
		if s.Source == "" || s.Target == "" || s.Pattern != "" && s.Pattern != "one_way" {
			b.errorAt(s.DeclRange, sumUnsupported, "%s: this version copies one way, from a source to a target.", s.Addr)
			continue
		}
		source, target := b.endpoints[s.Source], b.endpoints[s.Target]
		if target.translator == nil {
			if d := target.capable(); d != nil {
				b.diags = append(b.diags, d)
				continue
			}
		}
		wants := b.tables(s, source, target)
		b.desireSync(wants)
		b.wants = append(b.wants, wants...)
	}
	b.oneWriter()
}

// tables makes the wants of one sync, with columns and keys chosen. What can't be had
// is reported and left out.
func (b *builder) tables(s *lang.Sync, source, target *endpoint) []*want {
	var all []*want
	for _, f := range b.match(s, source) {
		all = append(all, &want{addr: f.addr, sync: s, cfg: f.cfg, source: source, target: target, from: f.table, name: targetName(f, source, target)})
	}
	if source.db.Identity == target.db.Identity {
		all = b.withoutCopies(s, all)
	}
	var wants []*want
	for _, w := range all {
		b.tellIfAsked(w.addr, w.cfg, func() {
			filters := b.chooseFilters(w)
			if b.chooseColumns(w) && b.chooseKey(w) && b.checkKey(w) && filters {
				wants = append(wants, w)
			}
		})
	}
	for _, m := range s.Mappings {
		b.tellIfAsked(m.Addr, m, func() { b.unseen(m, all) })
	}
	return wants
}

// withoutCopies takes out what has nothing to copy where source and target are one
// database: tables that would be copied onto themselves, and those that the sync makes
// there from the wildcards that would copy them again.
func (b *builder) withoutCopies(s *lang.Sync, all []*want) []*want {
	made := map[schema.Name]bool{}
	for _, w := range all {
		if n := w.target.foldTable(w.name); n != w.source.foldTable(w.from.Name) {
			made[n] = true
		}
	}
	var out []*want
	itself := 0
	for _, w := range all {
		at := w.source.foldTable(w.from.Name)
		if w.target.foldTable(w.name) == at {
			itself++
			continue
		}
		if made[at] && isWildcard(w.cfg) {
			continue
		}
		out = append(out, w)
	}
	if itself > 0 {
		b.note(s.Addr, fmt.Sprintf("%s and %s are one database, so there is nothing to do where a table is its own target (tables: %d)", s.Source, s.Target, itself))
	}
	return out
}

// oneWriter checks that no two mappings write one table, also by way of two endpoint
// blocks that lead to one database.
func (b *builder) oneWriter() {
	type place struct {
		identity string
		table    schema.Name
	}
	first := make(map[place]*want, len(b.wants))
	for _, w := range b.wants {
		at := place{w.target.db.Identity, w.target.foldTable(w.name)}
		if f := first[at]; f != nil && (b.asked(w.addr, w.cfg) || b.asked(f.addr, f.cfg)) {
			b.errorAt(w.cfg.DeclRange, sumTwoTables, "%s and %s (%s:%d) both write table %s of %s. Give one of them another target_table, or leave one out.",
				w.addr, f.addr, f.cfg.DeclRange.Filename, f.cfg.DeclRange.Start.Line, w.name, w.target.addr)
			continue
		}
		first[at] = w
	}
}
