package main

import (
	"os"

	"github.com/hashicorp/hcl/v2"

	"github.com/syncform/syncform/lang"
)

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
	cfg, diags := lang.Load(lang.Options{Version: version, Providers: s.schemas(), Vars: o.vars, VarFiles: o.varFiles, Env: s.env, AllowMissing: offline})
	if cfg != nil {
		s.learn(cfg)
	}
	return cfg, diags
}

// emptyFolder reports whether the working directory holds no configuration.
func emptyFolder() (bool, error) {
	entries, err := os.ReadDir(".")
	if err != nil {
		return false, err
	}
	for _, e := range entries {
		if lang.IsConfigFile(e.Name()) {
			return false, nil
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
