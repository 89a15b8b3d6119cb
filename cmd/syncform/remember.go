package main

import (
	"slices"
	"strings"

	"github.com/syncform/syncform/lang"
	"github.com/syncform/syncform/planner/plan"
)

// remember keeps in a plan which variables the command line set, so that apply reads
// the configuration as plan did. Sensitive ones are left out and must be given again.
func remember(p *plan.Plan, cfg *lang.Config, o configOptions) {
	p.VarFiles = o.varFiles
	secret := sensitiveTexts(cfg)
	seen := map[string]bool{}
	for _, v := range o.vars {
		name, value, _ := strings.Cut(v, "=")
		name = strings.TrimSpace(name)
		if variable := variableOf(cfg, name); variable == nil || !variable.Sensitive && !slices.ContainsFunc(secret, func(s string) bool { return len(value) > 2 && strings.Contains(s, value) }) {
			p.Vars = append(p.Vars, v)
		} else if !seen[name] {
			seen[name] = true
			p.SecretVars = append(p.SecretVars, name)
		}
	}
}

func variableOf(cfg *lang.Config, name string) *lang.Variable {
	for _, v := range cfg.Variables {
		if v.Name == name {
			return v
		}
	}
	return nil
}

// recall gives the options that the configuration is read with to apply a plan; what
// the command line says comes behind what the plan remembers, and wins. Secrets that the
// plan was made with must be given again.
func (s *session) recall(p *plan.Plan, o configOptions) (configOptions, error) {
	for _, name := range p.SecretVars {
		_, inEnv := s.env("SF_VAR_" + name)
		if !inEnv && !slices.ContainsFunc(o.vars, func(v string) bool { return strings.HasPrefix(v, name+"=") }) {
			return o, refused("A sensitive variable is missing", "The plan was made with a value of var.%s that is not kept in the plan file, as it is sensitive. Give it again: -var %s=..., or SF_VAR_%s in the environment.", name, name, name)
		}
	}
	return configOptions{vars: slices.Concat(p.Vars, o.vars), varFiles: slices.Concat(p.VarFiles, o.varFiles)}, nil
}
