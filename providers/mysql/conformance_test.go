package mysql_test

import (
	"testing"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/mysql"
	"github.com/syncform/syncform/providers/providertest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	t.Run("mysql", func(t *testing.T) {
		t.Parallel()
		providertest.Run(t, providertest.Suite{Provider: mysql.Provider{}, New: providertest.MySQL})
	})
	t.Run("mariadb", func(t *testing.T) {
		t.Parallel()
		providertest.Run(t, providertest.Suite{Provider: mysql.Provider{}, New: providertest.MariaDB})
	})
}

func TestStreams(t *testing.T) {
	t.Run("mysql", func(t *testing.T) {
		t.Parallel()
		providertest.RunStreams(t, providertest.Suite{Provider: mysql.Provider{}, New: providertest.MySQL}, providers.Binlog, providers.Trigger)
	})
	t.Run("mariadb", func(t *testing.T) {
		t.Parallel()
		providertest.RunStreams(t, providertest.Suite{Provider: mysql.Provider{}, New: providertest.MariaDB}, providers.Binlog, providers.Trigger)
	})
}
