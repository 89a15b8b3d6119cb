package view

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// PlanOptions say how much of a plan to show.
type PlanOptions struct {
	Verbose bool   // the steps word for word, and why
	Targets bool   // -target was given: the plan is not the whole
	SavedTo string // the file it was written to
	Hints   bool   // say which command comes next
	// RefreshOnly says that the plan only looks for drift.
	RefreshOnly bool
	Findings    []Finding
	Outputs     []OutputChange
	// Samples shows plan.Samples.
	Samples bool
}

// Finding is something that an apply of the plan would lack, or should know.
type Finding struct {
	Endpoint string `json:"endpoint"`
	providers.Finding
}

// Plan writes a plan as people read it.
func Plan(w io.Writer, paint Paint, p *plan.Plan, o PlanOptions) error {
	v := newPlanView(paint, p, o)
	v.write()
	_, err := io.WriteString(w, v.out.String())
	return err
}

type planView struct {
	Paint
	plan   *plan.Plan
	opts   PlanOptions
	out    *printer
	groups []*endpointGroup
	pairs  map[*plan.Action]*plan.Action // what is made anew, and what drops it first
	paired map[*plan.Action]bool         // those drops
}

func newPlanView(paint Paint, p *plan.Plan, o PlanOptions) *planView {
	v := &planView{Paint: paint, plan: p, opts: o, out: &printer{}, groups: group(p), pairs: map[*plan.Action]*plan.Action{}, paired: map[*plan.Action]bool{}}
	for _, g := range v.groups {
		for _, t := range g.tables {
			for add, drop := range pairs(t.actions) {
				v.pairs[add], v.paired[drop] = drop, true
			}
		}
	}
	return v
}

func (v *planView) write() {
	for _, g := range v.groups {
		verb := "will perform these actions on"
		switch {
		case v.opts.RefreshOnly:
			verb = "did not make these changes on"
		case allHeld(g):
			verb = "has nothing to do by itself on"
		}
		v.out.line("syncform %s %s:", verb, v.Bold(Safe(g.addr)))
		v.out.line("")
		v.endpoint(g)
		v.out.line("")
	}
	v.stateOnly()
	if v.plan.Empty() {
		v.nothing()
	} else {
		v.out.line("%s", v.Bold(Wrap(Summarize(v.plan).String(), v.Columns())))
	}
	v.outputs()
	v.samples()
	v.notes()
	v.findings(true, "Missing, so that the plan can't be applied yet:")
	v.findings(false, "To know before it is applied:")
	v.hints()
}

// endpoint writes what is done at one endpoint.
func (v *planView) endpoint(g *endpointGroup) {
	for _, a := range g.others {
		v.change(a, nil, "  ")
	}
	for _, t := range g.tables {
		v.table(t)
	}
	v.loads(g.loads)
	v.streams(g.streams)
}

// stateOnly tells what changes in the state and in no database.
func (v *planView) stateOnly() {
	if len(v.plan.Moved)+len(v.plan.Forget)+len(v.plan.ForgetStreams) == 0 {
		return
	}
	v.out.line("In the state:")
	v.out.line("")
	for _, m := range v.plan.Moved {
		v.out.line("  %s %s -> %s", v.Symbol("~"), Safe(m.From), Safe(m.To))
	}
	for _, addr := range append(slices.Clone(v.plan.Forget), v.plan.ForgetStreams...) {
		v.out.line("  %s %s is forgotten", v.Symbol("-"), Safe(addr))
	}
	v.out.line("")
}

func allHeld(g *endpointGroup) bool {
	for _, a := range g.others {
		if runs(a) {
			return false
		}
	}
	for _, t := range g.tables {
		for _, a := range t.actions {
			if runs(a) {
				return false
			}
		}
	}
	for _, a := range append(slices.Clone(g.loads), g.streams...) {
		if runs(a) {
			return false
		}
	}
	return true
}

func runs(a *plan.Action) bool { return a.Held == "" && a.Kind != plan.NoteKind }

func (v *planView) nothing() {
	switch {
	case v.opts.RefreshOnly && len(v.plan.Actions) > 0:
		v.out.line("%s", v.Bold("The targets are no longer as they were applied."))
	case v.opts.RefreshOnly:
		v.out.line("%s The targets are as they were applied.", v.Green(v.Bold("No drift.")))
	case len(v.opts.Outputs) > 0:
		v.out.line("%s The tables match the configuration; only outputs change.", v.Bold("No changes to databases."))
	case v.plan.Destroy:
		v.out.line("%s", v.Bold("No changes. There is nothing of syncform's to take down."))
	case Summarize(v.plan).Held > 0:
		v.out.line("%s", v.Bold(fmt.Sprintf("No changes to apply; %s held.", Plural(int64(Summarize(v.plan).Held), "change"))))
	default:
		v.out.line("%s The targets match the configuration.", v.Green(v.Bold("No changes.")))
	}
}

