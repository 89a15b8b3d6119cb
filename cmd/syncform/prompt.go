package main

import (
	"bufio"
	"context"
	"io"
	"strings"
)

// readLine reads a line from the terminal. It returns when ctx ends, too: Ctrl-C at
// a question is an answer.
func (s *session) readLine(ctx context.Context) (string, error) {
	type answer struct {
		text string
		err  error
	}
	c := make(chan answer, 1)
	go func() {
		text, err := bufio.NewReader(s.in).ReadString('\n')
		if err == io.EOF {
			err = nil
		}
		c <- answer{strings.TrimSpace(text), err}
	}()
	select {
	case <-ctx.Done():
		return "", ctx.Err()
	case a := <-c:
		return a.text, failed("Can't read the answer", a.err)
	}
}
