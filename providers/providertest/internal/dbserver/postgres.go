package dbserver

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"

	embeddedpostgres "github.com/fergusstrange/embedded-postgres"
	"github.com/jackc/pgx/v5"
)

// postgresFetch says which release is fetched of each major version.
var postgresFetch = map[string]embeddedpostgres.PostgresVersion{
	"14": "14.15.0",
	"15": "15.10.0",
	"16": "16.6.0",
	"17": "17.7.0",
	"18": "18.1.0",
}

// PostgresVersions lists the major versions, oldest first: all, or those that
// SF_TEST_POSTGRES_VERSIONS names ("14 18").
func PostgresVersions() []string {
	if named := strings.Fields(os.Getenv("SF_TEST_POSTGRES_VERSIONS")); len(named) > 0 {
		return named
	}
	var vs []string
	for v := range postgresFetch {
		vs = append(vs, v)
	}
	slices.Sort(vs)
	return vs
}

var postgresVersion = regexp.MustCompile(`\(PostgreSQL\) ((\d+)[.\w]*)`)

// postgresIn returns the version of the server in a folder of programs when it is of
// the major version, else "".
func postgresIn(bin, major string) string {
	if _, err := os.Stat(filepath.Join(bin, "initdb")); err != nil {
		return ""
	}
	out, err := exec.Command(filepath.Join(bin, "postgres"), "--version").Output()
	if err != nil {
		return ""
	}
	m := postgresVersion.FindSubmatch(out)
	if m == nil || string(m[2]) != major {
		return ""
	}
	return string(m[1])
}

// postgresBin finds or fetches the programs of a major version.
func postgresBin(major string) (bin, version string, err error) {
	var dirs []string
	if p, err := exec.LookPath("postgres"); err == nil {
		dirs = append(dirs, filepath.Dir(p))
	}
	dirs = append(dirs, "/usr/lib/postgresql/"+major+"/bin") // Debian keeps them out of PATH
	for _, d := range dirs {
		if v := postgresIn(d, major); v != "" {
			return d, v, nil
		}
	}
	release, ok := postgresFetch[major]
	if !ok {
		return "", "", fmt.Errorf("PostgreSQL %s: %w", major, ErrUnavailable)
	}
	dir, err := cached("postgresql-"+string(release), func(dir string) error { return fetchPostgres(release, dir) })
	if err != nil {
		return "", "", fmt.Errorf("PostgreSQL %s: %w: %w", major, ErrUnavailable, err)
	}
	return filepath.Join(dir, "bin"), strings.TrimSuffix(string(release), ".0"), nil
}

// fetchPostgres fills dir with a release's programs. The module can only fetch as part
// of a start, so we ask for a start that must fail right after: with a locale that
// nobody has. (A start of the module's own is no use to us: it can't be done as root.)
func fetchPostgres(release embeddedpostgres.PostgresVersion, dir string) error {
	port, err := freePort()
	if err != nil {
		return err
	}
	tmp, err := os.MkdirTemp("", "syncform-fetch-")
	if err != nil {
		return err
	}
	var log strings.Builder
	err = embeddedpostgres.NewDatabase(embeddedpostgres.DefaultConfig().Version(release).Port(uint32(port)).
		Logger(&log).CachePath(tmp).RuntimePath(filepath.Join(tmp, "run")).BinariesPath(dir).Locale("no such locale")).Start()
	if rmErr := os.RemoveAll(tmp); rmErr != nil {
		return rmErr
	}
	if _, statErr := os.Stat(filepath.Join(dir, "bin", "postgres")); statErr != nil {
		return errors.Join(err, statErr)
	}
	return nil
}

// StartPostgres starts a server of a major version ("14" to "18"). The administrator
// is postgres. Durability is off, which no test that leaves the server alone can see.
func StartPostgres(ctx context.Context, major string, o Options) (*Server, error) {
	bin, version, err := postgresBin(major)
	if err != nil {
		return nil, err
	}
	s, err := launch(func(port int) (*Server, error) { return startPostgres(ctx, bin, port, o) })
	if err != nil {
		return nil, fmt.Errorf("PostgreSQL %s does not start: %w", major, err)
	}
	s.Version = version
	return s, nil
}

func startPostgres(ctx context.Context, bin string, port int, o Options) (*Server, error) {
	secret := password()
	files := map[string]string{"password": secret}
	if o.TLS != nil {
		files["server.crt"], files["server.key"], files["ca.crt"] = o.TLS.serverCert, o.TLS.serverKey, o.TLS.CACert
	}
	dir, err := newDir("postgres", files)
	if err != nil {
		return nil, err
	}
	data := filepath.Join(dir, "data")
	locale := "C.UTF-8"
	if runtime.GOOS == "darwin" {
		locale = "en_US.UTF-8"
	}
	err = run(dir, filepath.Join(bin, "initdb"), "-D", data, "-U", "postgres", "-A", "scram-sha-256", "--pwfile="+filepath.Join(dir, "password"),
		"-E", "UTF8", "--locale="+locale, "--no-sync")
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	argv := []string{filepath.Join(bin, "postgres"), "-D", data, "-p", fmt.Sprint(port)}
	settings := append([]string{
		"listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=300",
		"fsync=off", "synchronous_commit=off", "full_page_writes=off",
		"wal_level=logical", "max_wal_senders=50", "max_replication_slots=50", "max_prepared_transactions=20",
		"shared_buffers=128MB", "max_wal_size=2GB", "lc_messages=C", "timezone=UTC", "log_timezone=UTC",
	}, o.Settings...)
	if o.TLS != nil {
		hba := fmt.Sprintf("hostssl all %s all cert clientcert=verify-full\nhostssl all all all scram-sha-256\n", CertUser)
		if err := os.WriteFile(filepath.Join(data, "pg_hba.conf"), []byte(hba), 0o600); err != nil {
			return nil, errors.Join(err, os.RemoveAll(dir))
		}
		settings = append(settings, "listen_addresses=127.0.0.1"+otherAddress(","), "ssl=on",
			"ssl_cert_file="+filepath.Join(dir, "server.crt"), "ssl_key_file="+filepath.Join(dir, "server.key"), "ssl_ca_file="+filepath.Join(dir, "ca.crt"))
	}
	for _, s := range settings {
		argv = append(argv, "-c", s)
	}
	p, err := start(dir, "INT", argv) // INT: a fast shutdown, without waiting for clients
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	u := url.URL{Scheme: "postgres", User: url.UserPassword("postgres", secret), Host: fmt.Sprintf("127.0.0.1:%d", port), Path: "/postgres", RawQuery: "sslmode=disable"}
	if o.TLS != nil {
		u.RawQuery = "sslmode=require"
	}
	ping := func() error { return postgresDo(ctx, u.String()) }
	err = p.ready(ping)
	if err == nil && o.TLS != nil {
		err = postgresDo(ctx, u.String(),
			fmt.Sprintf("CREATE ROLE %s SUPERUSER LOGIN PASSWORD '%s'", TLSUser, secret),
			fmt.Sprintf("CREATE ROLE %s SUPERUSER LOGIN", CertUser))
	}
	if err != nil {
		return nil, errors.Join(err, p.stop())
	}
	return &Server{URL: u.String(), Data: data, proc: p, ping: ping}, nil
}

// postgresDo connects, runs the statements, and disconnects.
func postgresDo(ctx context.Context, url string, sql ...string) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	for _, s := range sql {
		if _, err := conn.Exec(ctx, s); err != nil {
			return errors.Join(err, conn.Close(ctx))
		}
	}
	return conn.Close(ctx)
}
