package dbserver

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// supervisor runs a server until its standard input ends, which happens when the
// process that started it ends in whatever way, and then stops it and removes its
// directory. Nothing is left behind by a test binary that was killed. A server that ends
// by itself keeps its directory where a file "keep" in it asks for that.
const supervisor = `
dir=$1; stop=$2; shift 2
exec 3<&0
"$@" </dev/null 3<&- >>"$dir/log" 2>&1 &
pid=$!
{
	cat <&3 >/dev/null
	: >"$dir/stopping"
	kill -s "$stop" $pid
	i=0
	while kill -0 $pid && [ $i -lt 200 ]; do sleep 0.1; i=$((i + 1)); done
	kill -KILL $pid
} >/dev/null 2>&1 &
reader=$!
exec 3<&-
wait $pid
code=$?
if [ ! -e "$dir/stopping" ]; then
	echo "the server ended by itself with code $code; the end of its log:" >&2
	tail -n 40 "$dir/log" >&2
	kill $reader
fi
cd /
[ -e "$dir/keep" ] && [ ! -e "$dir/stopping" ] || rm -rf "$dir"
`

// process is a server under its supervisor.
type process struct {
	dir   string
	end   string // the signal that ends the server
	argv  []string
	stdin io.WriteCloser
	done  chan struct{}

	mu     sync.Mutex
	stderr bytes.Buffer
}

// Write keeps what the supervisor says.
func (p *process) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stderr.Write(b)
}

func (p *process) said() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.TrimSpace(p.stderr.String())
}

// start runs argv as the unprivileged user. stop is the signal that ends the server
// quickly and in order.
func start(dir, stop string, argv []string) (*process, error) {
	p := &process{dir: dir, end: stop, argv: argv, done: make(chan struct{})}
	cmd := exec.Command("/bin/sh", append([]string{"-c", supervisor, "supervisor", dir, stop}, argv...)...)
	cmd.Dir = dir
	cmd.Env = serverEnv()
	cmd.Stderr = p
	attr, err := unprivileged()
	if err != nil {
		return nil, err
	}
	attr.Setsid = true // Ctrl-C is for us; the server goes when we have gone
	cmd.SysProcAttr = attr
	if p.stdin, err = cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", argv[0], err)
	}
	go func() {
		defer close(p.done)
		if err := cmd.Wait(); err != nil {
			fmt.Fprintf(p, "supervisor: %v\n", err)
		}
	}()
	return p, nil
}

func (p *process) stop() error {
	if err := p.stdin.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		return err
	}
	select {
	case <-p.done:
		return nil
	case <-time.After(60 * time.Second):
		return fmt.Errorf("the server in %s did not stop within a minute", p.dir)
	}
}

// ready calls ping until it succeeds.
func (p *process) ready(ping func() error) error {
	var err error
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	late := time.After(2 * time.Minute)
	for {
		if err = ping(); err == nil {
			return nil
		}
		select {
		case <-p.done:
			return errors.New(p.said())
		case <-late:
			log, readErr := os.ReadFile(filepath.Join(p.dir, "log"))
			if readErr != nil {
				log = []byte(readErr.Error())
			}
			return errors.Join(fmt.Errorf("not up within two minutes: %w; its log:\n%s", err, log), p.stop())
		case <-tick.C:
		}
	}
}

// run runs a command that prepares something, as the unprivileged user, and returns
// what it printed as part of the error.
func run(dir string, argv ...string) error {
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir = dir
	cmd.Env = serverEnv()
	attr, err := unprivileged()
	if err != nil {
		return err
	}
	cmd.SysProcAttr = attr
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", argv[0], err, out)
	}
	return nil
}

// serverEnv is what a server may see: not the tests' own PG* and MYSQL* variables.
func serverEnv() []string {
	return []string{"PATH=" + os.Getenv("PATH") + ":/usr/sbin:/sbin", "LC_ALL=C", "TZ=UTC", "HOME=/"}
}

// unprivileged is the attribute of a process that must not be root: PostgreSQL
// refuses to be, the others had better not.
func unprivileged() (*syscall.SysProcAttr, error) {
	if os.Getuid() != 0 {
		return &syscall.SysProcAttr{}, nil
	}
	u, err := user.Lookup("nobody")
	if err != nil {
		return nil, fmt.Errorf("a server can't run as root and there is no other user: %w", err)
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, nil
}

// newDir makes a directory for one server, owned by the unprivileged user, with files
// in it if there are any.
func newDir(kind string, files map[string]string) (string, error) {
	dir, err := os.MkdirTemp(tempRoot(), "syncform-"+kind+"-")
	if err != nil {
		return "", err
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return "", errors.Join(err, os.RemoveAll(dir))
		}
	}
	attr, err := unprivileged()
	if err != nil {
		return "", errors.Join(err, os.RemoveAll(dir))
	}
	if c := attr.Credential; c != nil {
		err := filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
			return errors.Join(err, os.Lchown(path, int(c.Uid), int(c.Gid)))
		})
		if err != nil {
			return "", errors.Join(err, os.RemoveAll(dir))
		}
	}
	return dir, nil
}

// tempRoot is where servers' directories go: a root's own TMPDIR may be closed to the
// user that the servers run as.
func tempRoot() string {
	if os.Getuid() != 0 {
		return os.TempDir()
	}
	for _, dir := range []string{os.TempDir(), "/tmp", "/var/tmp"} {
		if openToAll(dir) {
			return dir
		}
	}
	return os.TempDir()
}

func openToAll(dir string) bool {
	for ; ; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		if err != nil || info.Mode()&0o001 == 0 {
			return false
		}
		if dir == filepath.Dir(dir) {
			return true
		}
	}
}

// freePort is a port on which nobody listened a moment ago.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// launch prepares with a free port and starts, some times over where another process
// took the port in between.
func launch(try func(port int) (*Server, error)) (*Server, error) {
	var errs []error
	for range 3 {
		port, err := freePort()
		if err != nil {
			return nil, err
		}
		s, err := try(port)
		if err == nil {
			return s, nil
		}
		errs = append(errs, err)
		if !strings.Contains(err.Error(), "ddress already in use") {
			break
		}
	}
	return nil, errors.Join(errs...)
}

// password is a new random one.
func password() string { return rand.Text() }
