package mysql

import (
	"context"
	"testing"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/providertest"
)

// byInsert opens endpoints as if their server refused LOAD DATA LOCAL, which is
// MySQL's default.
type byInsert struct{ Provider }

func (p byInsert) Open(ctx context.Context, cfg providers.Config) (providers.Conn, error) {
	conn, err := p.Provider.Open(ctx, cfg)
	if err == nil {
		conn.(*Conn).noLocal = true
	}
	return conn, err
}

// Everything that is promised holds without LOAD DATA LOCAL.
func TestConformanceByInsert(t *testing.T) {
	t.Parallel()
	providertest.Run(t, providertest.Suite{Provider: byInsert{}, New: providertest.MariaDB})
}
