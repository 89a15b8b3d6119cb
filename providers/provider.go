// Package providers is the contract between the core and a database system.
//
// A Provider opens a Conn; a Conn can be inspected and closed. Everything else is
// a capability: a small interface that a Conn may have, reached by As. The core
// writes no SQL, so a system without SQL fits as well.
//
// The way of a plan through a provider: Inspect → Translator (another system's
// table in this system's words) → Normalizer (the server's own spelling) →
// StepPlanner (changes to steps) → StepRunner (steps run and journalled). The way
// of the rows: SnapshotReader → Writer. Comparing: SnapshotReader, Checksummer.
package providers

import (
	"context"
	"errors"
	"fmt"

	"github.com/syncform/syncform/providers/attr"
	"github.com/syncform/syncform/providers/schema"
)

// Provider opens endpoints of one system.
type Provider interface {
	// Schema says which arguments a block of this provider takes.
	Schema() attr.Provider
	// Open connects and checks that the server answers. Its errors name the endpoint
	// and never hold a secret; wrong password, database, host and TLS are told apart.
	Open(ctx context.Context, cfg Config) (Conn, error)
}

// Config is an endpoint's block, evaluated, with its credentials resolved.
type Config struct {
	Addr  string         // source.postgresql.production, for messages
	Dir   string         // the configuration's folder: relative paths start here
	Attrs map[string]any // string, int64, bool, []string, map[string]string by attribute name; unset ones are absent
	// Scratch is the database that an attribute of type endpoint names, opened for this
	// endpoint alone, which closes it; nil where there is none.
	Scratch Conn
	// Username and Password come from the credentials block, else are empty. They may
	// also stand in Attrs["connection"].
	Username, Password string
}

// String returns the attribute, or "".
func (c Config) String(name string) string { s, _ := c.Attrs[name].(string); return s }

// Int returns the attribute, or def.
func (c Config) Int(name string, def int64) int64 {
	if n, ok := c.Attrs[name].(int64); ok {
		return n
	}
	return def
}

// Strings returns the attribute, or nil.
func (c Config) Strings(name string) []string { s, _ := c.Attrs[name].([]string); return s }

// Conn is an open endpoint. It is safe for use by several goroutines; what it
// hands out (writers, snapshots) says for itself.
type Conn interface {
	// Inspect reads the catalogue in a fixed number of round trips.
	Inspect(ctx context.Context, o InspectOptions) (*schema.Database, error)
	Close() error
}

// InspectOptions narrows an inspection. The zero value reads everything but the
// system's own schemas and syncform's own tables (ledger.IsOurs).
type InspectOptions struct {
	// Tables, if not nil, are the only tables wanted, syncform's own too where they are
	// named (a table beside a live one); those that are not there are left out.
	Tables []schema.Name
	// Without leaves out whatever Bytes, Rows and Others cost.
	NoEstimates bool
	// Share, if not nil, gives for the columns of a table the same ones or an identical copy
	// that somebody holds already, to which nobody may write. An inspection of many tables
	// calls it as it goes, so that not all copies are held at once. It is safe for use by
	// several goroutines.
	Share func(columns []schema.Column) []schema.Column
}

// As returns conn's capability T, looking through decorators (Unwrap() Conn), or
// an error that wraps errors.ErrUnsupported.
func As[T any](conn Conn) (T, error) {
	for c := conn; c != nil; {
		if t, ok := c.(T); ok {
			return t, nil
		}
		u, ok := c.(interface{ Unwrap() Conn })
		if !ok {
			break
		}
		c = u.Unwrap()
	}
	var zero T
	return zero, fmt.Errorf("%T does not offer %T: %w", conn, &zero, errors.ErrUnsupported)
}
