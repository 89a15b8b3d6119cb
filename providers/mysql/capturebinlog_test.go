package mysql

import (
	"testing"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/providertest"
	"github.com/syncform/syncform/providers/row"
)

func TestBinlogSimple(t *testing.T) {
	providertest.EachMySQL(t, func(t *testing.T, url string) {
		from, to := pairOf(t, url, "CREATE TABLE a (id int primary key, v varchar(20), n decimal(10,2))")
		exec(t, from, "INSERT INTO a VALUES (1, 'one', 1.5), (2, NULL, -0.05)")
		f := follow(t, from, to, "", "a")
		if f.capture.Method != providers.Binlog {
			t.Error("the method is ", f.capture.Method)
		}
		exec(t, from, "INSERT INTO a VALUES (3, 'drei', 99999999.99), (4, 'ü', 0)")
		exec(t, from, "UPDATE a SET v = 'eins' WHERE id = 1")
		exec(t, from, "DELETE FROM a WHERE id = 2")
		exec(t, from, "UPDATE a SET id = id + 1 ORDER BY id DESC")
		f.catchUp()
		f.same()
		if f.counts[row.Insert] != 2 || f.counts[row.Update] != 4 || f.counts[row.Delete] != 1 {
			t.Error(f.counts)
		}
		exec(t, from, "TRUNCATE TABLE a")
		exec(t, from, "INSERT INTO a VALUES (7, 'sieben', NULL)")
		f.catchUp()
		f.same()
	})
}
