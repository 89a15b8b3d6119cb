package lang

import (
	"github.com/hashicorp/hcl/v2"

	"github.com/syncform/syncform/providers/attr"
)

// Options are what Load needs besides the folder.
type Options struct {
	Dir       string
	Version   string                   // of this binary, for required_version
	Providers map[string]attr.Provider // by name; those not Available are refused in one sentence
	VarFiles  []string                 // -var-file, in order
	Vars      []string                 // -var name=value, in order with VarFiles; they win over files
	Env       func(string) (string, bool)
}

// Load reads, evaluates and checks the configuration. The Config is nil when the
// diagnostics have errors that leave nothing to go on with.
func Load(o Options) (*Config, hcl.Diagnostics) {
	panic("bug in syncform: written next")
}
