package providers

import (
	"context"
	"strconv"

	"github.com/syncform/syncform/providers/schema"
	"github.com/syncform/syncform/providers/script"
)

// SchemaTrier tries out a schema's files in an empty database.
type SchemaTrier interface {
	// TrySchema runs the files' statements in order, inspects what they made, and leaves
	// the database as empty as it was, also where a statement fails; what a killed try
	// left is taken away by the next. A database that is not empty is refused with a
	// *NotEmptyError and not touched. Ownership and privileges are passed over, for no
	// schema here holds them. A statement that the server refuses is a *ScriptError.
	TrySchema(ctx context.Context, files []script.File, o InspectOptions) (*schema.Database, error)
}

// ScriptError is a statement that the server refused.
type ScriptError struct {
	Statement script.Statement
	Err       error
}

func (e *ScriptError) Error() string {
	return e.Statement.File + ":" + strconv.Itoa(e.Statement.Line) + ": " + e.Err.Error()
}

// Unwrap returns what the server said.
func (e *ScriptError) Unwrap() error { return e.Err }

// NotEmptyError is a database that should be empty and holds something.
type NotEmptyError struct {
	Database string
	Holds    string // `table "users"`
}

func (e *NotEmptyError) Error() string {
	return "database " + e.Database + " is not empty (it holds " + e.Holds + "): files are tried out in an empty one, so that nothing of anybody's is in the way or lost"
}
