package monitor

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/syncform/syncform/executor/stream"
	"github.com/syncform/syncform/providers"
)

// family is one metric in Prometheus' text format.
type family struct {
	name, kind, help string
	lines            []string
	at               map[string]int // by labels
	values           []float64
}

// add adds to the sample of these labels (name, value, name, value, ...).
func (f *family) add(value float64, labels ...string) {
	var parts []string
	for i := 0; i < len(labels); i += 2 {
		parts = append(parts, labels[i]+`="`+escape.Replace(labels[i+1])+`"`)
	}
	key := "{" + strings.Join(parts, ",") + "}"
	if f.at == nil {
		f.at = map[string]int{}
	}
	i, ok := f.at[key]
	if !ok {
		i = len(f.lines)
		f.at[key], f.lines, f.values = i, append(f.lines, key), append(f.values, 0)
	}
	f.values[i] += value
}

var escape = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

// text writes all metrics. Those without a label for the sync add up where two syncs
// write tables of the same name.
func text(all []shown) string {
	lag := &family{name: "sync_lag_seconds", kind: "gauge", help: "How old the last transaction is that was applied, 0 where all that the source had is."}
	bytes := &family{name: "sync_lag_bytes", kind: "gauge", help: "Log that the source keeps for the sync."}
	records := &family{name: "records_synced_total", kind: "counter", help: "Rows that were loaded, and changes that were applied."}
	errors := &family{name: "sync_errors_total", kind: "counter", help: "Interruptions that were tried again, by this process, and changes among the dead letters."}
	state := &family{name: "sync_state", kind: "gauge", help: "1 for the state that the sync is in."}
	tables := &family{name: "sync_table_state", kind: "gauge", help: "1 for the state that the table is in."}
	letters := &family{name: "sync_dead_letters", kind: "gauge", help: "Changes that could not be applied and wait."}
	checkpoint := &family{name: "sync_last_checkpoint_timestamp_seconds", kind: "gauge", help: "When the position was last written."}
	alarms := &family{name: "sync_alarm", kind: "gauge", help: "1 for each alarm of status; its code names its page in docs/operations."}
	for _, s := range all {
		for _, x := range []string{stream.StateRunning, stream.StatePaused, stream.StateStopped, stream.StateWaiting, stream.StateFailed} {
			state.add(one(s.state == x), "sync_job", s.sync, "state", x)
		}
		errors.add(float64(s.status.Interruptions), "table_name", "", "error_type", "interrupted")
		if !s.status.Checkpointed.IsZero() {
			checkpoint.add(float64(s.status.Checkpointed.UnixMilli())/1000, "sync_job", s.sync)
		}
		for _, t := range s.status.Tables {
			name := t.Table.String()
			if s.lag >= 0 {
				lag.add(s.lag, "table_name", name, "sync_job", s.sync)
			}
			records.add(float64(t.Loaded), "table_name", name, "operation", "load")
			records.add(float64(t.Inserts), "table_name", name, "operation", "insert")
			records.add(float64(t.Updates), "table_name", name, "operation", "update")
			records.add(float64(t.Deletes), "table_name", name, "operation", "delete")
			for _, x := range []providers.TableState{providers.TableLoading, providers.TableCatchingUp, providers.TableLive, providers.TableHeld} {
				tables.add(one(t.State == x), "table_name", name, "sync_job", s.sync, "state", string(x))
			}
		}
		if s.health == nil {
			continue
		}
		if s.health.LagBytes != nil {
			bytes.add(float64(*s.health.LagBytes), "sync_job", s.sync)
		}
		for _, t := range s.health.Tables {
			letters.add(float64(t.DeadLetters), "table_name", t.Table, "sync_job", s.sync)
			errors.add(float64(t.DeadLetters), "table_name", t.Table, "error_type", "dead_letter")
		}
		var codes []string
		for _, a := range s.health.Alarms {
			if !slices.Contains(codes, a.Code) {
				codes = append(codes, a.Code)
				alarms.add(1, "sync_job", s.sync, "code", a.Code)
			}
		}
	}
	var b strings.Builder
	for _, f := range []*family{lag, bytes, records, errors, state, tables, letters, checkpoint, alarms} {
		fmt.Fprintf(&b, "# HELP %s %s\n# TYPE %s %s\n", f.name, f.help, f.name, f.kind)
		for i, key := range f.lines {
			b.WriteString(f.name + key + " " + strconv.FormatFloat(f.values[i], 'f', -1, 64) + "\n")
		}
	}
	return b.String()
}

func one(holds bool) float64 {
	if holds {
		return 1
	}
	return 0
}
