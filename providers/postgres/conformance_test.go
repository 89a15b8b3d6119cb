package postgres_test

import (
	"os"
	"testing"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/postgres"
	"github.com/syncform/syncform/providers/providertest"
)

// conform runs on the oldest version and the newest, on all of them where
// SF_TEST_PAIRS=all.
func conform(t *testing.T, test func(t *testing.T, s providertest.Suite)) {
	versions := providertest.PostgresVersions()
	if n := len(versions); n > 2 && os.Getenv("SF_TEST_PAIRS") != "all" {
		versions = []string{versions[0], versions[n-1]}
	}
	for _, v := range versions {
		t.Run("postgres "+v, func(t *testing.T) {
			test(t, providertest.Suite{Provider: postgres.Provider{}, New: func(t testing.TB) string { return providertest.Postgres(t, v) }})
		})
	}
}

func TestConformance(t *testing.T) { conform(t, providertest.Run) }

func TestStreamConformance(t *testing.T) {
	conform(t, func(t *testing.T, s providertest.Suite) {
		providertest.RunStreams(t, s, providers.LogicalReplication, providers.Trigger)
	})
}
