// Package lang reads a folder of HCL into a Config: decoded, every reference
// resolved, every value checked, each block with its address and range. It connects
// to nothing.
package lang

import (
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
)

// Config is a whole configuration. Slices are in the order of the files' names and
// of the blocks in each; a block with for_each stands once per element.
type Config struct {
	Dir              string
	RequiredVersion  string
	Backend          Backend
	Variables        []*Variable
	Outputs          []*Output
	SecretManagers   []*SecretManager
	Endpoints        []*Endpoint // sources and targets
	Syncs            []*Sync
	SchemaPolicies   []*SchemaPolicy
	ConflictPolicies []*ConflictPolicy
	Notifiers        []*Notifier
	Monitoring       *Monitoring
	Migrations       []*Migration
	Moved            []*Moved
	Removed          []*Removed
	// Hash of the configuration's values: the same for the same meaning, whatever the
	// spelling; sensitive values are left out.
	Hash string
	// Files holds the source of each file by name, for showing diagnostics.
	Files map[string]*hcl.File
}

// Block is what every block has.
type Block struct {
	Addr      string // target.mysql.analytics, sync.warehouse, sync.tenant["a"]
	DeclRange hcl.Range
	// Ranges of the arguments by name, for diagnostics of later steps.
	ArgRanges map[string]hcl.Range
}

// Range gives the argument's range, or the block's where it was not set. An entry of a
// map or list is named behind a dot: "columns.email", "key.id".
func (b *Block) Range(arg string) hcl.Range {
	if r, ok := b.ArgRanges[arg]; ok {
		return r
	}
	whole, _, _ := strings.Cut(arg, ".")
	if r, ok := b.ArgRanges[whole]; ok {
		return r
	}
	return b.DeclRange
}

// Backend says where the state is kept. The default is local, syncform.sfstate.
type Backend struct {
	Block
	Type       string // local, postgresql, s3, gcs, azblob
	Path       string
	Connection string // postgresql; may be empty: then SF_BACKEND_CONNECTION
	URL        string
}

// Variable is an input variable with its final value.
type Variable struct {
	Block
	Name, Description string
	Type              cty.Type
	Sensitive         bool
	Value             cty.Value // marked where sensitive
}

// Output is an output with its value; outputs that need what only apply knows are unknown.
type Output struct {
	Block
	Name        string
	Description string `hash:"-"`
	Sensitive   bool
	Value       cty.Value
}

// SecretManager is where credentials come from.
type SecretManager struct {
	Block
	Type, Name string
	Attrs      map[string]cty.Value
}

// Role of an endpoint's block.
type Role string

// The roles. Every SQL endpoint plays both; the block's keyword is only its address.
const (
	Source Role = "source"
	Target Role = "target"
)

// Endpoint is a source or target block.
type Endpoint struct {
	Block
	Role           Role
	Provider, Name string
	Attrs          map[string]cty.Value            // by the provider's schema; sensitive ones marked
	Blocks         map[string]map[string]cty.Value // nested blocks of the provider, e.g. output_format
	Credentials    *Credentials
	Scratch        string // source "sql": address of the scratch endpoint
}

// Credentials say where user and password are; cmd resolves them.
type Credentials struct {
	Block
	Type               string // secret_manager, env, file, static
	Manager            string // address of the secret_manager
	Path               string
	Username, Password cty.Value // static; marked
}

// Sync is one sync block.
type Sync struct {
	Block
	Name               string
	Pattern            string // one_way (default), bidirectional, hub_and_spoke
	Mode               string // incremental (default), full, snapshot, schema
	Source, Target     string // addresses of endpoints
	Between            []string
	Initial            string
	Hub                string
	Spokes             []string `hash:"set"`
	BatchSize          int64    // rows per chunk; 0: not said
	ParallelTables     int      // default 4
	RetryAttempts      int      // default 3
	CheckpointInterval time.Duration
	MaxSnapshotAge     time.Duration
	Schedule           string
	OnBadRow           string // stop (default), dead_letter
	CDC                *CDC
	SchemaPolicy       string // address
	ConflictPolicy     string
	Mappings           []*Mapping
}

// CDC is a sync's change capture.
type CDC struct {
	Block
	Method, Publication, Slot           string
	CaptureDeletes, CaptureBeforeValues bool
	Pushdown                            bool  // the publication leaves out what no mapping needs
	MaxRetainedWAL                      int64 // bytes; 0: not said
	OnExceed                            string
}

