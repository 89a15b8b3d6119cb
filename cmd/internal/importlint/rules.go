package main

import (
	"path"
	"slices"
	"strings"
)

// rule says which of our packages the packages it is for may import. In both, "x"
// is package x, "x/*" those one level below it, "x/**" all below it. The first rule
// that is for a package holds; a package without a rule is a violation.
type rule struct {
	packages string
	may      []string
}

// leaves are what every provider and everything above may use.
var leaves = []string{"providers/schema", "providers/row", "providers/attr", "providers/script", "lang/expr"}

// rules is architecture.md's "Who may import whom".
var rules = []rule{
	{"providers/schema", nil},
	{"providers/attr", nil},
	{"providers/script", []string{"providers/schema"}},
	{"providers/row", []string{"providers/schema"}},
	{"lang/expr", []string{"providers/schema", "providers/row"}},
	{"providers", leaves},
	{"providers/ledger", append(leaves, "providers")},
	{"providers/all", append(leaves, "providers", "providers/*")},
	{"providers/providertest/**", append(leaves, "providers", "providers/ledger", "providers/providertest/**")},
	{"providers/**", append(leaves, "providers", "providers/ledger")},
	{"lang/**", []string{"lang/**", "providers/schema", "providers/attr"}},
	{"planner/plan", append(leaves, "providers")},
	{"planner/state", append(leaves, "providers", "planner/plan")},
	{"planner/**", append(leaves, "providers", "providers/ledger", "lang", "planner/**")},
	{"executor/**", append(leaves, "providers", "providers/ledger", "planner/plan", "planner/state", "executor/**")},
	{"docs", nil},
	{"cmd/**", []string{"**"}},
	{"examples/**", []string{"**"}},
	{"internal/**", []string{"**"}},
}

// tests may use real servers and providers besides.
var tests = []string{"providers/providertest", "providers/all", "providers/postgres", "providers/mysql", "providers/sqlite"}

// foreign says who alone may import a module that is not ours.
var foreign = []struct{ module, only string }{
	{"github.com/urfave/cli", "cmd/**"},
	{"github.com/vbauerster/mpb", "cmd/**"},
	{"github.com/hashicorp/hcl", "lang/** planner/** cmd/**"},
}

// match reports whether package p is one of those that the pattern names.
func match(pattern, p string) bool {
	if base, ok := strings.CutSuffix(pattern, "**"); ok {
		return strings.HasPrefix(p+"/", base)
	}
	if base, ok := strings.CutSuffix(pattern, "/*"); ok {
		return path.Dir(p) == base
	}
	return p == pattern
}

// mayImport reports whether package from may import package to, both ours.
func mayImport(from, to string, test bool) bool {
	if from == to { // an external test of the package
		return true
	}
	i := slices.IndexFunc(rules, func(r rule) bool { return match(r.packages, from) })
	if i < 0 {
		return false
	}
	may := rules[i].may
	if test {
		may = append(slices.Clone(may), tests...)
	}
	return slices.ContainsFunc(may, func(pattern string) bool { return match(pattern, to) })
}

// mayImportForeign reports whether package from may import a package of another module.
func mayImportForeign(from, to string) bool {
	for _, f := range foreign {
		if to != f.module && !strings.HasPrefix(to, f.module+"/") {
			continue
		}
		if !slices.ContainsFunc(strings.Fields(f.only), func(pattern string) bool { return match(pattern, from) }) {
			return false
		}
	}
	return true
}
