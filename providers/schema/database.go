package schema

import (
	"slices"
	"strings"
)

// System names a family of servers that share a dialect.
type System string

// The systems that have a provider. MySQL and MariaDB share a provider and
// differ in types and catalogue, so each is a system of its own here.
const (
	PostgreSQL System = "postgresql"
	MySQL      System = "mysql"
	MariaDB    System = "mariadb"
	SQLite     System = "sqlite"
)

// SameFamily reports whether a type or expression written for a can be given to
// b word for word. MySQL and MariaDB are not the same family: their types
// (uuid, inet6, json) and defaults differ.
func SameFamily(a, b System) bool { return a == b }

// Name names a table, type or sequence. Schema is empty where the system has no
// schemas inside a database (MySQL, SQLite).
type Name struct {
	Schema string `json:"schema,omitempty"`
	Name   string `json:"name"`
}

// String gives schema.name for people; it is not quoted for SQL.
func (n Name) String() string {
	if n.Schema == "" {
		return n.Name
	}
	return n.Schema + "." + n.Name
}

// Compare orders names by schema, then name, bytewise.
func (n Name) Compare(o Name) int {
	if c := strings.Compare(n.Schema, o.Schema); c != 0 {
		return c
	}
	return strings.Compare(n.Name, o.Name)
}

// Database is what one inspection of one endpoint saw. All slices are sorted by
// name, so two inspections of an unchanged database are deeply equal but for
// the estimates (Rows, Bytes).
type Database struct {
	System        System     `json:"system"`
	Version       string     `json:"version"`                  // as the server says it, e.g. "16.6", "10.11.6-MariaDB"
	VersionNum    int        `json:"version_num"`              // major*10000 + minor*100 + patch (PostgreSQL: major*10000 + minor)
	Identity      string     `json:"identity"`                 // which database this is, whatever host name led to it: system id + database, server uuid + database, file path
	Name          string     `json:"name"`                     // database name; SQLite: the file's base name
	DefaultSchema string     `json:"default_schema,omitempty"` // where an unqualified table goes; empty where there are no schemas
	Charset       string     `json:"charset,omitempty"`
	Collation     string     `json:"collation,omitempty"`
	Schemas       []string   `json:"schemas,omitempty"` // PostgreSQL only, without the system's own
	Tables        []Table    `json:"tables,omitempty"`
	Enums         []Enum     `json:"enums,omitempty"`
	Domains       []Domain   `json:"domains,omitempty"`
	Sequences     []Sequence `json:"sequences,omitempty"` // those that no identity column owns
	Types         []Name     `json:"types,omitempty"`     // every named type that a column can have, those that syncform does not make (composite, range, an extension's) among them
	Composed      []Composed `json:"composed,omitempty"`  // of Types, those that syncform can make
	Others        []Object   `json:"others,omitempty"`    // seen but not managed

	Extensions []Extension `json:"extensions,omitempty"` // that are there (PostgreSQL)
	Available  []string    `json:"available,omitempty"`  // extensions that the server could make, those that are there among them
	Functions  []Function  `json:"functions,omitempty"`  // that are not the system's own (PostgreSQL)
}

// Function is a function that is there, whatever its arguments.
type Function struct {
	Name Name `json:"name"`
	// Tables rest on it: by a default, a computed column, a check, an index. Those that rest
	// on an extension's function are the extension's.
	Tables []Name `json:"tables,omitempty"`
}

// HasFunction reports whether a function of that name is there.
func (d *Database) HasFunction(name Name) bool {
	return slices.ContainsFunc(d.Functions, func(f Function) bool { return f.Name == name })
}

// Object is something that inspection saw and syncform does not manage.
type Object struct {
	Kind string `json:"kind"` // view, materialized view, function, trigger, foreign table, rule, ...
	Name Name   `json:"name"`
	// On is the table that a trigger hangs on. Definition is set where the object has to
	// be made anew with that table (SQLite); of MySQL's triggers it is "BEFORE UPDATE".
	On         Name   `json:"on,omitzero"`
	Definition string `json:"definition,omitempty"`
}

