package view

import (
	"fmt"
	"strings"

	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers"
)

// streams shows what a plan does for streams of changes.
func (v *planView) streams(actions []*plan.Action) {
	for _, a := range actions {
		sym := map[string]string{plan.StreamStart: "+", plan.StreamAdd: "~", plan.StreamCatchUp: ">", plan.StreamStop: "-"}[a.Stream.Step]
		v.out.line("  %s %s", v.Symbol(sym), Safe(streamText(v.plan, a)))
		if spec := v.plan.Stream(a.Stream.Sync); spec != nil && a.Stream.Step == plan.StreamStart {
			v.out.line("      %s", SafeLines(Wrap(spec.Why, v.Columns()-6)))
		}
		if spec := v.plan.Stream(a.Stream.Sync); spec != nil && (a.Stream.Step == plan.StreamStart || a.Stream.Step == plan.StreamAdd) {
			for i := range spec.Capture.Tables {
				if text := pushdownText(&spec.Capture.Tables[i]); text != "" {
					v.out.line("      %s", SafeLines(Wrap(text, v.Columns()-6)))
				}
			}
		}
		if !v.opts.Verbose {
			continue
		}
		for _, s := range a.Steps {
			v.out.line("%s", indent(SafeLines(s.Text), "      "))
		}
		if a.Stream.Start != "" {
			v.out.line("%s", indent(SafeLines(a.Stream.Start), "      "))
		}
	}
}

// streamText says in a few words what an action does for a stream.
func streamText(p *plan.Plan, a *plan.Action) string {
	spec := p.Stream(a.Stream.Sync)
	switch a.Stream.Step {
	case plan.StreamStart:
		if spec == nil {
			return "stream of " + a.Stream.Sync
		}
		return "stream of " + a.Stream.Sync + ": " + captureText(&spec.Capture)
	case plan.StreamAdd:
		if n := len(a.Stream.Mappings); n > 0 {
			return fmt.Sprintf("stream of %s: new or loaded anew in it: %s", a.Stream.Sync, Plural(int64(n), "table"))
		}
		return "stream of " + a.Stream.Sync + ": what it captures changes"
	case plan.StreamCatchUp:
		if len(a.Stream.Mappings) == 0 {
			return "catch up " + a.Stream.Sync + ": changes up to now, until its tables are of one moment"
		}
		return "catch up " + a.Stream.Sync + ": changes since the copy began, until its tables are of one moment"
	}
	return "stream of " + a.Stream.Sync + ", with what it left in source and target"
}

// pushdownText says what the source sends of a table that it does not send whole.
func pushdownText(t *providers.CaptureTable) string {
	d := t.Pushdown
	if d == nil {
		return ""
	}
	text := "of " + t.Table.Name.String() + " the source sends "
	if len(d.Columns) > 0 {
		text += "only " + strings.Join(d.Columns, ", ")
	} else {
		text += "all columns"
	}
	for i, b := range d.Where {
		word := " and "
		if i == 0 {
			word = ", of rows with "
		}
		text += word + b.String()
	}
	return text
}

func captureText(c *providers.Capture) string {
	text := c.Method
	if c.Publication != "" {
		text += ", publication " + c.Publication
	}
	if c.Slot != "" {
		text += ", slot " + c.Slot
	}
	return text
}
