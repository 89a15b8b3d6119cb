// Package mysql is the provider of MySQL 8.0 to 9 and MariaDB 10.6 and later, as
// source and as target. What a server is decides its schema.System: the two share
// this code and differ in types, catalogue and words.
//
// Schemas are read from SHOW CREATE TABLE (inspect*.go), which is the server's own
// normal form, so that a table that is to be made can be compared with one that is
// there: it is made as a temporary table and read the same way (normalize.go). Rows
// are read off the wire as text (read*.go) and written by LOAD DATA LOCAL, or by
// INSERT where the server does not allow that (write*.go).
package mysql

import (
	"cmp"
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"sync"

	gomysql "github.com/go-sql-driver/mysql"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/attr"
	"github.com/syncform/syncform/providers/ledger"
)

// Provider opens MySQL and MariaDB databases.
type Provider struct {
	// RetypeFrom is from how many rows on a change of a column's type for which the server
	// would copy the table is made on a new column; 0 is providers.ManyRows.
	RetypeFrom int64
}

// Schema says which arguments a block takes.
func (Provider) Schema() attr.Provider {
	inConnection := []string{"connection"}
	return attr.Provider{
		Name: "mysql", Source: true, Target: true, Available: true,
		Text: "A database of a MySQL (8.0 or later) or MariaDB (10.6 or later) server.",
		Attributes: []attr.Attribute{
			{Name: "connection", Type: attr.String, Sensitive: true, Conflicts: []string{"host", "port", "database", "socket"},
				Text: "A URL, `mysql://user:password@host:port/database?ssl=required`, or a DSN, `user:password@tcp(host:port)/database`, in place of the arguments below."},
			{Name: "host", Type: attr.String, Default: "127.0.0.1", Conflicts: inConnection, Text: "The server's host name or address."},
			{Name: "port", Type: attr.Int, Default: "3306", Conflicts: inConnection, Text: "The server's port."},
			{Name: "database", Type: attr.String, Conflicts: inConnection, Text: "The database; needed where connection does not name it."},
			{Name: "socket", Type: attr.String, Conflicts: []string{"connection", "host", "port"}, Text: "The server's Unix socket, in place of host and port."},
			{Name: "ssl", Type: attr.String, Default: sslPreferred, OneOf: []string{sslDisabled, sslPreferred, sslRequired, sslVerifyCA, sslVerifyFull},
				Text: "Whether the connection is encrypted, and whether the server's certificate (verify_ca) and its host name too (verify_full) are checked."},
			{Name: "ca_file", Type: attr.String, Text: "A file in PEM form with the authorities that may have signed the server's certificate; default: the system's."},
			{Name: "cert_file", Type: attr.String, Text: "The client's certificate, in PEM form; needs key_file."},
			{Name: "key_file", Type: attr.String, Text: "The key of the client's certificate, in PEM form."},
			{Name: "connect_timeout", Type: attr.Int, Default: "10", Text: "Seconds to wait for the server to answer."},
			{Name: "tinyint1", Type: attr.String, Default: tinyint1Bool, OneOf: []string{tinyint1Bool, tinyint1Int},
				Text: "What tinyint(1) columns hold: bool, or int where they have other values than 0 and 1."},
		},
	}
}

// What tinyint(1) is taken for.
const (
	tinyint1Bool = "bool"
	tinyint1Int  = "int"
)

// Open connects and asks the server what it is.
func (p Provider) Open(ctx context.Context, cfg providers.Config) (providers.Conn, error) {
	fail := func(err error) (providers.Conn, error) { return nil, fmt.Errorf("%s: %w", cfg.Addr, err) }
	o, err := readOptions(cfg)
	if err != nil {
		return fail(err)
	}
	if o.tinyint1 != "" && o.tinyint1 != tinyint1Bool && o.tinyint1 != tinyint1Int {
		return fail(fmt.Errorf("tinyint1 is %q; it must be bool or int", o.tinyint1))
	}
	config, err := o.driverConfig()
	if err != nil {
		return fail(err)
	}
	connector, err := gomysql.NewConnector(config)
	if err != nil {
		return fail(errors.New("the connection's arguments don't fit together"))
	}
	c := &Conn{addr: cfg.Addr, options: o, connector: connector, database: o.database, retypeFrom: cmp.Or(p.RetypeFrom, providers.ManyRows)}
	s, err := c.connect(ctx)
	if err != nil {
		return fail(err)
	}
	c.give(s)
	return c, nil
}

// Conn is an open endpoint: one database of one server.
type Conn struct {
	addr       string
	options    options
	connector  driver.Connector
	database   string
	server     *server // set by the first session, before anybody else has the Conn
	retypeFrom int64   // rows
	noLocal    bool    // tests: as if the server refused LOAD DATA LOCAL

	ledgerMu   sync.Mutex
	ledgerMade bool

	mu     sync.Mutex
	idle   []*session
	closed bool
}

// Close ends the idle sessions. Writers, snapshots and readers close their own.
func (c *Conn) Close() error {
	c.mu.Lock()
	idle := c.idle
	c.idle, c.closed = nil, true
	c.mu.Unlock()
	for _, s := range idle {
		s.close()
	}
	return nil
}

// book is the ledger in this database.
func (c *Conn) book() ledger.Ledger {
	return ledger.Ledger{Suffix: " ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin", Text: "LONGTEXT", Twice: " ON DUPLICATE KEY UPDATE load_id = load_id", DropsTogether: true}
}

var (
	_ providers.Provider           = Provider{}
	_ providers.Conn               = (*Conn)(nil)
	_ providers.Historian          = (*Conn)(nil)
	_ providers.Backuper           = (*Conn)(nil)
	_ providers.Migrator           = (*Conn)(nil)
	_ providers.NumberAdvancer     = (*Conn)(nil)
	_ providers.Numberer           = (*Conn)(nil)
	_ providers.Translator         = (*Conn)(nil)
	_ providers.ExpressionComparer = (*Conn)(nil)
	_ providers.Normalizer         = (*Conn)(nil)
	_ providers.StepPlanner        = (*Conn)(nil)
	_ providers.Retyper            = (*Conn)(nil)
	_ providers.StepRunner         = (*Conn)(nil)
	_ providers.Settler            = (*Conn)(nil)
	_ providers.SnapshotReader     = (*Conn)(nil)
	_ providers.Writer             = (*Conn)(nil)
	_ providers.Checksummer        = (*Conn)(nil)
	_ providers.SchemaTrier        = (*Conn)(nil)
	_ providers.Preflighter        = (*Conn)(nil)
	_ providers.UserFinder         = (*Conn)(nil)
	_ providers.Capturer           = (*Conn)(nil)
	_ providers.Applier            = (*Conn)(nil)
	_ providers.ApplySession       = (*applySession)(nil)
	_ providers.ApplyTx            = (*applyTx)(nil)
	_ providers.StreamKeeper       = (*Conn)(nil)
	_ ledger.TxDB                  = (*applyTx)(nil)
	_ ledger.DB                    = (*session)(nil)
)
