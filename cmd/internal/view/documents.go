package view

import (
	"io"

	"github.com/syncform/syncform/executor/cutover"
	"github.com/syncform/syncform/executor/stream"
	"github.com/syncform/syncform/executor/verify"
	"github.com/syncform/syncform/lang"
	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/planner/state"
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/attr"
)

// The documents that commands print with -json. docs/schemas has the JSON Schema of
// each, made from these types.

// PlanDocument is the output of plan -json and of show -json of a plan.
type PlanDocument struct {
	*plan.Plan
	Summary   Summary   `json:"summary"`
	Preflight []Finding `json:"preflight,omitempty"` // what an apply would lack or should know
	// Samples are what the mappings' expressions make of some rows: -sample.
	Samples []plan.Sample `json:"samples,omitempty"`
}

// StateDocument is the output of show -json of a state.
type StateDocument struct {
	FormatVersion string                  `json:"format_version"`
	Version       string                  `json:"syncform_version,omitempty"`
	Serial        uint64                  `json:"serial"`
	Lineage       string                  `json:"lineage,omitempty"`
	Running       string                  `json:"running,omitempty"` // the plan that an apply has begun and not finished
	Mappings      []state.Mapping         `json:"mappings"`
	Outputs       map[string]state.Output `json:"outputs"`
}

// VerifyDocument is the output of verify -json.
type VerifyDocument struct {
	FormatVersion string          `json:"format_version"`
	Equal         bool            `json:"equal"`
	Mappings      []verify.Report `json:"mappings"`
}

// OutputValue is one output in output -json; the value of a sensitive one is null, as
// it is kept nowhere.
type OutputValue struct {
	Sensitive bool `json:"sensitive"`
	Value     any  `json:"value"`
}

// ListFormat is the format_version of state list -json, version -json and
// providers schema -json.
const ListFormat = "1.0"

// VersionDocument is the output of version -json.
type VersionDocument struct {
	FormatVersion string `json:"format_version"`
	Version       string `json:"syncform_version"`
	Platform      string `json:"platform"` // linux_amd64
}

// AddressesDocument is the output of state list -json.
type AddressesDocument struct {
	FormatVersion string   `json:"format_version"`
	Addresses     []string `json:"addresses"`
}

// DoneDocument is the output with -json of commands that change something and have nothing
// else to show: init, fmt, import, force-unlock, pause, resume, state mv, rm and push.
type DoneDocument struct {
	FormatVersion string    `json:"format_version"`
	Command       string    `json:"command"` // state mv
	DryRun        bool      `json:"dry_run"` // nothing was changed: -dry-run, fmt -check
	Changed       []Changed `json:"changed"`
}

// Changed is one thing that a command changed.
type Changed struct {
	Name string `json:"name"`           // an address, a file, a lock's ID
	To   string `json:"to,omitempty"`   // the address that it has now
	Text string `json:"text,omitempty"` // for people
}

// DoneJSON writes what a command changed.
func DoneJSON(w io.Writer, d DoneDocument) error {
	if d.FormatVersion = ListFormat; d.Changed == nil {
		d.Changed = []Changed{}
	}
	return writeJSON(w, d)
}

// HistoryDocument is the output of history -json.
type HistoryDocument struct {
	FormatVersion string                 `json:"format_version"`
	Applies       []providers.ApplyEntry `json:"applies"`
}

// SyncFormat is the format_version of sync -json's lines.
const SyncFormat = "1.0"

// SyncLine is one line of sync -json. Lines of type log have other members besides, that
// the message has to do with.
type SyncLine struct {
	FormatVersion string           `json:"format_version"`
	Type          string           `json:"type"`            // log, or diagnostic: the command has failed
	At            string           `json:"at"`              // RFC 3339, UTC
	Level         string           `json:"level,omitempty"` // DEBUG, INFO, WARN, ERROR
	Message       string           `json:"message"`
	Sync          string           `json:"sync,omitempty"`
	Table         string           `json:"table,omitempty"`
	Position      string           `json:"position,omitempty"`
	Error         string           `json:"error,omitempty"`
	Diagnostics   []JSONDiagnostic `json:"diagnostics,omitempty"`
}

// ProvidersDocument is the output of providers schema -json: the whole language as
// data, from which an editor's completion can be built.
type ProvidersDocument struct {
	FormatVersion string                   `json:"format_version"`
	Providers     map[string]attr.Provider `json:"provider_schemas"` // what each provider adds to source and target blocks
	Blocks        []lang.BlockSpec         `json:"block_schemas"`
}

// StatusDocument is the output of status -json, and a line of status -watch -json.
type StatusDocument struct {
	FormatVersion string          `json:"format_version"`
	Healthy       bool            `json:"healthy"`
	Syncs         []stream.Health `json:"syncs"`
}

// Letter is one change that could not be applied.
type Letter struct {
	ID        string `json:"id"`
	Sync      string `json:"sync"`
	Mapping   string `json:"mapping"`
	Table     string `json:"table"`
	Key       string `json:"key"`
	Column    string `json:"column,omitempty"`
	Operation string `json:"operation"` // insert, update, delete, truncate
	Error     string `json:"error"`
	// Row is what the change carried, by source column: text, null, or {"hex": "..."}.
	Row      map[string]any `json:"row"`
	Position string         `json:"position"`
	At       string         `json:"at"`
}

// LettersDocument is the output of dead-letter list -json and show -json.
type LettersDocument struct {
	FormatVersion string   `json:"format_version"`
	DeadLetters   []Letter `json:"dead_letters"`
}

// RetriedDocument is the output of dead-letter retry -json.
type RetriedDocument struct {
	FormatVersion string              `json:"format_version"`
	Rows          []stream.RetriedRow `json:"rows"`
}

// CutoverDocument is the output of cutover -json.
type CutoverDocument struct {
	FormatVersion string `json:"format_version"`
	cutover.Report
}
