package main

import (
	"errors"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	app := (&session{}).app()
	for in, want := range map[string]string{
		"plan":                              "syncform plan",
		"plan -out f":                       "syncform plan -out f",
		"apply f -auto-approve":             "syncform apply -auto-approve -- f",
		"apply f --parallelism 2 -no-color": "syncform apply --parallelism 2 -no-color -- f",
		"apply -lock=false f":               "syncform apply -lock=false -- f",
		"-chdir=d state mv a -dry-run b":    "syncform state mv -dry-run -- a b",
		"state -chdir d mv a b":             "syncform state mv -- a b",
		"fmt -":                             "syncform fmt -- -",
		"fmt -- -x":                         "syncform fmt -- -x",
		"output -raw name":                  "syncform output -raw -- name",
		"sync -once x":                      "syncform sync -once -- x",
	} {
		l, err := parse(app, strings.Fields(in))
		if err != nil {
			t.Errorf("%s: %v", in, err)
			continue
		}
		if got := strings.Join(l.arranged("syncform"), " "); got != want {
			t.Errorf("%s: got %q, want %q", in, got, want)
		}
		if strings.Contains(in, "chdir") && l.chdir != "d" {
			t.Errorf("%s: -chdir is %q", in, l.chdir)
		}
	}
	for in, want := range map[string]string{
		"plam":               `Did you mean "plan"?`,
		"xyzzy":              `no command named "xyzzy".`,
		"state mov":          `Did you mean "mv"?`,
		"plan -autoapprove":  "not defined: -autoapprove.",
		"apply -autoapprove": "Did you mean -auto-approve?",
		"-no-such plan":      "not defined: -no-such",
		"plan -out":          "needs an argument: -out",
		"plan -chdir":        "-chdir=DIR",
	} {
		_, err := parse(app, strings.Fields(in))
		var u *usageError
		if !errors.As(err, &u) || !strings.Contains(u.detail, want) {
			t.Errorf("%s: got %v, want %q", in, err, want)
		}
	}
}
