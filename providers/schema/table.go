package schema

// Table is one table. Columns are in the order of the table; the other slices
// are sorted by name.
type Table struct {
	Name        Name              `json:"name"`
	Columns     []Column          `json:"columns"`
	PrimaryKey  *Key              `json:"primary_key,omitempty"`
	Uniques     []Key             `json:"uniques,omitempty"` // unique constraints; where the system makes no difference (MySQL) a unique index stands in Indexes and this is empty
	ForeignKeys []ForeignKey      `json:"foreign_keys,omitempty"`
	Checks      []Check           `json:"checks,omitempty"`
	Exclusions  []Exclusion       `json:"exclusions,omitempty"`
	Indexes     []Index           `json:"indexes,omitempty"` // without those that back a primary key, unique or exclusion constraint
	Partition   *Partitioning     `json:"partition,omitempty"`
	Inherits    []Name            `json:"inherits,omitempty"` // PostgreSQL inheritance: parents, in order
	Comment     string            `json:"comment,omitempty"`
	Options     map[string]string `json:"options,omitempty"` // engine, charset, collation, row_format, auto_increment is not one; strict, without_rowid; fillfactor, unlogged, tablespace, ...
	Marks       Marks             `json:"marks,omitzero"`    // PostgreSQL

	// Unfinished is what a change of a column's type that was cut short, or is under way, has
	// made beside the old column: columns, keys, indexes, checks and foreign keys that are
	// nobody else's business. nil for nothing.
	Unfinished *Table `json:"unfinished,omitempty"`

	Rows  int64 `json:"rows"`  // the server's estimate; -1 unknown. Not part of the fingerprint.
	Bytes int64 `json:"bytes"` // heap or clustered data, the server's estimate; -1 unknown. Not part of the fingerprint.
}

// Column returns the column of that name, or nil.
func (t *Table) Column(name string) *Column {
	for i := range t.Columns {
		if t.Columns[i].Name == name {
			return &t.Columns[i]
		}
	}
	return nil
}

// Column is one column of a table.
type Column struct {
	Name      string     `json:"name"`
	Type      Type       `json:"type"`
	Nullable  bool       `json:"nullable"`
	Default   *Default   `json:"default,omitempty"`
	Generated *Generated `json:"generated,omitempty"`
	Identity  *Identity  `json:"identity,omitempty"`
	OnUpdate  string     `json:"on_update,omitempty"` // MySQL: CURRENT_TIMESTAMP(n)
	Charset   string     `json:"charset,omitempty"`   // MySQL, where it is text
	Collation string     `json:"collation,omitempty"` // where it is not the type's or the database's default; MySQL: always, where it is text
	Comment   string     `json:"comment,omitempty"`
	Invisible bool       `json:"invisible,omitempty"`
	// Options are, in PostgreSQL, what is set for the column and is not its type's default:
	// storage, compression, statistics, n_distinct, n_distinct_inherited; and not_null =
	// "not valid", where the column is marked so and rows that are there may hold NULL.
	Options map[string]string `json:"options,omitempty"`
}

// Marks are what PostgreSQL keeps of a table that may name one of its indexes.
type Marks struct {
	// ReplicaIdentity is "full", "nothing" or "index NAME", empty for the primary key.
	ReplicaIdentity string `json:"replica_identity,omitempty"`
	ClusterOn       string `json:"cluster_on,omitempty"` // the index by which CLUSTER orders the rows
}

// Default is a column's default. A literal's Text is its value in the canonical
// text of the column's type (package row), which every system can write; any
// other default is an expression in the words of the system that it came from,
// in that server's own normal form.
type Default struct {
	Literal bool   `json:"literal,omitempty"`
	Text    string `json:"text"`
	// Words is how the server that was inspected spells a literal, where another spelling
	// of the same value would be kept apart (PostgreSQL: 7 and '7'::bigint). They count
	// when a column is made within one system, never when two are compared.
	Words string `json:"-"`
}

// Generated is a column computed by the server. Expr is in the server's own
// normal form.
type Generated struct {
	Expr   string `json:"expr"`
	Stored bool   `json:"stored,omitempty"` // else virtual
}

// Identity is a column numbered by the server: GENERATED ... AS IDENTITY in
// PostgreSQL, AUTO_INCREMENT in MySQL, INTEGER PRIMARY KEY AUTOINCREMENT in SQLite.
// A PostgreSQL serial is a Default nextval(...) and a Sequence with an owner.
type Identity struct {
	Always    bool   `json:"always,omitempty"` // GENERATED ALWAYS: explicit values need OVERRIDING SYSTEM VALUE
	Start     string `json:"start,omitempty"`
	Increment string `json:"increment,omitempty"`
	Min       string `json:"min,omitempty"`
	Max       string `json:"max,omitempty"`
	Cache     string `json:"cache,omitempty"`
	Cycle     bool   `json:"cycle,omitempty"`
}

