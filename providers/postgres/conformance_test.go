package postgres_test

import (
	"testing"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/postgres"
	"github.com/syncform/syncform/providers/providertest"
)

func conform(t *testing.T, test func(t *testing.T, s providertest.Suite)) {
	for _, v := range providertest.EdgePostgresVersions() {
		t.Run("postgres "+v, func(t *testing.T) {
			t.Parallel()
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
