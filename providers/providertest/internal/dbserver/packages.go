package dbserver

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// installPackage sees to it that a program is there, by apt-get where we are root.
func installPackage(program string, pkgs ...string) error {
	return locked("apt-get", func() error {
		if _, err := exec.LookPath(program); err == nil {
			return nil
		}
		if _, err := exec.LookPath("apt-get"); err != nil {
			return fmt.Errorf("no %s in PATH and no apt-get to install it with", program)
		}
		if os.Getuid() != 0 {
			return fmt.Errorf("no %s in PATH, and only root may install it", program)
		}
		Log("installing %s by apt-get", strings.Join(pkgs, ", "))
		if err := command("apt-get", "update", "-qq"); err != nil {
			return err
		}
		return command("apt-get", append([]string{"install", "-y", "-qq", "--no-install-recommends"}, pkgs...)...)
	})
}

// command runs a package client, which may print as much as it likes into our error.
func command(name string, args ...string) error {
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, out)
	}
	return nil
}

// fetchJar unpacks what lies below prefix in a Maven artifact.
func fetchJar(artifact, prefix, dir string) error {
	if err := command("mvn", "-q", "-B", "dependency:copy", "-Dartifact="+artifact, "-DoutputDirectory="+dir); err != nil {
		return err
	}
	jars, err := filepath.Glob(filepath.Join(dir, "*.jar"))
	if err != nil || len(jars) != 1 {
		return fmt.Errorf("mvn left %d jars in %s", len(jars), dir)
	}
	if err := unzip(jars[0], prefix, dir); err != nil {
		return err
	}
	return os.Remove(jars[0])
}

// unzip unpacks what lies below prefix into dir. Programs and scripts are made
// executable, as a jar does not say which files are.
func unzip(file, prefix, dir string) error {
	z, err := zip.OpenReader(file)
	if err != nil {
		return err
	}
	defer z.Close()
	for _, f := range z.File {
		name, ok := strings.CutPrefix(f.Name, prefix)
		if !ok || name == "" || strings.HasSuffix(name, "/") || !filepath.IsLocal(name) {
			continue
		}
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		mode := os.FileMode(0o644)
		if top, _, _ := strings.Cut(name, "/"); top == "bin" || top == "scripts" {
			mode = 0o755
		}
		if err := unzipFile(f, path, mode); err != nil {
			return fmt.Errorf("unpack %s: %w", f.Name, err)
		}
	}
	return nil
}

func unzipFile(f *zip.File, path string, mode os.FileMode) error {
	in, err := f.Open()
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
