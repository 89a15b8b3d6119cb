package dbserver

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
)

// unpackDebian unpacks a package of a Debian release and all that it depends on into
// dir, beside the system, with a package database of its own. It needs no root. The
// mirror, and how to reach it, are the machine's own.
func unpackDebian(release, pkg, dir string) error {
	for _, p := range []string{"apt-get", "dpkg-deb"} {
		if _, err := exec.LookPath(p); err != nil {
			return fmt.Errorf("no %s to fetch it with", p)
		}
	}
	mirror, err := debianMirror()
	if err != nil {
		return err
	}
	tmp, err := os.MkdirTemp("", "syncform-apt-")
	if err != nil {
		return err
	}
	return errors.Join(unpackWith(tmp, mirror, release, pkg, dir), os.RemoveAll(tmp))
}

func unpackWith(tmp, mirror, release, pkg, dir string) error {
	signed := ""
	if keyring := "/usr/share/keyrings/debian-archive-keyring.gpg"; exists(keyring) {
		signed = " [signed-by=" + keyring + "]"
	}
	files := map[string]string{"sources": fmt.Sprintf("deb%s %s %s main\n", signed, mirror, release), "status": ""}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(tmp, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	options := []string{"-qq",
		"-o", "Dir::Etc::sourcelist=" + tmp + "/sources", "-o", "Dir::Etc::sourceparts=/dev/null",
		"-o", "Dir::Etc::preferences=/dev/null", "-o", "Dir::Etc::preferencesparts=/dev/null",
		"-o", "Dir::State=" + tmp + "/state", "-o", "Dir::State::status=" + tmp + "/status",
		"-o", "Dir::Cache=" + tmp + "/cache", "-o", "Dir::Log=" + tmp,
		"-o", "APT::Sandbox::User=", "-o", "Debug::NoLocking=true",
		"-o", "Acquire::Check-Valid-Until=false", // an unstable release's index ends soon, and a mirror may be a snapshot
		"-o", "APT::Update::Post-Invoke::=true", "-o", "APT::Keep-Downloaded-Packages=true",
	}
	for _, d := range []string{"state/lists/partial", "cache/archives/partial"} {
		if err := os.MkdirAll(filepath.Join(tmp, d), 0o755); err != nil {
			return err
		}
	}
	if err := command("apt-get", append(slices.Clone(options), "update")...); err != nil {
		return err
	}
	if err := command("apt-get", append(slices.Clone(options), "install", "-y", "--no-install-recommends", "--download-only", pkg)...); err != nil {
		return err
	}
	debs, err := filepath.Glob(filepath.Join(tmp, "cache/archives/*.deb"))
	if err != nil || len(debs) == 0 {
		return fmt.Errorf("apt-get downloaded nothing for %s", pkg)
	}
	for _, deb := range debs {
		if err := command("dpkg-deb", "-x", deb, dir); err != nil {
			return err
		}
	}
	return nil
}

var aptURI = regexp.MustCompile(`(?m)^'(\S+/debian(?:/[^'/]+)?)/dists/`)

// debianMirror is the first Debian mirror among the machine's apt sources.
func debianMirror() (string, error) {
	out, err := exec.Command("apt-get", "update", "--print-uris").Output()
	if err != nil {
		return "", fmt.Errorf("ask apt-get for the machine's mirrors: %w", err)
	}
	mirror := mirrorIn(out)
	if mirror == "" {
		return "", errors.New("no Debian mirror among the machine's apt sources")
	}
	return mirror, nil
}

// mirrorIn finds the first Debian mirror in what apt-get prints, "" where there is none.
func mirrorIn(uris []byte) string {
	m := aptURI.FindSubmatch(uris)
	if m == nil {
		return ""
	}
	return string(m[1])
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
