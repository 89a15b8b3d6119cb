// Command servers runs a command, usually go test, with all test servers running,
// so that the many test processes of one run share them:
//
//	go run ./providers/providertest/servers -- go test ./...
//
// It sets SF_TEST_POSTGRES_URL_14 and so on, SF_TEST_MYSQL_URL and SF_TEST_MARIADB_URL
// for the command, each unless it is set already, stops the servers when the command
// ends or on Ctrl-C, and exits with the command's code. SF_TEST_POSTGRES_VERSIONS
// ("14 18") narrows the PostgreSQL versions.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
)

func main() {
	code, err := run(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "test servers:", err)
	}
	os.Exit(code)
}

// run is main with its exit code: the command's, or 1 with an error.
func run(args []string) (code int, err error) {
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	if len(args) == 0 {
		return 1, errors.New("usage: servers -- COMMAND [ARGUMENTS]")
	}
	// The terminal sends Ctrl-C to the command as well; we wait for it to end. What is
	// sent to us alone is passed on.
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()

	begun := make(chan []started, 1)
	go func() { begun <- startAll(ctx) }()
	var servers []started
	select {
	case servers = <-begun:
	case s := <-signals:
		cancel()
		return 1, errors.Join(fmt.Errorf("ended by %v while the servers were starting", s), stopAll(<-begun))
	}
	defer func() { err = errors.Join(err, stopAll(servers)) }()

	env := os.Environ()
	for _, s := range servers {
		if s.failed != nil {
			return 1, s.failed
		}
		env = append(env, s.env+"="+s.value)
	}
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = env, os.Stdin, os.Stdout, os.Stderr
	if err := cmd.Start(); err != nil {
		return 1, err
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	for {
		select {
		case s := <-signals:
			if s == os.Interrupt {
				continue
			}
			if err := cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
				return 1, err
			}
		case err := <-done:
			var exit *exec.ExitError
			if errors.As(err, &exit) {
				return max(exit.ExitCode(), 1), nil
			}
			return 0, err
		}
	}
}
