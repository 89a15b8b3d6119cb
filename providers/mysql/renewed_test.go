package mysql

import (
	"slices"
	"testing"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
)

// TestAlterTellsColumnsThatAreOthers: of all that an ALTER TABLE may do, only a column that
// is dropped or gets another name is another one from there on.
func TestAlterTellsColumnsThatAreOthers(t *testing.T) {
	for text, want := range map[string][]string{
		"ALTER TABLE t DROP COLUMN a":                                             {"a"},
		"ALTER TABLE `t` DROP `b`, ADD `b` int":                                   {"b"},
		"alter table t drop column if exists A, add column a int default 5":       {"a"},
		"ALTER TABLE t CHANGE a b int":                                            {"a", "b"},
		"ALTER TABLE t CHANGE COLUMN a a bigint":                                  nil,
		"ALTER TABLE t RENAME COLUMN a TO x, RENAME COLUMN b TO a":                {"a", "b"},
		"ALTER TABLE t RENAME INDEX a TO b, DROP INDEX a, DROP KEY b":             nil,
		"ALTER TABLE t DROP PRIMARY KEY, ADD PRIMARY KEY (a)":                     nil,
		"ALTER TABLE t DROP FOREIGN KEY a, DROP CONSTRAINT b":                     nil,
		"ALTER TABLE t DROP CHECK a":                                              nil,
		"ALTER TABLE t ALTER COLUMN a DROP DEFAULT":                               nil,
		"ALTER TABLE t MODIFY a bigint, ADD COLUMN y int COMMENT 'DROP COLUMN a'": nil,
		"ALTER TABLE t ADD COLUMN (x int CHECK (a > 0), y int)":                   nil,
		"ALTER TABLE t DROP COLUMN other":                                         nil,
		"ALTER TABLE u DROP COLUMN a":                                             nil,
	} {
		c := row.NewCollector(func() row.Position { return "" })
		ask := providers.CaptureTable{Table: providers.ReadTable{Name: schema.Name{Name: "t"}, Columns: []providers.ReadColumn{{Name: "a"}, {Name: "b"}}}}
		f := &binlogReader{conn: &Conn{server: &server{}}, out: c, ctx: t.Context()}
		f.tables = map[string]*followedTable{f.tableKey("d", "t"): {ask: ask}}
		s := statement{database: "d", text: text}
		if err := f.statement(s, newTokens(stripComments(text, false))); err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		var got []string
		for _, ch := range c.Changes().List {
			for _, col := range ch.Relation.Columns {
				got = append(got, col.Name)
				if ch.Op != row.Alter || col.ID == "" {
					t.Errorf("%s: %+v", text, ch)
				}
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}