func (v *planView) notes() {
	if v.opts.Targets {
		v.out.line("")
		v.out.line("%s", Wrap("The plan is limited by -target; it may leave undone what the configuration also asks for.", v.Columns()))
	}
	if len(v.plan.Notes) == 0 {
		return
	}
	v.out.line("")
	v.out.line("Notes:")
	for _, n := range v.plan.Notes {
		text := SafeLines(n.Text)
		if n.Addr != "" {
			text = Safe(n.Addr) + ": " + text
		}
		lines := Wrap(text, v.Columns()-4)
		v.out.line("  - %s", strings.ReplaceAll(lines, "\n", "\n    "))
	}
}

// findings lists what a preflight found: fatal or not.
func (v *planView) findings(fatal bool, title string) {
	first := true
	for _, f := range v.opts.Findings {
		if f.Fatal != fatal {
			continue
		}
		if first {
			v.out.line("")
			v.out.line("%s", v.Bold(title))
			first = false
		}
		lines := Wrap(Safe(f.Endpoint)+": "+SafeLines(f.Text), v.Columns()-4)
		v.out.line("  - %s", strings.ReplaceAll(lines, "\n", "\n    "))
		if f.Fix != "" {
			v.out.line("        %s", SafeLines(f.Fix))
		}
	}
}

func (v *planView) hints() {
	v.advice()
	if v.opts.SavedTo != "" {
		v.out.line("")
		v.out.line("Saved the plan to: %s", v.opts.SavedTo)
		if v.opts.Hints {
			v.out.line("")
			v.out.line("To perform exactly these actions, run:")
			v.out.line("    syncform apply %q", v.opts.SavedTo)
		}
		return
	}
	if v.opts.Hints && !v.plan.Empty() {
		v.out.line("")
		v.out.line("%s", Wrap("Note: you didn't use -out to save this plan, so syncform can't promise to take exactly these actions if you run \"syncform apply\" now.", v.Columns()))
	}
}

// table writes one table's lines: a head, then its parts.
func (v *planView) table(t *tableGroup) {
	sym := "~"
	name := "table " + Safe(t.name.String())
	tail := ""
	switch {
	case t.made != nil && t.made.Held == "":
		sym = "+"
		tail = v.from(t.made)
	case t.dropped != nil && t.dropped.Held == "":
		sym = "-"
		if rows := t.dropped.Change.(schema.DropTable).From.Rows; rows >= 0 {
			tail = "~" + Count(rows) + " rows go with it"
		}
	}
	body := v.aside(func() {
		for _, a := range t.actions {
			v.change(a, t, "      ")
		}
	})
	if body == "" && sym == "~" {
		return // the load's line tells all
	}
	if sym == "~" && !changes(t) {
		sym = " "
		if heldOnly(t) {
			sym = "!"
		}
	}
	tail = joined("; ", tail, causeText(v.cause(t)))
	v.tail("  "+v.Symbol(sym)+" "+v.Bold(name), "  "+v.sign(sym)+" "+name, tail)
	v.out.WriteString(body)
}

// aside returns what f writes.
func (v *planView) aside(f func()) string {
	out := v.out
	v.out = &printer{}
	f()
	text := v.out.String()
	v.out = out
	return text
}

// changes reports whether anything of the table's shape will change.
func changes(t *tableGroup) bool {
	for _, a := range t.actions {
		if runs(a) {
			return true
		}
	}
	return false
}

func heldOnly(t *tableGroup) bool {
	for _, a := range t.actions {
		if a.Held != "" {
			return true
		}
	}
	return false
}

// from says which table feeds the one that an action makes.
func (v *planView) from(a *plan.Action) string {
	m := v.plan.Mapping(a.Addr)
	if m == nil {
		return ""
	}
	return "from " + Safe(m.Source) + " " + Safe(m.SourceTable.String())
}

