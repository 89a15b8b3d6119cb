package main

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"
)

func TestRepository(t *testing.T) {
	found, err := check(os.DirFS("../../.."), module)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range found {
		t.Error(line)
	}
}

func TestViolations(t *testing.T) {
	const our = `"` + module + `/`
	for name, c := range map[string]struct{ file, text, want string }{
		"executor must not see lang":        {"executor/apply/x.go", "package apply\nimport _ " + our + `lang"`, "executor/apply/x.go:2: executor/apply may not import lang"},
		"executor must not see the planner": {"executor/x.go", "package executor\nimport _ " + our + `planner"`, "executor may not import planner"},
		"executor sees plans":               {"executor/x.go", "package executor\nimport _ " + our + `planner/plan"`, ""},
		"lang must not see providers":       {"lang/x.go", "package lang\nimport _ " + our + `providers"`, "lang may not import providers"},
		"lang sees attributes as data":      {"lang/x.go", "package lang\nimport _ " + our + `providers/attr"`, ""},
		"a provider sees no other":          {"providers/mysql/x.go", "package mysql\nimport _ " + our + `providers/postgres"`, "providers/mysql may not import providers/postgres"},
		"a provider's test sees servers":    {"providers/mysql/x_test.go", "package mysql_test\nimport _ " + our + `providers/providertest"`, ""},
		"a provider sees no servers":        {"providers/mysql/x.go", "package mysql\nimport _ " + our + `providers/providertest"`, "may not import providers/providertest"},
		"schema is a leaf":                  {"providers/schema/x.go", "package schema\nimport _ " + our + `providers/row"`, "providers/schema may not import providers/row"},
		"a package that no rule knows":      {"stuff/x.go", "package stuff\nimport _ " + our + `providers"`, "stuff may not import providers"},
		"the command line stays in cmd":     {"planner/x.go", "package planner\nimport _ \"github.com/urfave/cli/v2\"", "planner may not import github.com/urfave/cli/v2"},
		"the command line in cmd":           {"cmd/syncform/x.go", "package main\nimport _ \"github.com/urfave/cli/v2\"", ""},
		"init":                              {"providers/x.go", "package providers\n\nfunc init() {}\n", "providers/x.go:3: no init()"},
		"a method may be called init":       {"providers/x.go", "package providers\ntype t int\nfunc (t) init() {}\n", ""},
		"util":                              {"providers/util/x.go", "package util\n", "no package is called util"},
		"a long file":                       {"providers/x.go", "package providers\n" + strings.Repeat("\n", 500), "501 lines"},
		"testdata is not ours":              {"lang/testdata/x.go", "package util\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			found, err := check(fstest.MapFS{c.file: {Data: []byte(c.text)}}, module)
			if err != nil {
				t.Fatal(err)
			}
			switch {
			case c.want == "" && len(found) > 0:
				t.Errorf("found %q, want nothing", found)
			case c.want != "" && (len(found) != 1 || !strings.Contains(found[0], c.want)):
				t.Errorf("found %q, want %q", found, c.want)
			}
		})
	}
}
