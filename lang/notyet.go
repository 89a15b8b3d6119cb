package lang

import (
	"fmt"

	"github.com/hashicorp/hcl/v2"
)

// lacking is something that the language has and this version can't do. It is refused
// in one sentence, never ignored.
type lacking struct {
	text string // with a %s where find gives a word
	find func(c *loader, found func(rng hcl.Range, word ...any))
}

// ofSync makes a finder from a test of each sync: the argument at fault, or "".
func ofSync(arg func(*Sync) string) func(*loader, func(hcl.Range, ...any)) {
	return func(l *loader, found func(hcl.Range, ...any)) {
		for _, s := range l.cfg.Syncs {
			if a := arg(s); a != "" {
				found(s.Range(a))
			}
		}
	}
}

// whereSet makes a finder of a sync's argument that is written.
func whereSet(arg string) func(*loader, func(hcl.Range, ...any)) {
	return ofSync(func(s *Sync) string {
		if _, ok := s.ArgRanges[arg]; ok {
			return arg
		}
		return ""
	})
}

// whenEqual makes a finder of a sync whose value is that; where the argument is not
// written, the sync's own range tells.
func whenEqual(arg, value string, get func(*Sync) string) func(*loader, func(hcl.Range, ...any)) {
	return ofSync(func(s *Sync) string {
		if get(s) == value {
			return arg
		}
		return ""
	})
}

// ofMapping makes a finder from a visit of each mapping.
func ofMapping(visit func(*Mapping, func(hcl.Range, ...any))) func(*loader, func(hcl.Range, ...any)) {
	return func(l *loader, found func(hcl.Range, ...any)) {
		for _, s := range l.cfg.Syncs {
			for _, m := range s.Mappings {
				visit(m, found)
			}
		}
	}
}

// inMapping makes a finder of a mapping's argument that is written.
func inMapping(arg string) func(*loader, func(hcl.Range, ...any)) {
	return ofMapping(func(m *Mapping, found func(hcl.Range, ...any)) {
		if rng, ok := m.ArgRanges[arg]; ok {
			found(rng)
		}
	})
}

// notYetTable holds all of them. A capability that comes takes its rows out.
var notYetTable = []lacking{
	// Schemas.
	{"A migration's down script comes with rollback and is not in this version: take it out.",
		func(l *loader, found func(hcl.Range, ...any)) {
			for _, m := range l.cfg.Migrations {
				if rng, ok := m.ArgRanges["down"]; ok {
					found(rng)
				}
			}
		}},

	// Two ways.
	{`Pattern "bidirectional" comes with conflict resolution and is not in this version: write pattern = "one_way".`,
		whenEqual("pattern", "bidirectional", func(s *Sync) string { return s.Pattern })},
	{`Pattern "hub_and_spoke" comes with conflict resolution and is not in this version: write pattern = "one_way".`,
		whenEqual("pattern", "hub_and_spoke", func(s *Sync) string { return s.Pattern })},
	{"conflict_policy comes with conflict resolution and is not in this version: take it out.", whereSet("conflict_policy")},

	// Other systems.
	{"Provider %q is not in this version: take the block out.",
		func(l *loader, found func(hcl.Range, ...any)) {
			for _, e := range l.cfg.Endpoints {
				if p, ok := l.provider(e.Provider); ok && !p.Available {
					found(e.DeclRange, e.Provider)
				}
			}
		}},
	{"target_index comes with document targets and is not in this version: take it out.", inMapping("target_index")},
	{"The field block comes with document targets and is not in this version: take it out.",
		ofMapping(func(m *Mapping, found func(hcl.Range, ...any)) {
			for _, f := range m.Fields {
				found(f.DeclRange)
			}
		})},
	{`Backend %q comes with cloud storage and is not in this version: write backend "local" or "postgresql".`,
		func(l *loader, found func(hcl.Range, ...any)) {
			if b := &l.cfg.Backend; b.Type != "local" && b.Type != "postgresql" {
				found(b.DeclRange, b.Type)
			}
		}},
	{`Secret manager %q comes with cloud secrets and is not in this version: write secret_manager "file" or "env".`,
		func(l *loader, found func(hcl.Range, ...any)) {
			for _, m := range l.cfg.SecretManagers {
				if m.Type != "env" && m.Type != "file" {
					found(m.DeclRange, m.Type)
				}
			}
		}},

	// Operations.
	{"The notify block comes with monitoring and is not in this version: take it out.",
		func(l *loader, found func(hcl.Range, ...any)) {
			for _, n := range l.cfg.Notifiers {
				found(n.DeclRange)
			}
		}},
	{"The monitoring block comes with monitoring and is not in this version: take it out.",
		func(l *loader, found func(hcl.Range, ...any)) {
			if m := l.cfg.Monitoring; m != nil {
				found(m.DeclRange)
			}
		}},
}

// notYet refuses what this version can't do.
func (l *loader) notYet() {
	wrong := map[hcl.Range]bool{}
	for _, d := range l.diags {
		if d.Severity == hcl.DiagError {
			wrong[*d.Subject] = true
		}
	}
	for _, row := range notYetTable {
		row.find(l, func(rng hcl.Range, word ...any) {
			if !wrong[rng] { // one error is enough there
				l.report(errorAt(rng, sumNotYet, "%s", fmt.Sprintf(row.text, word...)))
			}
		})
	}
}
