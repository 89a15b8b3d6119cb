package plan

import (
	"fmt"
	"regexp"
)

var idPattern = regexp.MustCompile(`^[0-9a-zA-Z-]{1,64}$`)

// Validate checks what every plan promises: IDs that are there once and fit the
// journal, dependencies that stand before their dependents, backfills whose mapping
// is in the plan, and the count of what is held.
func (p *Plan) Validate() error {
	if !idPattern.MatchString(p.ID) {
		return fmt.Errorf("the plan's ID %q is none", p.ID)
	}
	mappings := make(map[string]bool, len(p.Mappings))
	for _, m := range p.Mappings {
		if mappings[m.Addr] {
			return fmt.Errorf("the plan has the mapping %s twice", m.Addr)
		}
		mappings[m.Addr] = true
	}
	seen := make(map[string]bool, len(p.Actions))
	held := 0
	for i := range p.Actions {
		a := &p.Actions[i]
		if !idPattern.MatchString(a.ID) || seen[a.ID] {
			return fmt.Errorf("the plan has no usable ID for action %d: %q", i+1, a.ID)
		}
		for _, d := range a.DependsOn {
			if !seen[d] {
				return fmt.Errorf("action %s of the plan depends on %s, which does not stand before it", a.ID, d)
			}
		}
		seen[a.ID] = true
		if a.Held != "" {
			held++
		}
		switch a.Kind {
		case Create, Update, Delete, NoteKind:
		case Backfill:
			if a.Backfill == nil || !mappings[a.Backfill.Mapping] {
				return fmt.Errorf("action %s of the plan copies rows of no mapping", a.ID)
			}
		default:
			return fmt.Errorf("action %s of the plan has the unknown kind %q", a.ID, a.Kind)
		}
	}
	if held != p.Held {
		return fmt.Errorf("the plan holds %d actions and says %d", held, p.Held)
	}
	return nil
}
