package planner

import (
	"fmt"
	"slices"

	"github.com/syncform/syncform/lang"
	"github.com/syncform/syncform/planner/plan"
)

// standing leaves out the syncs that cutover -reverse has turned round: as long as the
// configuration has them, their way back stays as it is, and is only told of.
func (b *builder) standing(syncs []*lang.Sync) []*lang.Sync {
	return slices.DeleteFunc(slices.Clone(syncs), func(s *lang.Sync) bool {
		back := b.state.Turned(s.Addr)
		if back == nil {
			return false
		}
		b.note(s.Addr, fmt.Sprintf("it was cut over: %s goes the other way round, from %s to %s, and nothing is planned for it. \"syncform cutover -reverse\" of that turns it again; \"syncform destroy -target=%s\" takes it down", back.Sync, back.Source, back.Target, s.Addr))
		return true
	})
}

// blockOf is the address of the sync that a stream or mapping of the state belongs to in
// the configuration: of a way back, the sync that it is the way back of.
func (b *builder) blockOf(sync string) string {
	if st := b.state.Stream(sync); st != nil && st.Reverses != "" {
		return st.Reverses
	}
	return sync
}

// concerns reports whether what the state has of a sync at an address is in scope.
func (b *builder) concerns(addr, sync string) bool {
	return inScope(addr, b.in.Targets) || inScope(b.blockOf(sync), b.in.Targets)
}

// stays reports whether the configuration still has the sync of a stream of the state.
func (b *builder) stays(st *plan.Stream) bool {
	s := b.in.Config.Sync(b.blockOf(st.Sync))
	return s != nil && s.Mode == "incremental" && st.Turn == "" && !b.in.Destroy
}
