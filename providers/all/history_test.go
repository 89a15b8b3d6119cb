package all_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/mysql"
	"github.com/syncform/syncform/providers/postgres"
	"github.com/syncform/syncform/providers/providertest"
	"github.com/syncform/syncform/providers/sqlite"
)

// TestHistory: what an apply notes is read back, the newest first, and a second note of
// it takes the place of the first.
func TestHistory(t *testing.T) {
	versions := providertest.PostgresVersions()
	for name, open := range map[string]func() (providers.Provider, map[string]any){
		"postgres": func() (providers.Provider, map[string]any) {
			return postgres.Provider{}, map[string]any{"connection": providertest.Postgres(t, versions[len(versions)-1])}
		},
		"mysql": func() (providers.Provider, map[string]any) {
			return mysql.Provider{}, map[string]any{"connection": providertest.MySQL(t)}
		},
		"mariadb": func() (providers.Provider, map[string]any) {
			return mysql.Provider{}, map[string]any{"connection": providertest.MariaDB(t)}
		},
		"sqlite": func() (providers.Provider, map[string]any) {
			return sqlite.Provider{}, map[string]any{"path": t.TempDir() + "/x.db"}
		},
	} {
		p, attrs := open()
		conn, err := p.Open(t.Context(), providers.Config{Addr: "target.test", Attrs: attrs})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		h, err := providers.As[providers.Historian](conn)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := h.History(t.Context(), 0); err != nil || len(got) > 0 {
			t.Errorf("%s: before any apply: %v, %v", name, got, err)
		}
		at := time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC)
		old := providers.ApplyEntry{ID: "1", Plan: "p", By: "ä@ö", Began: at, Result: "running", Endpoint: "e", Actions: []providers.ActionEntry{{ID: "a001", What: "add_table", Steps: []string{"CREATE TABLE \"x'y\\\" ..."}}}}
		done := old
		done.Result, done.Ended = "done", at.Add(time.Second)
		newer := providers.ApplyEntry{ID: "0", Plan: "q", Began: at.Add(time.Minute), Result: "failed", Error: "why", Actions: []providers.ActionEntry{}}
		for _, e := range []providers.ApplyEntry{old, newer, done} {
			if err := h.NoteApply(t.Context(), e); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		got, err := h.History(t.Context(), 0)
		if err != nil || !reflect.DeepEqual(got, []providers.ApplyEntry{newer, done}) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		if got, err = h.History(t.Context(), 1); err != nil || len(got) != 1 || got[0].ID != "0" {
			t.Errorf("%s: the newest: %+v, %v", name, got, err)
		}
		db, err := conn.Inspect(t.Context(), providers.InspectOptions{})
		if err != nil || len(db.Tables) > 0 {
			t.Errorf("%s: inspection shows the ledger: %v, %v", name, db.Tables, err)
		}
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	}
}
