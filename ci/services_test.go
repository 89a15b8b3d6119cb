package ci

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/coreos/go-systemd/v22/unit"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

// TestKubernetes: the manifests are what the API's own types hold, and no field more.
func TestKubernetes(t *testing.T) {
	b, err := os.ReadFile("kubernetes/sync.yaml")
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]func() any{
		"apps/v1 Deployment": func() any { return &appsv1.Deployment{} },
		"v1 ServiceAccount":  func() any { return &corev1.ServiceAccount{} },
	}
	for _, part := range bytes.Split(b, []byte("\n---\n")) {
		var head struct{ APIVersion, Kind string }
		if err := yaml.Unmarshal(part, &head); err != nil {
			t.Fatal(err)
		}
		of := kinds[head.APIVersion+" "+head.Kind]
		if of == nil {
			t.Errorf("a manifest of %s %s", head.APIVersion, head.Kind)
			continue
		}
		o := of()
		if err := yaml.UnmarshalStrict(part, o); err != nil {
			t.Errorf("%s: %v", head.Kind, err)
		}
		d, ok := o.(*appsv1.Deployment)
		if !ok {
			continue
		}
		for k, v := range d.Spec.Selector.MatchLabels {
			if d.Spec.Template.Labels[k] != v {
				t.Errorf("the selector's label %s=%s is not the template's", k, v)
			}
		}
		if *d.Spec.Replicas != 1 || d.Spec.Strategy.Type != appsv1.RecreateDeploymentStrategyType {
			t.Error("two instances may run at once")
		}
		volumes := map[string]bool{}
		for _, v := range d.Spec.Template.Spec.Volumes {
			volumes[v.Name] = true
		}
		for _, m := range d.Spec.Template.Spec.Containers[0].VolumeMounts {
			if !volumes[m.Name] {
				t.Errorf("no volume %s", m.Name)
			}
		}
	}
}

// TestSystemd: the unit parses, and systemd itself finds nothing where it is installed.
func TestSystemd(t *testing.T) {
	const file = "systemd/syncform-sync.service"
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	options, err := unit.DeserializeOptions(f)
	if err != nil {
		t.Fatal(err)
	}
	have := map[string]string{}
	for _, o := range options {
		have[o.Section+"."+o.Name] = o.Value
	}
	for name, want := range map[string]string{"Service.KillSignal": "SIGINT", "Install.WantedBy": "multi-user.target", "Service.Type": "exec"} {
		if have[name] != want {
			t.Errorf("%s is %q", name, have[name])
		}
	}
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Log("systemd-analyze is not installed; the unit is only parsed")
		return
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	bin := filepath.Join(t.TempDir(), "syncform")
	if err := os.WriteFile(bin, []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(t.TempDir(), filepath.Base(file))
	if err := os.WriteFile(copied, bytes.ReplaceAll(b, []byte("/usr/local/bin/syncform"), []byte(bin)), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(analyze, "verify", "--man=no", copied).CombinedOutput()
	for line := range strings.Lines(string(out)) {
		if strings.Contains(line, "syncform") {
			t.Errorf("%v: %s", err, line)
		}
	}
}

// TestContainer: the container file parses, and each stage that is copied from is there.
func TestContainer(t *testing.T) {
	b, err := os.ReadFile("container/Containerfile")
	if err != nil {
		t.Fatal(err)
	}
	r, err := parser.Parse(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range r.Warnings {
		t.Errorf("%s", w.Short)
	}
	stages := map[string]bool{}
	for _, n := range r.AST.Children {
		words := strings.Fields(n.Original)
		switch {
		case len(words) == 4 && strings.EqualFold(words[0], "FROM"):
			stages[words[3]] = true
		case words[0] == "COPY":
			for _, w := range words {
				if from, ok := strings.CutPrefix(w, "--from="); ok && !stages[from] {
					t.Errorf("no stage %s", from)
				}
			}
		}
	}
}

var command = regexp.MustCompile(`syncform(?: -chdir=\S+)? ([a-z-]+)((?: +[^|>&\n]+)?)`)

// TestCommands: every command and flag that the pieces use is there.
func TestCommands(t *testing.T) {
	bin := filepath.Join(t.TempDir(), "syncform")
	if out, err := exec.Command("go", "build", "-C", "..", "-o", bin, "./cmd/syncform").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	files := []string{"kubernetes/sync.yaml", "../.pre-commit-hooks.yaml", "github/workflow.yml", "github/plan/action.yml", "github/apply/action.yml", "gitlab/syncform.gitlab-ci.yml", "atlantis/repos.yaml", "systemd/syncform-sync.service", "README.md"}
	seen := 0
	for _, file := range files {
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(f)
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range command.FindAllStringSubmatch(string(b), -1) {
			help, err := exec.Command(bin, m[1], "-help").CombinedOutput()
			if err != nil {
				continue // prose
			}
			for _, w := range strings.Fields(m[2]) {
				flag, _, _ := strings.Cut(strings.Trim(w, "`\"',"), "=")
				if strings.HasPrefix(flag, "-") && !strings.Contains(string(help), "  "+flag) {
					t.Errorf("%s: %s has no flag %s", file, m[1], flag)
				}
				seen++
			}
		}
	}
	if seen < 20 {
		t.Errorf("only %d words of commands", seen)
	}
}
