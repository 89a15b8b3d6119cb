package schema

// Change is one difference between what is and what is wanted: a sealed sum, so
// that a provider's steps and a view's lines can switch over all of it.
type Change interface {
	// Table is the table that changes; the zero Name for a type, schema or sequence.
	Table() Name
	change()
}

// Narrowing reports what a change may take away.
type Narrowing string

// What a change may take away.
const (
	NotNarrow Narrowing = ""
	Drops     Narrowing = "drops"   // an object goes, with what it holds
	Narrows   Narrowing = "narrows" // a value that fits today may not fit afterwards
	Widens    Narrowing = "widens"  // every value of the old type is one of the new, unchanged
	Retypes   Narrowing = "retypes" // neither: values are rewritten
)

type (
	// AddSchema makes a namespace (PostgreSQL).
	AddSchema struct {
		Schema string `json:"schema"`
	}
	// AddExtension makes an extension that the server has at hand, and those it needs.
	AddExtension struct {
		Name   string `json:"name"`
		Schema string `json:"schema"`
	}
	// AddComposed makes a composite or range type.
	AddComposed struct {
		Type Composed `json:"type"`
	}
	// AddEnum makes a named enum type.
	AddEnum struct {
		Enum Enum `json:"enum"`
	}
	// DropSchema removes a namespace that holds nothing any more.
	DropSchema struct {
		Schema string `json:"schema"`
	}
	// DropEnum removes a named enum type.
	DropEnum struct {
		Enum Enum `json:"enum"`
	}
	// ModifyDomain changes a domain.
	ModifyDomain struct {
		From Domain `json:"from"`
		To   Domain `json:"to"`
	}
	// DropDomain removes a domain.
	DropDomain struct {
		Domain Domain `json:"domain"`
	}
	// ModifySequence changes what a sequence counts by; its owner is OwnSequence's.
	ModifySequence struct {
		From Sequence `json:"from"`
		To   Sequence `json:"to"`
	}
	// DropSequence removes a sequence.
	DropSequence struct {
		Sequence Sequence `json:"sequence"`
	}
	// ModifyEnum changes the labels of a named enum type.
	ModifyEnum struct {
		From Enum `json:"from"`
		To   Enum `json:"to"`
	}
	// AddDomain makes a domain.
	AddDomain struct {
		Domain Domain `json:"domain"`
	}
	// AddSequence makes a sequence; its owner, if any, is set once the table is there.
	AddSequence struct {
		Sequence Sequence `json:"sequence"`
	}
	// OwnSequence ties a sequence to the column it numbers, or to none.
	OwnSequence struct {
		Sequence Sequence `json:"sequence"`
	}

	// AddTable makes a table with its columns, checks, partitions and comments. Primary
	// key, unique constraints and foreign keys come with it where the provider has it so
	// (StepPlanner.KeyWithTable, ForeignKeysWithTable); else they, and always indexes, are
	// changes of their own, so that they can wait for the rows.
	AddTable struct {
		To Table `json:"to"`
	}
	// DropTable removes a table and its rows.
	DropTable struct {
		From Table `json:"from"`
	}
	// RenameTable keeps a table's rows under another name.
	RenameTable struct {
		From Name `json:"from"`
		To   Name `json:"to"`
	}
	// ModifyTable changes what belongs to the table itself: comment and options.
	ModifyTable struct {
		From Table `json:"from"`
		To   Table `json:"to"`
	}

	// AddColumn adds a column at the end, or at a place.
	AddColumn struct {
		In     Name   `json:"in"`
		Column Column `json:"column"`
		Place  *Place `json:"place,omitempty"`
	}
	// DropColumn removes a column and its values.
	DropColumn struct {
		In     Name   `json:"in"`
		Column Column `json:"column"`
	}
	// ModifyColumn changes a column in place; From.Name and To.Name are equal.
	ModifyColumn struct {
		In   Name      `json:"in"`
		From Column    `json:"from"`
		To   Column    `json:"to"`
		Type Narrowing `json:"type,omitempty"` // what the change of type does, when it changes
		// Place is where the column moves to, in a system that keeps an order of columns
		// which can be changed (MySQL); nil: it stays.
		Place *Place `json:"place,omitempty"`
	}
	// Place is where a column stands: behind the column After, or first where that is empty.
	Place struct {
		After string `json:"after,omitempty"`
	}
	// RenameColumn keeps a column's values under another name.
	RenameColumn struct {
		In   Name   `json:"in"`
		From string `json:"from"`
		To   string `json:"to"`
	}

	// AddPrimaryKey makes the primary key.
	AddPrimaryKey struct {
		In  Name `json:"in"`
		Key Key  `json:"key"`
	}
	// DropPrimaryKey removes the primary key.
	DropPrimaryKey struct {
		In  Name `json:"in"`
		Key Key  `json:"key"`
	}
	// AddUnique makes a unique constraint.
	AddUnique struct {
		In  Name `json:"in"`
		Key Key  `json:"key"`
	}
	// DropUnique removes a unique constraint.
	DropUnique struct {
		In  Name `json:"in"`
		Key Key  `json:"key"`
	}
	// AddIndex makes an index.
	AddIndex struct {
		In    Name  `json:"in"`
		Index Index `json:"index"`
	}
	// DropIndex removes an index.
	DropIndex struct {
		In    Name  `json:"in"`
		Index Index `json:"index"`
	}
	// AddForeignKey makes a foreign key.
	AddForeignKey struct {
		In  Name       `json:"in"`
		Key ForeignKey `json:"key"`
	}
	// DropForeignKey removes a foreign key.
	DropForeignKey struct {
		In  Name       `json:"in"`
		Key ForeignKey `json:"key"`
	}
	// AddCheck makes a check constraint on a table that is there already.
	AddCheck struct {
		In    Name  `json:"in"`
		Check Check `json:"check"`
	}
	// DropCheck removes a check constraint.
	DropCheck struct {
		In    Name  `json:"in"`
		Check Check `json:"check"`
	}
	// AddExclusion makes an exclusion constraint.
	AddExclusion struct {
		In        Name      `json:"in"`
		Exclusion Exclusion `json:"exclusion"`
	}
	// DropExclusion removes an exclusion constraint.
	DropExclusion struct {
		In        Name      `json:"in"`
		Exclusion Exclusion `json:"exclusion"`
	}

	// RenameIndex keeps an index under another name.
	RenameIndex struct {
		In   Name   `json:"in"`
		From string `json:"from"`
		To   string `json:"to"`
	}
	// RenameConstraint keeps a key, check or foreign key under another name.
	RenameConstraint struct {
		In   Name   `json:"in"`
		From string `json:"from"`
		To   string `json:"to"`
	}
	// SetStorage changes the storage parameters of an index, or of the one behind a key.
	SetStorage struct {
		In    Name              `json:"in"`
		Index string            `json:"index"`
		From  map[string]string `json:"from,omitempty"`
		To    map[string]string `json:"to,omitempty"`
	}
	// SetMarks changes what a table keeps that may name one of its indexes.
	SetMarks struct {
		In   Name  `json:"in"`
		From Marks `json:"from,omitzero"`
		To   Marks `json:"to,omitzero"`
	}
	// SetComment says something else of an index or a constraint.
	SetComment struct {
		In   Name   `json:"in"`
		Kind string `json:"of"` // index, constraint, or key index: the one behind a key
		Name string `json:"name"`
		Text string `json:"text,omitempty"`
	}
	// AttachPartition makes a table that is there a part of a partitioned one.
	AttachPartition struct {
		In        Name      `json:"in"`
		Partition Partition `json:"partition"`
	}
	// DetachPartition makes a part a table of its own, with its rows.
	DetachPartition struct {
		In        Name      `json:"in"`
		Partition Partition `json:"partition"`
	}
	// DropPartition removes a part and its rows.
	DropPartition struct {
		In        Name      `json:"in"`
		Partition Partition `json:"partition"`
	}
	// AddAside makes an empty table beside a live one for a new load of its rows:
	// the live table's columns and primary key, no other index or constraint.
	AddAside struct {
		Live  Table `json:"live"`
		Aside Name  `json:"aside"`
	}
	// ReplaceRows makes the live table's rows those of the aside table, in one
	// transaction, and drops the aside table. Grants, views, indexes and foreign
	// keys of the live table stay. Key may be empty: then all rows are replaced.
	ReplaceRows struct {
		Live    Table    `json:"live"`
		Aside   Name     `json:"aside"`
		Columns []string `json:"columns"`
		Key     []string `json:"key,omitempty"`
	}
	// RestoreRows writes what a backup holds back into the table: rows whose key is not
	// there, or, for a column, the values of rows that hold NULL in it.
	RestoreRows struct {
		To     Table    `json:"to"`
		From   string   `json:"from"`             // the backup's name
		Column string   `json:"column,omitempty"` // "": whole rows
		Source string   `json:"source,omitempty"` // the column's name in the backup, where that is another
		Key    []string `json:"key,omitempty"`    // by which rows are told apart; empty: the table is empty
	}
	// EmptyTable removes all rows of a table that an unfinished load of ours left.
	EmptyTable struct {
		In Name `json:"in"`
	}
	// AdvanceSequences sets the sequence, identity or auto-increment of the table's
	// columns past the greatest value present and past what Past says.
	AdvanceSequences struct {
		To   Table             `json:"to"`
		Past map[string]string `json:"past,omitempty"` // by column: the last number that the source gave out
	}
)

