package view

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/ledger"
	"github.com/syncform/syncform/providers/schema"
)

var (
	asideName = regexp.MustCompile(regexp.QuoteMeta(ledger.AsidePrefix) + `[0-9a-f]{24}`)
	aboutRows = regexp.MustCompile(`(\babout |~ ?)([0-9][0-9,]*) (rows?)\b`)
)

// stable is a plan without what differs between two plans of the same change: names
// made for one load, and estimates to the last row.
func stable(p *plan.Plan) *plan.Plan {
	asides := asideNames{}
	stableText := asides.stable
	out := *p
	out.Actions = slices.Clone(p.Actions)
	for i := range out.Actions {
		a := &out.Actions[i]
		a.Held, a.Info = stableText(a.Held), stableText(a.Info)
		if a.Backfill != nil {
			b := *a.Backfill
			b.Into.Name = stableText(b.Into.Name)
			b.Rows, b.Bytes, b.Chunks = roughly(b.Rows), roughly(b.Bytes), 0
			a.Backfill = &b
		}
		if drop, ok := a.Change.(schema.DropTable); ok {
			drop.From.Rows = roughly(drop.From.Rows)
			a.Change = drop
		}
		a.Steps = slices.Clone(a.Steps)
		for j := range a.Steps {
			s := &a.Steps[j]
			s.Text, s.Args = stableText(s.Text), nil
			s.Hazards = slices.Clone(s.Hazards)
			for k, h := range s.Hazards {
				s.Hazards[k] = providers.Hazard{Code: h.Code, Text: stableText(h.Text)}
			}
		}
	}
	out.Read = slices.Clone(p.Read)
	for i := range out.Read {
		if t := out.Read[i].Table; t != nil {
			copied := *t
			copied.Rows, copied.Bytes = roughly(t.Rows), roughly(t.Bytes)
			out.Read[i].Table = &copied
		}
	}
	return &out
}

// asideNames numbers the tables that loads fill beside others, in the plan's order.
type asideNames map[string]string

func (names asideNames) stable(s string) string {
	s = asideName.ReplaceAllStringFunc(s, func(name string) string {
		if names[name] == "" {
			names[name] = ledger.AsidePrefix + strconv.Itoa(len(names)+1)
		}
		return names[name]
	})
	return aboutRows.ReplaceAllStringFunc(s, func(m string) string {
		part := aboutRows.FindStringSubmatch(m)
		n, err := strconv.ParseInt(strings.ReplaceAll(part[2], ",", ""), 10, 64)
		if err != nil {
			return m
		}
		return part[1] + Plural(roughly(n), "row")
	})
}

// roughly rounds an estimate to one figure.
func roughly(n int64) int64 {
	if n < 10 {
		return n
	}
	p := math.Pow10(int(math.Log10(float64(n))))
	return int64(math.Round(float64(n)/p) * p)
}
