package postgres

import (
	"context"
	"testing"
	"time"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/providertest"
)

// TestTakeFromASilentInstance: a session that an instance has left inside a transaction is
// ended, whichever of the stream's records it has locked; one of somebody else is not.
func TestTakeFromASilentInstance(t *testing.T) {
	edgeServers(t, func(t *testing.T, version string) {
		for _, table := range []string{"_sync_lease", "_sync_checkpoint"} {
			_, url := twin(t, version)
			store, err := open(t, url).OpenStreams(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if err := store.Begin(t.Context(), providers.StreamRecord{Sync: "s", Position: "p", Epoch: 1, Beat: 1, Holder: "a"}); err != nil {
				t.Fatal(err)
			}
			for _, app := range []string{"syncform", "theirs"} {
				release := providertest.HoldPostgres(t, url+"&application_name="+app, "UPDATE "+table+" SET updated_at = '' WHERE sync = 's'")
				ctx, cancel := context.WithCancel(t.Context())
				if app == "theirs" {
					ctx, cancel = context.WithTimeout(ctx, time.Second)
				}
				if err := store.EndWriter(ctx, "s"); (err == nil) != (app == "syncform") {
					t.Errorf("%s locked by %s: %v", table, app, err)
				}
				cancel()
				if app == "syncform" {
					if _, err := store.Take(t.Context(), "s", "b", 1, 1); err != nil {
						t.Errorf("%s: take the stream: %v", table, err)
					}
				}
				release()
			}
		}
	})
}
