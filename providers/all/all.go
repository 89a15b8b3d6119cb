// Package all is the list of providers that this build has. It is wiring only.
package all

import (
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/mysql"
	"github.com/syncform/syncform/providers/postgres"
	"github.com/syncform/syncform/providers/sqlite"
)

// Providers gives every provider by the name that a source or target block has as
// its first label.
func Providers() map[string]providers.Provider {
	out := map[string]providers.Provider{}
	for _, p := range []providers.Provider{postgres.Provider{}, mysql.Provider{}, sqlite.Provider{}} {
		out[p.Schema().Name] = p
	}
	return out
}
