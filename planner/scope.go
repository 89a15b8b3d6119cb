package planner

import (
	"encoding/json"
	"slices"
	"strings"

	ctyjson "github.com/zclconf/go-cty/cty/json"

	"github.com/syncform/syncform/lang"
	"github.com/syncform/syncform/planner/state"
)

// selected gives the syncs that the targets touch; all where there are none.
func selected(cfg *lang.Config, targets []string) []*lang.Sync {
	if len(targets) == 0 {
		return cfg.Syncs
	}
	var out []*lang.Sync
	for _, s := range cfg.Syncs {
		if slices.ContainsFunc(targets, func(t string) bool { return state.Under(s.Addr, t) || state.Under(t, s.Addr) }) {
			out = append(out, s)
		}
	}
	return out
}

// inScope reports whether an address is at or below any of the targets.
func inScope(addr string, targets []string) bool {
	return len(targets) == 0 || slices.ContainsFunc(targets, func(t string) bool { return state.Under(addr, t) })
}

// addresses gives the endpoints that the plan looks at, in order: those of the syncs
// in question and, of what was applied, the targets that are still at hand where
// something of it is taken down or compared.
func (b *builder) addresses() []string {
	var out []string
	if !b.in.Destroy {
		for _, s := range selected(b.in.Config, b.in.Targets) {
			if s.Source != "" && s.Target != "" {
				out = append(out, s.Source, s.Target)
			}
		}
	}
	if !b.in.Destroy && !b.in.RefreshOnly && len(b.in.Targets) == 0 {
		for _, m := range b.in.Config.Migrations {
			out = append(out, m.Target)
		}
	}
	if b.state != nil && (b.in.Destroy || b.in.RefreshOnly || len(b.in.Config.Removed) > 0) {
		for _, m := range b.state.Mappings {
			if b.in.Conns[m.Target] != nil && b.concerns(m.Addr, m.Sync) {
				out = append(out, m.Target)
			}
		}
	}
	if b.state != nil {
		for _, st := range b.state.Streams {
			for _, addr := range []string{st.Source, st.Target} {
				if b.in.Conns[addr] != nil && b.concerns(st.Sync, st.Sync) {
					out = append(out, addr)
				}
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// known checks that -target and -replace name syncs, as far as that can be said
// before the databases are read.
func (b *builder) known() {
	for _, addr := range append(slices.Clone(b.in.Targets), b.in.Replace...) {
		if len(selected(b.in.Config, []string{addr})) > 0 || b.state != nil && len(b.state.List(addr)) > 0 {
			continue
		}
		var names []string
		for _, s := range b.in.Config.Syncs {
			names = append(names, s.Addr)
			for _, m := range s.Mappings {
				names = append(names, m.Addr)
			}
		}
		b.errorf(sumAddress, "There is no %s.%s", addr, didYouMean(addr, names))
	}
}

// narrow leaves only the wants that -target names, and checks that each -target and
// -replace names one. The others had to be known, for foreign keys name them.
func (b *builder) narrow() {
	names := make([]string, len(b.wants))
	for i, w := range b.wants {
		names[i] = w.addr
	}
	for _, addr := range append(slices.Clone(b.in.Targets), b.in.Replace...) {
		hit := slices.ContainsFunc(b.wants, func(w *want) bool { return w.named(addr) }) ||
			slices.ContainsFunc(b.in.Config.Syncs, func(s *lang.Sync) bool { return state.Under(s.Addr, addr) }) ||
			b.state != nil && len(b.state.List(addr)) > 0
		if !hit {
			b.errorf(sumAddress, "There is no %s.%s", addr, didYouMean(addr, names))
		}
	}
	if len(b.in.Targets) > 0 {
		b.wants = slices.DeleteFunc(b.wants, func(w *want) bool { return !slices.ContainsFunc(b.in.Targets, w.named) })
	}
}

// asked reports whether a mapping is in question. What is wrong with others, which are
// only looked at for what refers to them, is not told.
func (b *builder) asked(addr string, m *lang.Mapping) bool {
	return inScope(addr, b.in.Targets) || isWildcard(m) && slices.Contains(b.in.Targets, m.Addr)
}

// tellIfAsked calls f, and forgets its errors where the mapping is not in question.
func (b *builder) tellIfAsked(addr string, m *lang.Mapping, f func()) {
	before := len(b.diags)
	f()
	if !b.asked(addr, m) {
		b.diags = b.diags[:before]
	}
}

// named reports whether an address of the command line names the want: itself, its
// sync, or the wildcard that it came from.
func (w *want) named(addr string) bool {
	return state.Under(w.addr, addr) || isWildcard(w.cfg) && w.cfg.Addr == addr
}

// outputs keeps the values of the outputs that are known and not secret.
func (b *builder) outputs() {
	if b.in.Destroy && len(b.in.Targets) == 0 {
		return // nothing is left that they could be of
	}
	for _, o := range b.in.Config.Outputs {
		if o.Sensitive || o.Value.ContainsMarked() {
			b.plan.SensitiveOutputs = append(b.plan.SensitiveOutputs, o.Name)
			continue
		}
		if !o.Value.IsWhollyKnown() {
			continue
		}
		text, err := ctyjson.Marshal(o.Value, o.Value.Type())
		var v any
		if err == nil {
			d := json.NewDecoder(strings.NewReader(string(text)))
			d.UseNumber()
			err = d.Decode(&v)
		}
		if err != nil {
			b.errorAt(o.DeclRange, sumValue, "%s can't be kept: %s.", o.Addr, err)
			continue
		}
		if b.plan.Outputs == nil {
			b.plan.Outputs = map[string]any{}
		}
		b.plan.Outputs[o.Name] = v
	}
}