// Extension is an extension that is there (PostgreSQL).
type Extension struct {
	Name   string `json:"name"`
	Schema string `json:"schema"`
	Types  []Name `json:"types,omitempty"`  // that come with it
	Tables []Name `json:"tables,omitempty"` // that rest on it: by a column's type, an index's operators, a default's function
}

// Composed is a composite or range type (PostgreSQL), which is made where it is missing
// and never changed.
type Composed struct {
	Name       Name   `json:"name"`
	Definition string `json:"definition"` // what follows the name in CREATE TYPE; "" of a multirange, which comes with the range that it is of
	Of         []Type `json:"of"`         // the types that it is made of
}

// Enum is a named enum type (PostgreSQL). Labels are in their sort order.
type Enum struct {
	Name    Name     `json:"name"`
	Labels  []string `json:"labels"`
	Comment string   `json:"comment,omitempty"`
}

// Domain is a named type over a base type (PostgreSQL).
type Domain struct {
	Name      Name     `json:"name"`
	Base      Type     `json:"base"`
	NotNull   bool     `json:"not_null,omitempty"`
	Default   *Default `json:"default,omitempty"`
	Collation string   `json:"collation,omitempty"`
	Checks    []Check  `json:"checks,omitempty"`
	Comment   string   `json:"comment,omitempty"`
}

// Sequence is a named generator of numbers. OwnedBy is set for serial columns
// ("schema.table.column" split up). The numbers are strings because PostgreSQL's
// int8 and MariaDB's unsigned bounds do not share a Go integer type.
type Sequence struct {
	Name        Name   `json:"name"`
	Type        string `json:"type,omitempty"` // smallint, integer, bigint
	Start       string `json:"start,omitempty"`
	Increment   string `json:"increment,omitempty"`
	Min         string `json:"min,omitempty"`
	Max         string `json:"max,omitempty"`
	Cache       string `json:"cache,omitempty"`
	Cycle       bool   `json:"cycle,omitempty"`
	Unlogged    bool   `json:"unlogged,omitempty"` // PostgreSQL 15
	OwnerTable  Name   `json:"owner_table,omitzero"`
	OwnerColumn string `json:"owner_column,omitempty"`
	Comment     string `json:"comment,omitempty"`
}

// Table returns the table of that name, or nil.
func (d *Database) Table(n Name) *Table {
	for i := range d.Tables {
		if d.Tables[i].Name == n {
			return &d.Tables[i]
		}
	}
	return nil
}

// Composite returns the composite or range type of that name, or nil.
func (d *Database) Composite(n Name) *Composed {
	for i := range d.Composed {
		if d.Composed[i].Name == n {
			return &d.Composed[i]
		}
	}
	return nil
}

// Extension returns the extension of that name, or nil.
func (d *Database) Extension(name string) *Extension {
	for i := range d.Extensions {
		if d.Extensions[i].Name == name {
			return &d.Extensions[i]
		}
	}
	return nil
}

// ExtensionOf returns the extension that a type comes with, or nil.
func (d *Database) ExtensionOf(typ Name) *Extension {
	for i := range d.Extensions {
		if slices.Contains(d.Extensions[i].Types, typ) {
			return &d.Extensions[i]
		}
	}
	return nil
}

// Enum returns the enum of that name, or nil.
func (d *Database) Enum(n Name) *Enum {
	for i := range d.Enums {
		if d.Enums[i].Name == n {
			return &d.Enums[i]
		}
	}
	return nil
}

// Domain returns the domain of that name, or nil.
func (d *Database) Domain(n Name) *Domain {
	for i := range d.Domains {
		if d.Domains[i].Name == n {
			return &d.Domains[i]
		}
	}
	return nil
}
