package mysql

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/providertest"
)

// TestLockedNames: a step that does not get its lock says who may hold it, also while some
// session runs a statement that MySQL's own list of sessions fails on.
func TestLockedNames(t *testing.T) {
	for name, fresh := range map[string]func(testing.TB) string{"mysql": providertest.MySQL, "mariadb": providertest.MariaDB} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := connectTo(t, fresh(t))
			open := func(texts ...string) *session {
				s, err := c.connect(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				for _, text := range texts {
					if _, err := s.exec(t.Context(), text); err != nil {
						t.Fatal(err)
					}
				}
				return s
			}
			holder := open("CREATE TABLE t (id int PRIMARY KEY)", "INSERT INTO t VALUES (1)", "SELECT GET_LOCK(CONCAT(DATABASE(), '.odd'), 0)", "START TRANSACTION", "SELECT * FROM t")
			// It runs for as long as the holder has the lock that it waits for.
			odd, done := open(), make(chan error, 1)
			go func() {
				_, err := odd.exec(t.Context(), "SELECT GET_LOCK(CONCAT(DATABASE(), '.odd'), 600), '\U0001f600'")
				done <- err
			}()
			for {
				rows, err := holder.query(t.Context(), "SELECT COUNT(*) FROM performance_schema.metadata_locks WHERE object_name = CONCAT(DATABASE(), '.odd') AND lock_status = 'PENDING'")
				if c.server.mariadb() {
					rows, err = holder.query(t.Context(), "SELECT COUNT(*) FROM information_schema.processlist WHERE state = 'User lock' AND db = DATABASE()")
				}
				if err != nil {
					t.Fatal(err)
				}
				if rows[0][0] == "1" {
					break
				}
			}
			step := providers.Step{Text: "ALTER TABLE t ADD COLUMN v int", LockTimeout: time.Second}
			_, err := c.RunStep(t.Context(), providers.StepKey{Plan: planID(), Action: "a"}, step)
			if !errors.Is(err, providers.ErrLocked) || !strings.Contains(err.Error(), "in a transaction for") || !strings.Contains(err.Error(), "and idle") {
				t.Errorf("%v", err)
			}
			holder.close()
			if err := <-done; err != nil {
				t.Error(err)
			}
			odd.close()
			if _, err := c.RunStep(t.Context(), providers.StepKey{Plan: planID(), Action: "a"}, step); err != nil {
				t.Error(err)
			}
		})
	}
}