// Key is a primary key or a unique constraint.
type Key struct {
	Name             string    `json:"name,omitempty"`
	Parts            []KeyPart `json:"parts"`
	Include          []string  `json:"include,omitempty"`
	NullsNotDistinct bool      `json:"nulls_not_distinct,omitempty"`
	Deferrable       bool      `json:"deferrable,omitempty"`
	Deferred         bool      `json:"deferred,omitempty"` // INITIALLY DEFERRED
	Comment          string    `json:"comment,omitempty"`
	// The rest is PostgreSQL's: the last part is WITHOUT OVERLAPS; storage parameters and the
	// comment of the key's index.
	WithoutOverlaps bool              `json:"without_overlaps,omitempty"`
	Options         map[string]string `json:"options,omitempty"`
	IndexComment    string            `json:"index_comment,omitempty"`
}

// Columns gives the key's column names in order; empty for a part that is an
// expression.
func (k *Key) Columns() []string {
	names := make([]string, len(k.Parts))
	for i, p := range k.Parts {
		names[i] = p.Column
	}
	return names
}

// KeyPart is a column or an expression of a key or an index; one of Column and
// Expr is set.
type KeyPart struct {
	Column     string `json:"column,omitempty"`
	Expr       string `json:"expr,omitempty"`
	Prefix     int    `json:"prefix,omitempty"` // MySQL: characters (text) or bytes (binary)
	Desc       bool   `json:"desc,omitempty"`
	NullsFirst *bool  `json:"nulls_first,omitempty"` // nil: the system's default for the direction
	Collation  string `json:"collation,omitempty"`
	OpClass    string `json:"opclass,omitempty"` // with its options, where it is not the default
}

// Index is an index that no constraint owns.
type Index struct {
	Name             string            `json:"name"`
	Unique           bool              `json:"unique,omitempty"`
	Method           string            `json:"method,omitempty"` // btree (the default, then empty), hash, gin, gist, brin, spgist, fulltext, spatial
	Parts            []KeyPart         `json:"parts"`
	Include          []string          `json:"include,omitempty"`
	Where            string            `json:"where,omitempty"`
	NullsNotDistinct bool              `json:"nulls_not_distinct,omitempty"`
	Invisible        bool              `json:"invisible,omitempty"`
	Invalid          bool              `json:"invalid,omitempty"` // PostgreSQL: left by a failed CONCURRENTLY
	Options          map[string]string `json:"options,omitempty"` // storage parameters, parser
	Comment          string            `json:"comment,omitempty"`
}

// ForeignKey references another table's key. Actions are upper case as in SQL
// ("NO ACTION", "CASCADE", "SET NULL", "SET DEFAULT", "RESTRICT"); empty is NO ACTION.
type ForeignKey struct {
	Name       string   `json:"name,omitempty"`
	Columns    []string `json:"columns"`
	RefTable   Name     `json:"ref_table"`
	RefColumns []string `json:"ref_columns,omitempty"`
	OnDelete   string   `json:"on_delete,omitempty"`
	OnUpdate   string   `json:"on_update,omitempty"`
	SetColumns []string `json:"set_columns,omitempty"` // PostgreSQL 15: ON DELETE SET NULL (columns)
	Match      string   `json:"match,omitempty"`       // FULL, or empty for SIMPLE
	Deferrable bool     `json:"deferrable,omitempty"`
	Deferred   bool     `json:"deferred,omitempty"`
	NotValid   bool     `json:"not_valid,omitempty"`
	Comment    string   `json:"comment,omitempty"`
	// PostgreSQL 18: the last column is a PERIOD; rows are not checked.
	Period      bool `json:"period,omitempty"`
	NotEnforced bool `json:"not_enforced,omitempty"`
}

// Check is a check constraint; Expr is in the server's own normal form, without
// the outer CHECK ( ).
type Check struct {
	Name        string `json:"name,omitempty"`
	Expr        string `json:"expr"`
	NoInherit   bool   `json:"no_inherit,omitempty"`
	NotValid    bool   `json:"not_valid,omitempty"`
	NotEnforced bool   `json:"not_enforced,omitempty"`
	Comment     string `json:"comment,omitempty"`
}

// Exclusion is a PostgreSQL exclusion constraint, as pg_get_constraintdef has it.
type Exclusion struct {
	Name       string `json:"name"`
	Definition string `json:"definition"`
	Comment    string `json:"comment,omitempty"`
}