// Mapping is one mapping block.
type Mapping struct {
	Block
	Label          string // as written: "users", "public.users", "public.*", "*"
	TargetTable    string // a name, or a pattern with one * where the label has one; "" the same name
	TargetIndex    string
	Columns        map[string]string // source = target, with "*" = "*"; nil: all columns
	ColumnsSet     bool              `hash:"-"`
	ExcludeColumns []string          `hash:"set"`
	Transforms     []*Transform
	AddMetadata    map[string]string
	Filters        []string `hash:"set"`
	IncrementalKey string
	Lookback       time.Duration
	Key            []string
	AllowHazards   []string `hash:"set"`
	ColumnBlocks   []*Column
	Indexes        []*Index
	Fields         []*Field
	Prune          bool
	PreventDestroy bool
	IgnoreChanges  []string `hash:"set"`
}

// Transform is a transform block: the value of one target column.
type Transform struct {
	Block
	Column, Expr string
}

// Column is a column block: everything that can be said of one target column.
type Column struct {
	Block
	Name        string // target column
	From        string // source column; "" where Expr or neither is set
	Expr        string
	Type        string    // in the words of the target's system
	Default     cty.Value // cty.NilVal where not said; null to say: no default
	Nullable    *bool
	RenamedFrom string
}

// Index is an index block.
type Index struct {
	Block
	Name    string
	Columns []string
	Unique  bool
	Where   string
	Method  string
}

// Field is a field block of a document target.
type Field struct {
	Block
	Name  string
	Attrs map[string]cty.Value
}

// SchemaPolicy is a schema_policy block.
type SchemaPolicy struct {
	Block
	Name, Mode                                                   string // evolve, strict, ignore
	AddColumn, RemoveColumn, ModifyType, RenameColumn, DropTable *PolicyRule
	BackupBefore                                                 []string `hash:"set"`
	BackupKeep                                                   int
}

// PolicyRule is one rule of a schema policy.
type PolicyRule struct {
	Block
	Action        string // apply, warn, review, manual, deny
	DefaultValue  cty.Value
	KeepData      *bool
	SafeChanges   []string `hash:"set"`
	CreateMapping *bool
}

// ConflictPolicy is a conflict_policy block.
type ConflictPolicy struct {
	Block
	Name, Strategy, Priority, TimestampColumn, Default string
	Rules                                              []*ConflictRule
	Log                                                *ConflictLog
	Alert                                              *ConflictAlert
}

// ConflictRule is the rule of one field.
type ConflictRule struct {
	Block
	Field, Strategy string
	Order           []string
}

// ConflictLog says where conflicts are kept.
type ConflictLog struct {
	Block
	Table         string
	RetentionDays int
}

// ConflictAlert says when too many conflicts are told, and to whom.
type ConflictAlert struct {
	Block
	Threshold int64
	Per       time.Duration
	Notify    []string `hash:"set"`
}

// Notifier is a notify block.
type Notifier struct {
	Block
	Type, Name string
	URL        cty.Value // marked where sensitive
	Attrs      map[string]cty.Value
}

// Monitoring is the monitoring block.
type Monitoring struct {
	Block
	Listen string
	Alerts []*Alert
}

// Alert is an alert of the monitoring block.
type Alert struct {
	Block
	Metric, Warning, Critical string
	Notify                    []string `hash:"set"`
}

// Migration is a migration block.
type Migration struct {
	Block
	Name, Target, Up, Down string
	When                   string // before (the default) or after what the syncs need
}

// Moved is a moved block: what stood at From in the state now stands at To.
type Moved struct {
	Block
	From, To string
}

// Removed is a removed block.
type Removed struct {
	Block
	From    string
	Destroy bool
}

// Endpoint returns the endpoint of that address, or nil.
func (c *Config) Endpoint(addr string) *Endpoint {
	for _, e := range c.Endpoints {
		if e.Addr == addr {
			return e
		}
	}
	return nil
}

// Sync returns the sync of that address, or nil.
func (c *Config) Sync(addr string) *Sync {
	for _, s := range c.Syncs {
		if s.Addr == addr {
			return s
		}
	}
	return nil
}
