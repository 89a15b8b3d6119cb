package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// interrupts returns a context that ends with the first Ctrl-C (or SIGTERM): what is
// under way is finished. The second ends s.hard: it is broken off. A third ends the
// process where it stands.
func (s *session) interrupts(ctx context.Context) (context.Context, func()) {
	soft, cancelSoft := context.WithCancel(ctx)
	hard, cancelHard := context.WithCancel(ctx)
	s.hard = hard
	c := make(chan os.Signal, 3)
	signal.Notify(c, os.Interrupt, syscall.SIGTERM)
	done := make(chan struct{})
	go func() {
		for n := 1; ; n++ {
			select {
			case <-done:
				return
			case <-c:
			}
			switch n {
			case 1:
				fmt.Fprint(s.err, "\nInterrupt received.\nPlease wait: what is being written is finished, then syncform stops.\nInterrupt again to stop at once; nothing is lost either way.\n\n")
				cancelSoft()
			case 2:
				fmt.Fprint(s.err, "\nTwo interrupts received. Stopping at once; a new apply goes on from here.\n\n")
				cancelHard()
			default:
				os.Exit(1)
			}
		}
	}()
	return soft, func() {
		signal.Stop(c)
		close(done)
		cancelSoft()
		cancelHard()
	}
}
