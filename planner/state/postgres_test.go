package state

import (
	"context"
	"strings"
	"testing"

	"github.com/syncform/syncform/providers/providertest"
)

func TestPostgres(t *testing.T) {
	opener := func(t *testing.T) (string, func() Backend) {
		url := providertest.Postgres(t, "")
		return url, func() Backend {
			b, err := NewPostgres(url, "default")
			if err != nil {
				t.Fatal(err)
			}
			return b
		}
	}
	t.Run("writes", func(t *testing.T) { _, open := opener(t); testWrites(t, open) })
	t.Run("race", func(t *testing.T) { _, open := opener(t); testRace(t, open, false) })
	t.Run("race for the lock", func(t *testing.T) { _, open := opener(t); testRace(t, open, true) })
	t.Run("lock", func(t *testing.T) { url, open := opener(t); testLock(t, url, open) })
	t.Run("fence", func(t *testing.T) { _, open := opener(t); testFence(t, open) })
	t.Run("names", func(t *testing.T) { url, open := opener(t); testNames(t, url, open) })
	t.Run("broken connection", func(t *testing.T) { url, open := opener(t); testBrokenConnection(t, url, open) })
	t.Run("damaged", func(t *testing.T) { url, open := opener(t); testDamaged(t, url, open) })
}

func testNames(t *testing.T, url string, open func() Backend) {
	ctx := context.Background()
	other, err := NewPostgres(url, "staging's")
	if err != nil {
		t.Fatal(err)
	}
	b := open()
	save(t, b, New("1"))
	if s, err := other.Read(ctx); s != nil || err != nil {
		t.Errorf("another name: %+v, %v", s, err)
	}
	unlock, err := b.Lock(ctx, NewLockInfo("apply"), 0)
	if err != nil {
		t.Fatal(err)
	}
	unlockOther, err := other.Lock(ctx, NewLockInfo("apply"), 0)
	if err != nil {
		t.Fatalf("another name's lock: %v", err)
	}
	for _, u := range []Unlock{unlock, unlockOther} {
		if err := u(ctx); err != nil {
			t.Error(err)
		}
	}
}

// testBrokenConnection ends the lock's session at the server: the holder takes the
// lock again and writes, for nobody else had it.
func testBrokenConnection(t *testing.T, url string, open func() Backend) {
	ctx := context.Background()
	b := open()
	unlock, err := b.Lock(ctx, NewLockInfo("apply"), 0)
	if err != nil {
		t.Fatal(err)
	}
	s := New("1")
	save(t, b, s)
	providertest.Exec(t, url, "SELECT pg_terminate_backend(backend) FROM _sync_state_lock")
	save(t, b, s)
	if _, err := open().Lock(ctx, NewLockInfo("apply"), 0); err == nil {
		t.Error("the lock is free though its holder took it again")
	}
	if err := unlock(ctx); err != nil {
		t.Error(err)
	}
}

func testDamaged(t *testing.T, url string, open func() Backend) {
	b := open()
	s := New("1")
	save(t, b, s)
	save(t, b, s)
	providertest.Exec(t, url, "UPDATE _sync_state SET body = left(body, 40)")
	_, err := b.Read(context.Background())
	if err == nil || !strings.Contains(err.Error(), "previous") || !strings.Contains(err.Error(), "serial 1") {
		t.Errorf("read: %v", err)
	}
}

func TestPostgresErrorsHoldNoPassword(t *testing.T) {
	const password = "hunter2secret"
	for _, url := range []string{
		"postgres://u:" + password + "@127.0.0.1:1/db?connect_timeout=2",
		"postgres://u:" + password + "@127.0.0.1:notaport/db",
		"host=127.0.0.1 port=x password=" + password,
	} {
		b, err := NewPostgres(url, "")
		if err == nil {
			_, err = b.Read(context.Background())
		}
		if err == nil || strings.Contains(err.Error(), password) {
			t.Errorf("error %v", err)
		}
	}
}
