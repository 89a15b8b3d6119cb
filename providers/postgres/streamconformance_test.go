package postgres_test

import (
	"testing"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/postgres"
	"github.com/syncform/syncform/providers/providertest"
)

func TestStreamConformance(t *testing.T) {
	for _, v := range providertest.PostgresVersions() {
		t.Run("postgres "+v, func(t *testing.T) {
			providertest.RunStreams(t, providertest.Suite{Provider: postgres.Provider{}, New: func(t testing.TB) string { return providertest.Postgres(t, v) }}, providers.LogicalReplication, providers.Trigger)
		})
	}
}
