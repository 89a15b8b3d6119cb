package sqlite_test

import (
	"testing"

	"github.com/syncform/syncform/providers/providertest"
	"github.com/syncform/syncform/providers/sqlite"
)

func TestConformance(t *testing.T) {
	providertest.Run(t, providertest.Suite{Provider: sqlite.Provider{}, New: providertest.SQLite})
}