func (AddSchema) Table() Name          { return Name{} }
func (AddExtension) Table() Name       { return Name{} }
func (AddComposed) Table() Name        { return Name{} }
func (AddEnum) Table() Name            { return Name{} }
func (ModifyEnum) Table() Name         { return Name{} }
func (DropSchema) Table() Name         { return Name{} }
func (DropEnum) Table() Name           { return Name{} }
func (ModifyDomain) Table() Name       { return Name{} }
func (DropDomain) Table() Name         { return Name{} }
func (ModifySequence) Table() Name     { return Name{} }
func (DropSequence) Table() Name       { return Name{} }
func (c RenameIndex) Table() Name      { return c.In }
func (c RenameConstraint) Table() Name { return c.In }
func (c SetComment) Table() Name       { return c.In }
func (c SetStorage) Table() Name       { return c.In }
func (c SetMarks) Table() Name         { return c.In }
func (c AttachPartition) Table() Name  { return c.In }
func (c DetachPartition) Table() Name  { return c.In }
func (c DropPartition) Table() Name    { return c.In }
func (AddDomain) Table() Name          { return Name{} }
func (AddSequence) Table() Name        { return Name{} }
func (c OwnSequence) Table() Name      { return c.Sequence.OwnerTable }
func (c AddTable) Table() Name         { return c.To.Name }
func (c DropTable) Table() Name        { return c.From.Name }
func (c RenameTable) Table() Name      { return c.From }
func (c ModifyTable) Table() Name      { return c.To.Name }
func (c AddColumn) Table() Name        { return c.In }
func (c DropColumn) Table() Name       { return c.In }
func (c ModifyColumn) Table() Name     { return c.In }
func (c RenameColumn) Table() Name     { return c.In }
func (c AddPrimaryKey) Table() Name    { return c.In }
func (c DropPrimaryKey) Table() Name   { return c.In }
func (c AddUnique) Table() Name        { return c.In }
func (c DropUnique) Table() Name       { return c.In }
func (c AddIndex) Table() Name         { return c.In }
func (c DropIndex) Table() Name        { return c.In }
func (c AddForeignKey) Table() Name    { return c.In }
func (c DropForeignKey) Table() Name   { return c.In }
func (c AddCheck) Table() Name         { return c.In }
func (c DropCheck) Table() Name        { return c.In }
func (c AddExclusion) Table() Name     { return c.In }
func (c DropExclusion) Table() Name    { return c.In }
func (c AddAside) Table() Name         { return c.Live.Name }
func (c ReplaceRows) Table() Name      { return c.Live.Name }
func (c EmptyTable) Table() Name       { return c.In }
func (c RestoreRows) Table() Name      { return c.To.Name }
func (c AdvanceSequences) Table() Name { return c.To.Name }

