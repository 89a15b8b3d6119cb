package providers

import (
	"context"
	"time"

	"github.com/syncform/syncform/providers/schema"
)

// Translator says a table of another system in the words of this one. It is
// pure: no I/O.
type Translator interface {
	// Translate returns t, a table of from, as this system would declare it: types
	// with Native set, defaults, generated columns, keys, indexes, checks and options. Names stay as they
	// are, but for what this system can't hold (63 bytes), which is a Note. What has no
	// counterpart is left out and noted. A column whose type can't be held at all is a
	// Note with Refused set. Within one system all is kept.
	Translate(from *schema.Database, t schema.Table) (schema.Table, []Note)
	// ParseType reads a type as a user of this system writes it in HCL ("varchar(20)",
	// "bigint unsigned"), with aliases resolved to their Native form.
	ParseType(text string) (schema.Type, error)
	// CompareTypes says what changing a column of this system from one type to the
	// other may do to its values.
	CompareTypes(from, to schema.Type) schema.Narrowing
}

// Note is something a translation could not keep, for the plan to show.
type Note struct {
	Table   schema.Name `json:"table"`
	Object  string      `json:"object,omitempty"`  // `column "tags"`, `index "by_body"`
	Refused bool        `json:"refused,omitempty"` // the plan can't go on with it
	Text    string      `json:"text"`              // one sentence: what, why, what to do
}

// Normalizer asks the server how it spells tables that don't exist yet: defaults,
// expressions, types. It leaves nothing behind. It returns ErrReadOnly where the
// session may not even do that; the caller then compares what it has.
type Normalizer interface {
	Normalize(ctx context.Context, tables []schema.Table) ([]schema.Table, error)
}

// ExpressionComparer knows expressions that the server itself may spell in two ways.
type ExpressionComparer interface {
	SameExpression(a, b string) bool
}

// StepPlanner turns changes into steps. It is pure.
type StepPlanner interface {
	// KeyWithTable reports whether AddTable's step makes the primary key too; if not,
	// the planner adds AddPrimaryKey after the rows.
	KeyWithTable() bool
	// ForeignKeysWithTable reports whether AddTable's step makes the foreign keys and the
	// unique constraints too (SQLite, which has no other way, and which does not look at
	// a referenced table then, nor at the rows of a load); the planner then adds
	// AddForeignKey and AddUnique only to tables that are there already.
	ForeignKeysWithTable() bool
	// PlanSteps gives the statements for one change, in order; none where an earlier
	// change brings it along. db is the endpoint as it is when the change runs: as
	// inspected, with the plan's earlier changes of it that are not held applied
	// (schema.Database.Working, Apply). A system that can't alter a table in place
	// (SQLite) makes it anew from what db says of it.
	PlanSteps(db *schema.Database, c schema.Change) ([]Step, error)
}

// ManyRows is from how many rows on a change that keeps others waiting for as long as the
// server works on all of them is not made like that unless it is asked for. Fewer are a
// matter of a second or less.
const ManyRows = 100_000

// Retyper makes the change of a column's type on a new column beside the old one, which it
// fills while others read and write, and then puts in the old one's place.
type Retyper interface {
	// RetypesAside reports whether PlanSteps does so for a change, in db; why says what
	// stands in the way where the table holds ManyRows, and the server would write it anew.
	RetypesAside(db *schema.Database, c schema.ModifyColumn) (aside bool, why string)
}

// StepFolder makes several changes of a table in one go, where PlanSteps makes the table
// anew for each (SQLite).
type StepFolder interface {
	// Folds reports whether a step of PlanSteps makes the table anew.
	Folds(Step) bool
	// FoldSteps gives the statements for all of the changes, which are of one table; db is
	// the endpoint as it is before the first. ok is false where they can't be made together.
	FoldSteps(db *schema.Database, changes []schema.Change) (steps []Step, ok bool)
}

