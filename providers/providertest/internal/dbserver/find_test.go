package dbserver

import "testing"

func TestDebianMirror(t *testing.T) {
	for out, want := range map[string]string{
		"'http://mirror.example/debian/dists/stable/InRelease' mirror.example_debian_dists_stable_InRelease 0 \n":                                      "http://mirror.example/debian",
		"'http://mirror.example/debian-security/dists/stable/InRelease' x 0 \n'http://mirror.example/a/debian/dists/stable/InRelease' y 0 \n":          "http://mirror.example/a/debian",
		"'https://packages.example/apt/dists/x/InRelease' x 0 \n'http://mirror.example/archive/debian/20250520T000000Z/dists/stable/InRelease' y 0 \n": "http://mirror.example/archive/debian/20250520T000000Z",
		"'http://mirror.example/ubuntu/dists/noble/InRelease' x 0 \n":                                                                                  "",
		"": "",
	} {
		if got := mirrorIn([]byte(out)); got != want {
			t.Errorf("in %q: %q, want %q", out, got, want)
		}
	}
}

func TestVersions(t *testing.T) {
	for out, want := range map[string]string{
		"mysqld  Ver 10.11.19-MariaDB-0+deb12u1 for debian-linux-gnu on x86_64 (Debian 12)": "10.11.19-MariaDB-0+deb12u1",
		"/usr/sbin/mysqld  Ver 9.7.4-2 for Linux on x86_64 ((Debian))":                      "9.7.4-2",
		"mysqld: unknown": "",
	} {
		got := ""
		if m := mysqldVersion.FindStringSubmatch(out); m != nil {
			got = m[1]
		}
		if got != want {
			t.Errorf("in %q: %q, want %q", out, got, want)
		}
	}
	for out, want := range map[string]string{
		"postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)": "15",
		"postgres (PostgreSQL) 18beta1":                        "18",
	} {
		m := postgresVersion.FindStringSubmatch(out)
		if m == nil || m[2] != want {
			t.Errorf("in %q: %q, want %q", out, m, want)
		}
	}
}
