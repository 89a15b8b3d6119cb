// Package plan is what a plan is: actions in order, what was read to make it, and
// the file that keeps it until it is approved. It decides nothing.
package plan

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// FormatVersion of the plan file and of plan -json. The major part changes when an
// older reader would misread it.
const FormatVersion = "1.0"

// Plan is everything that apply will do, decided. It holds no secret.
type Plan struct {
	FormatVersion string         `json:"format_version"`
	Version       string         `json:"syncform_version"`
	ID            string         `json:"id"` // random; the journal's key
	CreatedAt     time.Time      `json:"created_at"`
	Destroy       bool           `json:"destroy,omitempty"`
	StateSerial   uint64         `json:"state_serial"`
	StateLineage  string         `json:"state_lineage"`
	ConfigHash    string         `json:"config_hash"` // of the configuration's values, sensitive ones left out
	Endpoints     []Endpoint     `json:"endpoints"`
	Read          []ReadObject   `json:"read"`    // what the decisions rest on; any that moved refuses the plan
	Actions       []Action       `json:"actions"` // in an order that satisfies DependsOn
	Mappings      []Mapping      `json:"mappings"`
	Streams       []Stream       `json:"streams,omitempty"`
	Outputs       map[string]any `json:"outputs,omitempty"` // not the sensitive ones
	// SensitiveOutputs names the outputs whose values are kept nowhere.
	SensitiveOutputs []string `json:"sensitive_outputs,omitempty"`
	Held             int      `json:"held"` // actions that a policy holds for review
	Notes            []Note   `json:"notes,omitempty"`
	// Samples are what expressions make of some rows, where that was asked for. Rows are
	// data, so no plan file holds them.
	Samples []Sample `json:"-"`
	// Drifted are, by mapping, the tables that others have changed since they were applied,
	// as they are now: what apply -refresh-only takes into the state.
	Drifted map[string]schema.Table `json:"-"`
	// Moved are mappings whose address changed: what the state holds of From stands at
	// To from the beginning of the apply (state.Begin).
	Moved []Moved `json:"moved,omitempty"`
	// Forget are the addresses of mappings that the state holds no longer once the plan
	// is applied (state.Finish): they left the configuration, or were destroyed.
	Forget []string `json:"forget,omitempty"`
	// ForgetStreams are the syncs that the state follows no longer once the plan is applied.
	ForgetStreams []string `json:"forget_streams,omitempty"`
	// HeldTables are the mappings whose tables their streams held when the plan was made.
	HeldTables []string `json:"held_tables,omitempty"`
	// Vars and VarFiles are the -var and -var-file that the plan was made with, so that
	// apply reads the configuration as plan did; sensitive values are left out.
	Vars     []string `json:"vars,omitempty"`
	VarFiles []string `json:"var_files,omitempty"`
	// SecretVars names the variables whose values were left out of Vars: apply asks for
	// them again.
	SecretVars []string `json:"secret_vars,omitempty"`
}

// Moved is a mapping's old and new address.
type Moved struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// Endpoint is one database that the plan touches.
type Endpoint struct {
	Addr     string        `json:"addr"` // target.mysql.analytics
	System   schema.System `json:"system"`
	Version  string        `json:"version"`
	Identity string        `json:"identity"` // schema.Database.Identity
}

// ReadObject is one table as the plan saw it; Table is nil where there was none.
type ReadObject struct {
	Endpoint string        `json:"endpoint"`
	Name     schema.Name   `json:"name"`
	Table    *schema.Table `json:"table,omitempty"`
}

// Kind of an action.
type Kind string

// The kinds of action.
const (
	Create   Kind = "create"
	Update   Kind = "update"
	Delete   Kind = "delete"
	Backfill Kind = "backfill"
	NoteKind Kind = "note" // nothing runs
)

// Phase of an action: objects are made, rows move, what is no longer fed goes.
type Phase string

// The phases, in order.
const (
	Expand   Phase = "expand"
	Sync     Phase = "sync"
	Contract Phase = "contract"
)

// Cause says where a change comes from.
type Cause string

// The causes.
const (
	CauseSource        Cause = "source"        // the source's schema has changed
	CauseConfiguration Cause = "configuration" // the HCL asks for something else
	CauseDrift         Cause = "drift"         // the target was changed by others
)