func (AddSchema) change()        {}
func (AddExtension) change()     {}
func (AddComposed) change()      {}
func (AddEnum) change()          {}
func (ModifyEnum) change()       {}
func (DropSchema) change()       {}
func (DropEnum) change()         {}
func (ModifyDomain) change()     {}
func (DropDomain) change()       {}
func (ModifySequence) change()   {}
func (DropSequence) change()     {}
func (RenameIndex) change()      {}
func (RenameConstraint) change() {}
func (SetComment) change()       {}
func (SetStorage) change()       {}
func (SetMarks) change()         {}
func (AttachPartition) change()  {}
func (DetachPartition) change()  {}
func (DropPartition) change()    {}
func (AddDomain) change()        {}
func (AddSequence) change()      {}
func (OwnSequence) change()      {}
func (AddTable) change()         {}
func (DropTable) change()        {}
func (RenameTable) change()      {}
func (ModifyTable) change()      {}
func (AddColumn) change()        {}
func (DropColumn) change()       {}
func (ModifyColumn) change()     {}
func (RenameColumn) change()     {}
func (AddPrimaryKey) change()    {}
func (DropPrimaryKey) change()   {}
func (AddUnique) change()        {}
func (DropUnique) change()       {}
func (AddIndex) change()         {}
func (DropIndex) change()        {}
func (AddForeignKey) change()    {}
func (DropForeignKey) change()   {}
func (AddCheck) change()         {}
func (DropCheck) change()        {}
func (AddExclusion) change()     {}
func (DropExclusion) change()    {}
func (AddAside) change()         {}
func (ReplaceRows) change()      {}
func (EmptyTable) change()       {}
func (RestoreRows) change()      {}
func (AdvanceSequences) change() {}