// tail writes painted, and behind it tail; on a line of its own where they don't fit
// together. plain is painted without colour.
func (v *planView) tail(painted, plain, tail string) {
	switch {
	case tail == "":
		v.out.line("%s", painted)
	case width(plain)+2+width(tail) <= v.Columns():
		gap := max(2, min(46, v.Columns()-width(tail))-width(plain))
		v.out.line("%s%s%s", painted, strings.Repeat(" ", gap), v.Faint(tail))
	default:
		in := len(plain) - len(strings.TrimLeft(plain, " ")) + 4
		v.out.line("%s", painted)
		for l := range strings.SplitSeq(Wrap(tail, v.Columns()-in), "\n") {
			v.out.line("%s%s", strings.Repeat(" ", in), v.Faint(l))
		}
	}
}

func (v *planView) loads(loads []*plan.Action) {
	w := 0
	for _, a := range loads {
		w = max(w, min(40, width(v.loadName(a))))
	}
	for _, a := range loads {
		sym := ">"
		if a.Held != "" {
			sym = "!"
		}
		plain := "  " + v.sign(sym) + " backfill " + pad(v.loadName(a), w)
		v.tail("  "+v.Symbol(sym)+" backfill "+pad(v.loadName(a), w), plain, v.load(a))
		v.filters(a.Backfill)
		v.below(a, "      ")
	}
}

// filters says what a backfill leaves out.
func (v *planView) filters(b *plan.BackfillSpec) {
	f := b.Filtered
	if f == nil {
		return
	}
	line := func(text string) {
		v.out.line("      %s", strings.ReplaceAll(Wrap(Safe(text), max(20, v.Columns()-6)), "\n", "\n      "))
	}
	kept := func(n int64) string {
		if f.Rows == 0 {
			return ": the table is empty"
		}
		return " keeps " + Count(n) + " of the first " + Plural(f.Rows, "row")
	}
	for _, x := range f.Filters {
		line("where " + x.Filter + kept(x.Kept))
	}
	if len(f.Filters) > 1 && f.Rows > 0 {
		line("all of them together keep " + Count(f.Kept))
	}
}

func (v *planView) loadName(a *plan.Action) string {
	if m := v.plan.Mapping(a.Backfill.Mapping); m != nil {
		return Safe(m.TargetTable.String())
	}
	return Safe(a.Table.String())
}

// load says how much a backfill copies, and in what way.
func (v *planView) load(a *plan.Action) string {
	b := a.Backfill
	var parts []string
	if b.Rows >= 0 {
		parts = append(parts, "~"+Plural(b.Rows, "row"))
	} else {
		parts = append(parts, "rows not known")
	}
	if b.Bytes >= 0 {
		parts = append(parts, Bytes(b.Bytes))
	}
	if b.Chunks > 0 {
		parts = append(parts, Plural(b.Chunks, "chunk"))
	}
	if class := duration(b.Rows, b.Bytes); class != "" {
		parts = append(parts, class)
	}
	if b.Resumed {
		parts = append(parts, "goes on where it stopped")
	}
	if m := v.plan.Mapping(b.Mapping); m != nil && b.Into != m.TargetTable {
		parts = append(parts, "then swapped in")
	}
	if b.Snapshot != "" {
		parts = append(parts, "one moment")
	}
	return strings.Join(parts, ", ")
}

// below writes what belongs under an action's line: hazards, why it is held, and its
// steps.
func (v *planView) below(a *plan.Action, in string) {
	in += "    "
	cols := max(20, v.Columns()-len(in))
	note := func(text string) {
		for l := range strings.SplitSeq(Wrap(SafeLines(text), cols), "\n") {
			v.out.line("%s%s", in, l)
		}
	}
	hazards := hazardsOf(a)
	for _, h := range hazards {
		note(h.Code + ": " + h.Text)
	}
	if a.Backup != nil {
		note(backupText(a.Backup))
	}
	if len(hazards) > 0 || v.opts.Verbose {
		if text := lockText(v.plan, a); text != "" {
			note(text)
		}
	}
	if a.Held != "" {
		note("held: " + a.Held)
	}
	if !v.opts.Verbose {
		return
	}
	if a.Reason != "" {
		note("because: " + a.Reason)
	}
	for _, s := range a.Steps {
		if s.Text == "" {
			continue // a held change that there are no steps for
		}
		for l := range strings.SplitSeq(strings.TrimRight(SafeLines(s.Text), "\n"), "\n") {
			v.out.line("%s%s", in, v.Faint("| "+l))
		}
		if len(s.Args) > 0 {
			v.out.line("%s%s", in, v.Faint("| with "+Safe(strings.Join(s.Args, ", "))))
		}
	}
}
