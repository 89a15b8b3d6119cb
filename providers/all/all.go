// Package all is wiring only: the providers of this build, by the names that
// configurations call them by.
package all

import (
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/attr"
	"github.com/syncform/syncform/providers/mysql"
	"github.com/syncform/syncform/providers/postgres"
	"github.com/syncform/syncform/providers/sqlfile"
	"github.com/syncform/syncform/providers/sqlite"
)

// Providers returns the providers of this build by name.
func Providers() map[string]providers.Provider {
	return map[string]providers.Provider{
		"postgresql": postgres.Provider{},
		"mysql":      mysql.Provider{},
		"sqlite":     sqlite.Provider{},
		"sql":        sqlfile.Provider{},
	}
}

// Schemas returns what blocks of each provider look like, by name: those of this build,
// and those that the language names and this build lacks, which are not Available.
func Schemas() map[string]attr.Provider {
	schemas := map[string]attr.Provider{}
	for _, s := range later {
		schemas[s.Name] = s
	}
	for name, p := range Providers() {
		schemas[name] = p.Schema()
	}
	return schemas
}
