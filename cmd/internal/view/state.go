package view

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/syncform/syncform/planner/state"
	"github.com/syncform/syncform/providers/schema"
)

// StateFormat is the format_version of show -json of a state.
const StateFormat = "1.0"

// State writes a whole state for people.
func State(w io.Writer, p Paint, s *state.State) error {
	var b printer
	if s == nil || len(s.Mappings) == 0 {
		b.line("The state holds no mappings: nothing was applied yet.")
	}
	if s != nil {
		for i := range s.Mappings {
			if i > 0 {
				b.line("")
			}
			stateMapping(&b, p, &s.Mappings[i])
		}
		if s.Running != "" {
			b.line("")
			b.line("%s", Wrap("An apply was begun and not finished (plan "+Safe(s.Running)+"); a new apply goes on with it.", p.Columns()))
		}
		if len(s.Outputs) > 0 {
			b.line("")
			b.line("Outputs:")
			b.line("")
			b.WriteString(outputLines(s.Outputs))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// StateMapping writes one mapping of the state, for state show.
func StateMapping(w io.Writer, p Paint, m *state.Mapping) error {
	var b printer
	stateMapping(&b, p, m)
	_, err := io.WriteString(w, b.String())
	return err
}

func stateMapping(b *printer, p Paint, m *state.Mapping) {
	b.line("# %s:", Safe(m.Addr))
	b.line("%s", p.Bold(Safe(m.Source+" "+m.SourceTable.String()+" -> "+m.Target+" "+m.TargetTable.String())))
	field := func(name, value string) { b.line("    %s = %s", pad(name, 11), Safe(value)) }
	field("mode", m.Mode)
	field("status", string(m.Status))
	field("rows", Count(m.Rows))
	if !m.LoadedAt.IsZero() {
		field("loaded_at", m.LoadedAt.UTC().Format(time.RFC3339))
	}
	if m.Created {
		field("table", "made by syncform")
	} else {
		field("table", "was there before")
	}
	if len(m.TargetKey) > 0 {
		field("key", strings.Join(m.TargetKey, ", "))
	}
	if m.Into != (schema.Name{}) && m.Into != m.TargetTable {
		field("loading", m.Into.String())
	}
	b.line("    columns:")
	names := 0
	for _, c := range m.Columns {
		names = fit(names, width(Safe(cmp.Or(c.Expr, c.Source))), 30)
	}
	for _, c := range m.Columns {
		b.line("        %s -> %s  %s", pad(Safe(cmp.Or(c.Expr, c.Source)), names), Safe(c.Target), p.Faint(Safe(c.TargetType.String())))
	}
}

// StateJSON writes a state with its format_version for readers of JSON.
func StateJSON(w io.Writer, s *state.State) error {
	v := StateDocument{FormatVersion: StateFormat, Mappings: []state.Mapping{}, Outputs: map[string]state.Output{}}
	if s != nil {
		v.Version, v.Serial, v.Lineage, v.Running = s.Version, s.Serial, s.Lineage, s.Running
		v.Mappings = append(v.Mappings, s.Mappings...)
		maps.Copy(v.Outputs, s.Outputs)
	}
	return writeJSON(w, v)
}

// Outputs writes all outputs: name = value, one per line.
func Outputs(w io.Writer, outputs map[string]state.Output) error {
	_, err := io.WriteString(w, outputLines(outputs))
	return err
}

// outputLines is what Outputs writes.
func outputLines(outputs map[string]state.Output) string {
	var b printer
	for _, name := range slices.Sorted(maps.Keys(outputs)) {
		b.line("%s = %s", Safe(name), outputText(outputs[name]))
	}
	return b.String()
}

// OutputsJSON writes all outputs as JSON; the value of a sensitive one is null, as it
// is kept nowhere.
func OutputsJSON(w io.Writer, outputs map[string]state.Output) error {
	v := map[string]OutputValue{}
	for name, o := range outputs {
		v[name] = OutputValue{o.Sensitive, o.Value}
	}
	return writeJSON(w, v)
}

// JSON writes any value, indented.
func JSON(w io.Writer, v any) error { return writeJSON(w, v) }

// RawOutput writes a string, number or bool as it is, without a line end.
func RawOutput(w io.Writer, name string, v any) error {
	switch v := v.(type) {
	case string:
		_, err := io.WriteString(w, v)
		return err
	case bool, float64, int64, int, json.Number:
		_, err := fmt.Fprint(w, plainNumber(v))
		return err
	}
	return fmt.Errorf("output %q is not a string, number or bool; use -json for its value", name)
}
