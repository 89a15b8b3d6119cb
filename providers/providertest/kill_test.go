package providertest

import (
	"bufio"
	"net"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// TestKilled kills a test process that has started a server, and waits for the server
// and its data to be gone.
func TestKilled(t *testing.T) {
	const inner = "SF_TEST_KILLED_INNER"
	if os.Getenv(inner) != "" {
		u := postgresAdministrator(t, "")
		if _, err := os.Stdout.WriteString("url " + u + " data " + Query(t, u, "SHOW data_directory")[0][0] + "\n"); err != nil {
			t.Fatal(err)
		}
		select {}
	}
	versions := PostgresVersions()
	cmd := exec.Command(os.Args[0], "-test.run=^TestKilled$")
	cmd.Env = []string{inner + "=1"}
	for _, e := range os.Environ() {
		if !strings.HasPrefix(e, "SF_TEST_POSTGRES_URL") {
			cmd.Env = append(cmd.Env, e)
		}
	}
	cmd.Env = append(cmd.Env, "SF_TEST_POSTGRES_VERSIONS="+versions[len(versions)-1])
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var fields []string
	for lines := bufio.NewScanner(out); lines.Scan() && len(fields) == 0; {
		if strings.HasPrefix(lines.Text(), "url ") {
			fields = strings.Fields(lines.Text())
			break
		}
		t.Log(lines.Text())
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Error("the killed process ended well")
	}
	if len(fields) != 4 {
		unavailable(t, "the inner test process started no PostgreSQL")
	}
	u, err := url.Parse(fields[1])
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the server to be gone", func() bool {
		conn, err := net.Dial("tcp", u.Host)
		if err != nil {
			return true
		}
		return conn.Close() != nil
	})
	eventually(t, "its data to be gone", func() bool {
		_, err := os.Stat(fields[3])
		return os.IsNotExist(err)
	})
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for late := time.After(5 * time.Minute); !ok(); {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("waited in vain for %s", what)
		}
	}
}
