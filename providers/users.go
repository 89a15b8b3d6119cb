package providers

import (
	"context"

	"github.com/syncform/syncform/providers/schema"
)

// UserFinder knows what of a database rests on its tables, types and sequences and is not
// managed by syncform: views, routines, triggers, policies and the like.
type UserFinder interface {
	// Users lists them, and foreign keys where the server says on which key they rest; db is
	// the database as inspected.
	Users(ctx context.Context, db *schema.Database) ([]User, error)
}

// User is something that needs a table, a column, a key, a type, a sequence or a schema.
type User struct {
	What string      // "view public.v", as people know it
	Of   schema.Name // the table that it is a part of, and goes with; zero: none
	// ForeignKey is its name where it is a foreign key of Of.
	ForeignKey string

	On     schema.Name // what it needs; without Name: the schema
	Column string      // of the table On
	Key    string      // the constraint or index of the table On

	// Refuses says that the server lets nobody drop what it needs; else that is dropped,
	// and the user fails from then on.
	Refuses bool
	// Type says that the server lets nobody change the column's type either.
	Type bool
	// Name says that it fails once what it needs has another name.
	Name bool
	// Goes says that it goes in silence with what it needs.
	Goes bool
}
