package lang

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	hcljson "github.com/hashicorp/hcl/v2/json"
)

// The endings of the files that make a configuration.
const (
	ExtHCL  = ".sf.hcl"
	ExtJSON = ".sf.json"
)

// IsConfigFile reports whether a file of that name belongs to a configuration.
// Hidden files and those that editors leave behind do not.
func IsConfigFile(name string) bool {
	return !strings.HasPrefix(name, ".") && !strings.HasPrefix(name, "#") &&
		(strings.HasSuffix(name, ExtHCL) || strings.HasSuffix(name, ExtJSON))
}

// readFolder parses the folder's files in the order of their names. It reports
// whether there is something to go on with.
func (l *loader) readFolder() ([]*hcl.File, bool) {
	dir := l.cfg.Dir
	here := hcl.Range{Filename: dir, Start: hcl.InitialPos, End: hcl.InitialPos}
	entries, err := os.ReadDir(dir)
	if err != nil {
		l.report(errorAt(here, sumNoConfig, "The folder %s can't be read: %s.", dir, reason(err)))
		return nil, false
	}
	var files []*hcl.File
	found := false
	for _, e := range entries {
		name := filepath.Join(dir, e.Name())
		if !IsConfigFile(e.Name()) {
			continue
		}
		if info, err := os.Stat(name); err == nil && info.IsDir() {
			continue
		}
		found = true
		if f := l.parseFile(name); f != nil {
			files = append(files, f)
		}
	}
	if !found {
		l.report(errorAt(here, sumNoConfig,
			"The folder %s has no *%s or *%s file. Write one, have \"syncform init -from URL\" write it for a live database, or name another folder with -chdir.",
			dir, ExtHCL, ExtJSON))
	}
	return files, found && !l.diags.HasErrors()
}

// parseFile parses one file and keeps its source for diagnostics; nil when it can't
// be read.
func (l *loader) parseFile(name string) *hcl.File {
	src, err := readRegular(name)
	if err != nil {
		at := hcl.Range{Filename: name, Start: hcl.InitialPos, End: hcl.InitialPos}
		l.report(errorAt(at, sumUnreadable, "%s can't be read: %s.", name, reason(err)))
		return nil
	}
	f, diags := parse(src, name)
	l.report(diags...)
	if f != nil {
		l.cfg.Files[name] = &hcl.File{Bytes: src, Body: f.Body}
	}
	if diags.HasErrors() && f != nil {
		l.cfg.Files[name].Bytes = blankUnparsed(src)
	}
	return f
}

// parse parses HCL, or its JSON syntax by the file's name.
func parse(src []byte, name string) (*hcl.File, hcl.Diagnostics) {
	if strings.HasSuffix(name, ".json") {
		return hcljson.Parse(src, name)
	}
	return hclsyntax.ParseConfig(src, name, hcl.InitialPos)
}

// readRegular reads a regular file: a device or a pipe would never end.
func readRegular(name string) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("it is not a regular file")
	}
	return os.ReadFile(name)
}

// reason is an error without the path that the message names already.
func reason(err error) string {
	var pe *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "it does not exist"
	case errors.Is(err, fs.ErrPermission):
		return "permission denied"
	case errors.As(err, &pe):
		return pe.Err.Error()
	}
	return err.Error()
}
