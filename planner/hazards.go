package planner

import (
	"fmt"

	"github.com/syncform/syncform/providers"
)

// The codes of hazards, stable for good.
const (
	hazardDropTable  = "SF101"
	hazardDropColumn = "SF102"
	hazardNarrow     = "SF103"
	hazardRetype     = "SF104"
	hazardNotNull    = "SF105"
	hazardReplace    = "SF106"
	hazardRewrite    = "SF107"
	hazardPrimaryKey = "SF108"
	hazardEnum       = "SF109"
	hazardGenerated  = "SF110"
	hazardPartition  = "SF111"
	hazardDropObject = "SF112"
	hazardRename     = "SF116"
	hazardUsers      = "SF117"
	hazardIdentity   = "SF118"
)

// HazardCode is one kind of hazard.
type HazardCode struct {
	Code string
	Text string // one line
	// Held says that an action with this hazard is not applied by itself: the mapping's
	// allow_hazards must name the code.
	Held bool
}

// Hazards lists all that the planner knows, in order of code.
var Hazards = []HazardCode{
	{hazardDropTable, "A table goes, with its rows.", true},
	{hazardDropColumn, "A column goes, with its values.", true},
	{hazardNarrow, "A type becomes narrower: values that fit today may not fit afterwards.", true},
	{hazardRetype, "A type becomes another: every value is rewritten, and some may not have a counterpart.", true},
	{hazardNotNull, "A column is to be NOT NULL: the change fails while any row holds NULL.", true},
	{hazardReplace, "Rows that syncform did not write are replaced by the source's.", false},
	{hazardRewrite, "The server rewrites a table that holds rows, and locks it meanwhile.", false},
	{hazardPrimaryKey, "The primary key is dropped and made anew.", true},
	{hazardEnum, "Labels of an enum type are taken away or reordered.", true},
	{hazardGenerated, "A generated column is computed otherwise: every value is rewritten.", true},
	{hazardPartition, "A table is to be partitioned otherwise, which means another table.", true},
	{hazardDropObject, "An index, a constraint, a type, a sequence or a schema goes, which the source lacks.", true},
	{providers.HazardLock, "Others wait for as long as the server works on the rows.", false},
	{providers.HazardDuplicates, "A key or unique index is to be made: it fails while rows have the same values.", false},
	{providers.HazardViolations, "A check or foreign key is to be made: it fails while a row breaks it.", false},
	{hazardRename, "A name changes that others may read by.", false},
	{hazardUsers, "A view, trigger or routine of the target reads what goes, and fails from then on.", true},
	{hazardIdentity, "A table's replica identity changes: who follows the table by logical replication may miss old values, or its updates may be refused.", true},
}

func hazard(code, format string, args ...any) providers.Hazard {
	return providers.Hazard{Code: code, Text: fmt.Sprintf(format, args...)}
}

// rowsText words an estimate of a table that does hold rows.
func rowsText(rows int64) string {
	if rows <= 1 {
		return "rows"
	}
	return fmt.Sprintf("about %d rows", rows)
}

// about words an estimate of rows for the middle of a sentence.
func about(rows int64) string {
	switch {
	case rows <= 0:
		return ""
	case rows == 1:
		return " (1 row)"
	}
	return fmt.Sprintf(" (about %d rows)", rows)
}
