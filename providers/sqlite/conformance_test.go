package sqlite_test

import (
	"testing"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/providertest"
	"github.com/syncform/syncform/providers/sqlite"
)

var suite = providertest.Suite{Provider: sqlite.Provider{}, New: providertest.SQLite}

func TestConformance(t *testing.T) { providertest.Run(t, suite) }

func TestStreams(t *testing.T) { providertest.RunStreams(t, suite, providers.Trigger) }
