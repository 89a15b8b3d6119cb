package sqlite

import (
	"strings"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// Folds reports whether a step makes its table anew.
func (c *Conn) Folds(s providers.Step) bool { return strings.HasPrefix(s.Text, rebuildMark) }

// FoldSteps makes the table anew once, for all of the changes.
func (c *Conn) FoldSteps(db *schema.Database, changes []schema.Change) ([]providers.Step, bool) {
	old := find(db, changes[0].Table())
	if old == nil {
		return nil, false
	}
	for _, change := range changes {
		switch change.(type) {
		case schema.AddColumn, schema.DropColumn, schema.ModifyColumn, schema.ModifyTable, schema.AddPrimaryKey, schema.DropPrimaryKey,
			schema.AddUnique, schema.DropUnique, schema.AddForeignKey, schema.DropForeignKey, schema.AddCheck, schema.DropCheck, schema.AddIndex, schema.DropIndex:
		default:
			return nil, false
		}
	}
	text, err := rebuildFor(db, old, changes...)
	if err != nil {
		return nil, false
	}
	return []providers.Step{{Text: text, Transactional: true}}, true
}
