package mysql

import (
	"testing"

	"github.com/syncform/syncform/providers/providertest"
	"github.com/syncform/syncform/providers/schema"
)

// TestTinyint1: what tinyint(1) columns hold is the endpoint's to say.
func TestTinyint1(t *testing.T) {
	url := providertest.MariaDB(t)
	c := connectTo(t, url)
	exec(t, c, "CREATE TABLE t (id int PRIMARY KEY, flag tinyint(1), small tinyint)")
	for option, want := range map[string]schema.Kind{"": schema.Bool, "?tinyint1=bool": schema.Bool, "?tinyint1=int": schema.Int} {
		cols := inspect(t, connectTo(t, url+option)).Table(schema.Name{Name: "t"}).Columns
		if cols[1].Type.Kind != want || cols[2].Type.Kind != schema.Int {
			t.Errorf("%q: tinyint(1) is %v, tinyint is %v, want %v and int", option, cols[1].Type.Kind, cols[2].Type.Kind, want)
		}
	}
}
