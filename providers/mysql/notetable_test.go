package mysql

import (
	"testing"

	"github.com/syncform/syncform/providers/providertest"
)

// TestTablesNotedAtATimeDoNotWait: two loads that end together write their rows of
// _sync_metadata, each in its transaction. Had either locked the gap that the other's row
// goes to, InnoDB would end one of them as a deadlock.
func TestTablesNotedAtATimeDoNotWait(t *testing.T) {
	c := connectTo(t, providertest.MariaDB(t))
	if err := c.ensureLedger(t.Context()); err != nil {
		t.Fatal(err)
	}
	open := func() *session {
		s, err := c.connect(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.close() })
		for _, text := range []string{"SET innodb_lock_wait_timeout = 1", "START TRANSACTION"} {
			if _, err := s.exec(t.Context(), text); err != nil {
				t.Fatal(err)
			}
		}
		return s
	}
	one, other := open(), open()
	for i, s := range []*session{one, other, one, other} {
		if err := c.book().NoteTable(t.Context(), s, []string{"a", "b", "c", "d"}[i], int64(i), "loaded"); err != nil {
			t.Fatalf("note %d: %v", i, err)
		}
	}
	for _, s := range []*session{one, other} {
		if err := c.book().NoteTable(t.Context(), s, map[*session]string{one: "a", other: "b"}[s], 7, "loaded"); err != nil {
			t.Fatal(err)
		}
		if _, err := s.exec(t.Context(), "COMMIT"); err != nil {
			t.Fatal(err)
		}
	}
	if got := queryDone(t, c, "SELECT GROUP_CONCAT(table_name, records_synced ORDER BY 1) FROM _sync_metadata"); got != "a7,b7,c2,d3" {
		t.Errorf("noted: %s", got)
	}
}
