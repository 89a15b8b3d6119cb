package view

import (
	"strings"

	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers/schema"
)

// Summary counts what a plan does; what is held for review counts only in Held.
type Summary struct {
	Create    int   `json:"create"` // tables
	Change    int   `json:"change"`
	Drop      int   `json:"drop"`
	Objects   int   `json:"objects"` // schemas, types and sequences
	Backfills int   `json:"backfills"`
	Rows      int64 `json:"rows"` // of the backfills, estimated; -1 unknown
	Bytes     int64 `json:"bytes"`
	Streams   int   `json:"streams,omitempty"` // that begin
	// Migrations are scripts that run.
	Migrations int `json:"migrations,omitempty"`
	Held       int `json:"held"`
}

// Summarize counts.
func Summarize(p *plan.Plan) Summary {
	s := Summary{Rows: -1, Bytes: -1}
	for _, g := range group(p) {
		for _, a := range g.others {
			switch {
			case a.Held != "":
				s.Held++
			case a.Migration != nil:
				s.Migrations++
			case a.Kind != plan.NoteKind:
				s.Objects++
			}
		}
		for _, t := range g.tables {
			s.table(t)
		}
		for _, a := range g.streams {
			if a.Stream.Step == plan.StreamStart {
				s.Streams++
			}
		}
		for _, a := range g.loads {
			if a.Held != "" {
				s.Held++
				continue
			}
			s.Backfills++
			s.Rows = addKnown(s.Rows, a.Backfill.Rows)
			s.Bytes = addKnown(s.Bytes, a.Backfill.Bytes)
		}
	}
	return s
}

func (s *Summary) table(t *tableGroup) {
	created, dropped, changed := false, false, false
	for _, a := range t.actions {
		if a.Held != "" {
			s.Held++
			continue
		}
		if a.Kind == plan.NoteKind || a.Change == nil {
			continue
		}
		switch a.Change.(type) {
		case schema.AddTable:
			created = true
		case schema.DropTable:
			dropped = true
		default:
			changed = changed || !onlyRows(a.Change)
		}
	}
	if created {
		s.Create++
	}
	if dropped {
		s.Drop++
	}
	if changed && !created && !dropped {
		s.Change++
	}
}

func addKnown(sum, n int64) int64 {
	switch {
	case n < 0:
		return sum
	case sum < 0:
		return n
	}
	return sum + n
}

func rows(n int64) string {
	if n == 1 {
		return "1 row"
	}
	return Short(n) + " rows"
}

// String is the plan's last line.
func (s Summary) String() string {
	var b strings.Builder
	b.WriteString("Plan: " + Plural(int64(s.Create), "table") + " to create, " + Count(int64(s.Change)) + " to change, " + Count(int64(s.Drop)) + " to drop")
	if s.Objects > 0 {
		b.WriteString("; " + Plural(int64(s.Objects), "other object"))
	}
	if s.Backfills > 0 {
		b.WriteString("; " + Plural(int64(s.Backfills), "backfill"))
		if s.Rows >= 0 {
			b.WriteString(" (~" + rows(s.Rows) + ")")
		}
	}
	if s.Streams > 0 {
		b.WriteString("; " + Plural(int64(s.Streams), "stream") + " to start")
	}
	if s.Migrations > 0 {
		b.WriteString("; " + Plural(int64(s.Migrations), "migration") + " to run")
	}
	if s.Held > 0 {
		b.WriteString("; " + Plural(int64(s.Held), "change") + " held")
	}
	return b.String() + "."
}