// Action is one thing to do at one endpoint.
type Action struct {
	ID       string           `json:"id"` // a001, a002, ...: the journal's key within the plan
	Kind     Kind             `json:"kind"`
	Addr     string           `json:"addr"`     // sync.warehouse.mapping["users"], with .column["x"] below it
	Endpoint string           `json:"endpoint"` // where it happens
	Table    schema.Name      `json:"table,omitzero"`
	Phase    Phase            `json:"phase"`
	Change   schema.Change    `json:"change,omitempty"` // nil for a backfill or note
	Steps    []providers.Step `json:"steps,omitempty"`
	Backfill *BackfillSpec    `json:"backfill,omitempty"`
	Stream   *StreamSpec      `json:"stream,omitempty"`
	// Migration is a script that people wrote; Steps show its statements.
	Migration *providers.Migration `json:"migration,omitempty"`
	// Backup is what the steps copy before they destroy it.
	Backup    *providers.Backup `json:"backup,omitempty"`
	DependsOn []string          `json:"depends_on,omitempty"` // IDs
	Reason    string            `json:"reason"`               // why: "the source has it", "load_rows", ...
	Cause     Cause             `json:"cause,omitempty"`      // what has changed since the last apply, where that is known
	Held      string            `json:"held,omitempty"`       // not applied: why, and how to release it
	Manual    bool              `json:"manual,omitempty"`     // held, and no -approve releases it: the configuration must say it
	Source    Range             `json:"source,omitzero"`      // where in the HCL
	Info      string            `json:"info,omitempty"`       // for the plan's line, e.g. "safe: int_to_bigint"
}

// actionAlias avoids recursion in the JSON methods.
type actionAlias Action

