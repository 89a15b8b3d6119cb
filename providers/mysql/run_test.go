package mysql

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/providertest"
)

// A step whose run ended while the server was busy with it is waited for; one that
// its timeout or its user cuts off is killed at the server.
func TestSettle(t *testing.T) {
	providertest.EachMySQL(t, func(t *testing.T, url string) {
		c := connectTo(t, url)
		const text = "DO GET_LOCK(CONCAT('settle ', DATABASE()), 600)"
		free := providertest.Hold(t, url, text)
		begun, ended := make(chan struct{}), make(chan error, 1)
		go func() {
			s, err := c.connect(context.Background())
			if err == nil {
				err = s.takeSlot(context.Background(), c)
			}
			close(begun)
			if err == nil {
				_, err = s.exec(context.Background(), text)
				s.close()
			}
			ended <- err
		}()
		<-begun
		waitForStatement(t, c, text)
		settled := make(chan error, 1)
		go func() { settled <- c.Settle(t.Context()) }()
		select {
		case err := <-settled:
			t.Fatalf("it did not wait: %v", err)
		case <-time.After(300 * time.Millisecond):
		}
		free()
		if err := <-settled; err != nil {
			t.Fatal(err)
		}
		if err := <-ended; err != nil {
			t.Fatal(err)
		}

		_, err := c.RunStep(t.Context(), providers.StepKey{Plan: "slow", Action: "a"}, providers.Step{Text: "DO SLEEP(30)", Timeout: 300 * time.Millisecond})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("past its timeout: %v", err)
		}
		if err := c.Settle(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := providertest.Query(t, url, "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE DB = DATABASE() AND INFO LIKE 'DO SLEEP%'")[0][0]; n != "0" {
			t.Error("the server goes on with a step that was cut off")
		}
	})
}

// waitForStatement returns once the server executes the statement.
func waitForStatement(t *testing.T, c *Conn, text string) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Minute); time.Now().Before(deadline); {
		if queryDone(t, c, "SELECT EXISTS (SELECT 1 FROM information_schema.PROCESSLIST WHERE DB = DATABASE() AND INFO = "+literal(text)+")") == "1" {
			return
		}
	}
	t.Fatalf("the server does not execute %s", text)
}