// Step is one statement that will run, word for word.
type Step struct {
	Text string   `json:"text"`
	Args []string `json:"args,omitempty"`
	// Done is a query that returns one row with one boolean (or 0/1) column: true when
	// the step has taken effect already. It is asked when a run was killed between
	// doing and noting. Empty for transactional steps, which note themselves.
	Done string `json:"done,omitempty"`
	// Proves marks a query of one column: a row of it is a reason why the plan can't go on,
	// and the text of the step's error. Other systems than MySQL raise errors by themselves.
	Proves        bool          `json:"proves,omitempty"`
	Transactional bool          `json:"transactional"` // runs in one transaction with its journal entry
	LockTimeout   time.Duration `json:"lock_timeout,omitempty"`
	Timeout       time.Duration `json:"timeout,omitempty"` // 0: none
	Hazards       []Hazard      `json:"hazards,omitempty"`
	Reverse       string        `json:"reverse,omitempty"`
	// Else runs in place of Text where the server refuses that as something that it can't
	// do while others write. A planner keeps it only where HazardLock was allowed.
	Else string `json:"else,omitempty"`
}

// Hazard is what makes a step unsafe, as data. The codes are listed in docs/hazards.
type Hazard struct {
	Code string `json:"code"` // SF101
	Text string `json:"text"`
}

// The codes of hazards that a step planner itself sees; docs/hazards has all of them.
const (
	HazardRewrite    = "SF107" // the server writes the table anew
	HazardLock       = "SF113" // writers wait for as long as the server works on the rows
	HazardDuplicates = "SF114" // it fails while rows have the same values
	HazardViolations = "SF115" // it fails while a row breaks it
)

// StepKey is a step's place in the journal.
type StepKey struct {
	Plan   string // plan.Plan.ID
	Action string // plan.Action.ID
	Step   int    // index within the action
}

// StepRunner runs steps and journals each in the endpoint itself (ledger).
type StepRunner interface {
	// RunStep runs s unless the journal says it is done. A transactional step commits
	// with its journal entry. Any other is noted before and after; after a kill in
	// between, Done decides. ran is false when there was nothing left to do.
	RunStep(ctx context.Context, key StepKey, s Step) (ran bool, err error)
}

// Settler waits until the server executes no step of an earlier run any more: a server
// goes on with a statement whose client was killed, and what it changes in the end
// must be there before a new plan looks.
type Settler interface {
	Settle(ctx context.Context) error
}

// Preflighter looks for what an apply would lack: privileges, settings. Findings
// hold the exact statement that mends each.
type Preflighter interface {
	Preflight(ctx context.Context, p Preflight) ([]Finding, error)
}

// Preflight says what an endpoint will be used for.
type Preflight struct {
	Read  []schema.Name // tables to read
	Write []schema.Name // tables to write to; those not there yet will be made
	// Retype are tables of which a column gets its type on a new column (Retyper).
	Retype []schema.Name
	// Change are tables, types and sequences whose definition changes or that go, and,
	// without a name, schemas that go.
	Change []schema.Name
	// Make are schemas in which tables, indexes, types or sequences are made, or that are made.
	Make []string
	// Refer are tables that new foreign keys refer to.
	Refer []schema.Name
	// Backup are tables of which something is copied before it goes.
	Backup []schema.Name
	// Extensions are to be made.
	Extensions []string
}

// Writes reports whether anything is to be changed.
func (p Preflight) Writes() bool { return len(p.Write)+len(p.Change)+len(p.Make) > 0 }

// Finding is one thing that a preflight found missing.
type Finding struct {
	Fatal bool   `json:"fatal"`
	Text  string `json:"text"`          // what is missing, and what for
	Fix   string `json:"fix,omitempty"` // the GRANT, ALTER or SET
	// Table and Column say what it is about where that is one of CaptureTable.Needs.
	Table  schema.Name `json:"-"`
	Column string      `json:"-"`
}
