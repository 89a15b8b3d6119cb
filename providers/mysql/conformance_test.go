package mysql_test

import (
	"testing"

	"github.com/syncform/syncform/providers/mysql"
	"github.com/syncform/syncform/providers/providertest"
)

func TestConformance(t *testing.T) {
	t.Run("mysql", func(t *testing.T) {
		providertest.Run(t, providertest.Suite{Provider: mysql.Provider{}, New: providertest.MySQL})
	})
	t.Run("mariadb", func(t *testing.T) {
		providertest.Run(t, providertest.Suite{Provider: mysql.Provider{}, New: providertest.MariaDB})
	})
}