// MarshalJSON writes the change with its kind.
func (a Action) MarshalJSON() ([]byte, error) {
	v := struct {
		actionAlias
		Change json.RawMessage `json:"change,omitempty"`
	}{actionAlias: actionAlias(a)}
	if a.Change != nil {
		b, err := schema.MarshalChange(a.Change)
		if err != nil {
			return nil, err
		}
		v.Change = b
	}
	return json.Marshal(v)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (a *Action) UnmarshalJSON(b []byte) error {
	v := struct {
		*actionAlias
		Change json.RawMessage `json:"change,omitempty"`
	}{actionAlias: (*actionAlias)(a)}
	if err := json.Unmarshal(b, &v); err != nil {
		return err
	}
	if len(v.Change) == 0 {
		return nil
	}
	c, err := schema.UnmarshalChange(v.Change)
	a.Change = c
	return err
}

// Range is a place in the configuration (1-based lines and columns).
type Range struct {
	File      string `json:"file"`
	Line      int    `json:"line"`
	Column    int    `json:"column"`
	EndLine   int    `json:"end_line,omitempty"`
	EndColumn int    `json:"end_column,omitempty"`
}

// Note is something to tell that no action carries.
type Note struct {
	Addr string `json:"addr"`
	Text string `json:"text"`
}

// BackfillSpec says which rows to copy and how.
type BackfillSpec struct {
	Mapping    string `json:"mapping"`    // address; Plan.Mappings has the columns
	Generation string `json:"generation"` // the load's key in the ledger: an unfinished load of the same generation is resumed
	// Into is the table that is written: the mapping's target table, or one beside it.
	Into    schema.Name `json:"into"`
	Rows    int64       `json:"rows"` // estimates; -1 unknown
	Bytes   int64       `json:"bytes"`
	Chunks  int64       `json:"chunks"`
	Resumed bool        `json:"resumed,omitempty"` // the generation was begun by an earlier apply
	// Filtered is told where the mapping has filters.
	Filtered *Filtered `json:"filtered,omitempty"`
	// Snapshot names the group of backfills that must be of one moment, "" for none: a
	// run that finds any chunk of the group done without holding its snapshot can't go on
	// with it, so the planner gives such a group a new generation.
	Snapshot string `json:"snapshot,omitempty"`
}

// Filtered is what a mapping's filters keep of the table's first rows.
type Filtered struct {
	Rows    int64         `json:"rows"` // that were looked at
	Kept    int64         `json:"kept"` // by all filters
	Filters []FilterCount `json:"filters"`
}

// FilterCount is what one filter keeps of them.
type FilterCount struct {
	Filter string `json:"filter"`
	Kept   int64  `json:"kept"`
}

// Sample is the value of a column's expression for one row; nil is NULL.
type Sample struct {
	Addr   string  `json:"addr"` // of the mapping
	Column string  `json:"column"`
	Expr   string  `json:"expr"`
	Value  *string `json:"value"`
	Bad    string  `json:"bad,omitempty"` // why the row has none
}

// Mapping is one source table and the target table made of it: all that the data
// path needs to know.
type Mapping struct {
	Addr        string      `json:"addr"` // sync.warehouse.mapping["users"]
	Sync        string      `json:"sync"` // sync.warehouse
	Source      string      `json:"source"`
	Target      string      `json:"target"`
	SourceTable schema.Name `json:"source_table"`
	TargetTable schema.Name `json:"target_table"`
	// SourceIdentity and TargetIdentity are the endpoints' schema.Database.Identity: a
	// table of that name in another database is not the one that was copied or made.
	SourceIdentity string   `json:"source_identity,omitempty"`
	TargetIdentity string   `json:"target_identity,omitempty"`
	Columns        []Column `json:"columns"` // only those that rows carry
	// Filters are conditions over the source's columns (package expr); a row is kept
	// where all of them are true.
	Filters []string `json:"filters,omitempty"`
	// Reads are the source's columns that rows are read with where the mapping computes
	// anything: what Columns, Filters and the key need, and no other. Empty where it does not.
	Reads     []SourceColumn `json:"reads,omitempty"`
	SourceKey []string       `json:"source_key,omitempty"`
	GivenKey  bool           `json:"given_key,omitempty"` // SourceKey is the configuration's, whatever the source says is unique
	TargetKey []string       `json:"target_key,omitempty"`
	Only      bool           `json:"only,omitempty"`   // providers.ReadTable.Only
	Mode      string         `json:"mode"`             // full, snapshot
	Policy    *Policy        `json:"policy,omitempty"` // nil: none
	// Kept are columns of the target that rows carried once and that stay as they are.
	Kept           []string `json:"kept,omitempty"`
	BatchSize      int64    `json:"batch_size"`
	ParallelTables int      `json:"parallel_tables"`
	RetryAttempts  int      `json:"retry_attempts"`
	// MaxSnapshotAge is how long a snapshot of the source is held during a load; 0: until its end.
	MaxSnapshotAge time.Duration `json:"max_snapshot_age,omitempty"`
	// SourceColumns names all columns that the source table had, mapped or not, and
	// AllColumns says that one which is added to it is mapped too: a stream that meets
	// another column knows what to do.
	SourceColumns []string `json:"source_columns,omitempty"`
	AllColumns    bool     `json:"all_columns,omitempty"`
	// ColumnIDs tells columns of the source, by name, from others that have had their names
	// (providers.ColumnIdentifier). Refill names those that have become others: the stream
	// brings their values in all rows, once it has passed the place where they did.
	ColumnIDs map[string]string `json:"column_ids,omitempty"`
	Refill    []string          `json:"refill,omitempty"`
	// Traits are short hashes of what the source had and of what was asked of the target,
	// by which the next plan tells why it changes something.
	Traits map[string]string `json:"traits,omitempty"`
}

// Reader gives an expression or filter that may read a column of the source, "" where
// there is none.
func (m *Mapping) Reader(column string) string {
	column = strings.ToLower(column)
	for _, c := range m.Columns {
		if strings.Contains(strings.ToLower(c.Expr), column) {
			return c.Expr
		}
	}
	for _, f := range m.Filters {
		if strings.Contains(strings.ToLower(f), column) {
			return f
		}
	}
	return ""
}

// SaidHere begins those of Mapping.Traits of which the configuration itself says something.
const SaidHere = "!"

// ColumnTrait is the name among Mapping.Traits of a column of the target.
func ColumnTrait(name string) string { return "column " + name }

// UniqueTrait and IndexTrait are those of a unique constraint and of an index.
func UniqueTrait(name string) string { return "unique " + name }

// IndexTrait is described with UniqueTrait.
func IndexTrait(name string) string { return "index " + name }

// Made reports whether syncform made what a trait names of the target as the source had it.
func (m *Mapping) Made(trait string) bool {
	d := m.Traits[trait]
	return d != "" && !strings.HasPrefix(d, SaidHere)
}

// Says reports whether the configuration itself says something of a column of the target.
func (m *Mapping) Says(column string) bool {
	return strings.HasPrefix(m.Traits[ColumnTrait(column)], SaidHere)
}

// SourceColumn is a column of the source that rows are read with.
type SourceColumn struct {
	Name     string      `json:"name"`
	Type     schema.Type `json:"type"`
	Nullable bool        `json:"nullable,omitempty"`
}

// Column is one column's way from source to target: the value of a source column, or
// of an expression over them.
// Its types are shared with others, so they are never changed in place.
type Column struct {
	Source string `json:"source,omitempty"` // "" where Expr says the value
	Expr   string `json:"expr,omitempty"`   // package expr
	// Metadata is set for a column of add_metadata: its value belongs to the moment of
	// writing, so verify and conflict rules ignore it.
	Metadata   bool         `json:"metadata,omitempty"`
	Target     string       `json:"target"`
	SourceType *schema.Type `json:"source_type" nil:"never"` // of an expression, the type of its result
	TargetType *schema.Type `json:"target_type" nil:"never"`
	// ReadAs is the type in whose canonical text the values travel where that is not
	// SourceType: of a way back, the type that they have at their end.
	ReadAs   *schema.Type `json:"read_as,omitempty"`
	Identity bool         `json:"identity,omitempty"` // providers.WriteColumn.Identity
}

// Empty reports whether apply would do nothing, neither in a database nor in the state.
func (p *Plan) Empty() bool {
	if len(p.Moved) > 0 || len(p.Forget) > 0 || len(p.ForgetStreams) > 0 {
		return false
	}
	for _, a := range p.Actions {
		if a.Kind != NoteKind && a.Held == "" {
			return false
		}
	}
	return true
}

// Stream returns the stream of that sync, or nil.
func (p *Plan) Stream(sync string) *Stream {
	for i := range p.Streams {
		if p.Streams[i].Sync == sync {
			return &p.Streams[i]
		}
	}
	return nil
}

// Mapping returns the mapping of that address, or nil.
func (p *Plan) Mapping(addr string) *Mapping {
	for i := range p.Mappings {
		if p.Mappings[i].Addr == addr {
			return &p.Mappings[i]
		}
	}
	return nil
}
