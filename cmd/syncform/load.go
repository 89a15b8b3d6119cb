package main

import (
	"errors"
	"path/filepath"

	"github.com/hashicorp/hcl/v2"

	"github.com/syncform/syncform/lang"
	"github.com/syncform/syncform/providers/attr"
)

// errNoConfig says that the folder holds no configuration.
var errNoConfig = errors.New("no configuration files")

// load reads the folder's configuration; warnings are shown.
func (s *session) load(o configOptions) (*lang.Config, error) {
	cfg, diags := s.read(o, false)
	if diags.HasErrors() {
		return nil, &diagnosed{diags, filesOf(cfg)}
	}
	s.showDiagnostics(diags, filesOf(cfg))
	return cfg, nil
}

// read reads the folder's configuration. offline leaves open what is not known, as
// validate does.
func (s *session) read(o configOptions, offline bool) (*lang.Config, hcl.Diagnostics) {
	if empty, err := emptyFolder(); err != nil || empty {
		d := &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "No configuration files",
			Detail: "This directory contains no syncform configuration files (*.sf.hcl or *.sf.json). Write one, or let \"syncform init -from URL\" write one for a live database."}
		if err != nil {
			d.Summary, d.Detail = "Can't read the directory", err.Error()
		}
		return nil, hcl.Diagnostics{d}
	}
	schemas := map[string]attr.Provider{}
	for name, p := range s.providers {
		schemas[name] = p.Schema()
	}
	return lang.Load(lang.Options{Version: version, Providers: schemas, Vars: o.vars, VarFiles: o.varFiles, Env: s.env, AllowMissing: offline})
}

// emptyFolder reports whether the working directory holds no configuration.
func emptyFolder() (bool, error) {
	for _, pattern := range []string{"*.sf.hcl", "*.sf.json"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) > 0 {
			return false, err
		}
	}
	return true, nil
}

func filesOf(cfg *lang.Config) map[string]*hcl.File {
	if cfg == nil {
		return nil
	}
	return cfg.Files
}
