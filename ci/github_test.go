package ci

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/rhysd/actionlint"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"sigs.k8s.io/yaml"
)

// TestWorkflow: actionlint finds nothing in the workflow.
func TestWorkflow(t *testing.T) {
	var out strings.Builder
	l, err := actionlint.NewLinter(&out, &actionlint.LinterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	found, err := l.LintFile("github/workflow.yml", nil)
	if err != nil || len(found) > 0 {
		t.Errorf("%v\n%s", err, out.String())
	}
}

// matches checks a YAML file against a JSON Schema.
func matches(t *testing.T, file, schema string) {
	t.Helper()
	s, err := jsonschema.NewCompiler().Compile(schema)
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	j, err := yaml.YAMLToJSONStrict(b)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(string(j)))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Validate(v); err != nil {
		t.Errorf("%s: %v", file, err)
	}
}

// TestSchemas: the files are what their systems' schemas ask for.
func TestSchemas(t *testing.T) {
	for _, f := range []string{"github/install/action.yml", "github/plan/action.yml", "github/apply/action.yml"} {
		matches(t, f, "schemas/github-action.json")
	}
	matches(t, "gitlab/syncform.gitlab-ci.yml", "schemas/gitlab-ci.json")
}

// comments is the part of GitHub's API that comment.sh uses.
type comments struct {
	mu   sync.Mutex
	all  []map[string]any
	auth string
}

func (c *comments) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.auth = r.Header.Get("Authorization")
	b, _ := io.ReadAll(r.Body)
	var in map[string]any
	_ = json.Unmarshal(b, &in)
	switch {
	case r.Method == "GET" && r.URL.Path == "/repos/o/r/issues/7/comments":
		page := 1
		fmt.Sscan(r.URL.Query().Get("page"), &page)
		from, to := min(len(c.all), (page-1)*100), min(len(c.all), page*100)
		json.NewEncoder(w).Encode(append([]map[string]any{}, c.all[from:to]...))
	case r.Method == "POST" && r.URL.Path == "/repos/o/r/issues/7/comments":
		in["id"] = len(c.all) + 1
		c.all = append(c.all, in)
		w.WriteHeader(http.StatusCreated)
		json.NewEncoder(w).Encode(in)
	case r.Method == "PATCH" && strings.HasPrefix(r.URL.Path, "/repos/o/r/issues/comments/"):
		id := 0
		fmt.Sscan(filepath.Base(r.URL.Path), &id)
		c.all[id-1]["body"] = in["body"]
		json.NewEncoder(w).Encode(c.all[id-1])
	default:
		http.NotFound(w, r)
	}
}

// TestComment: the script makes one comment for each marker, and replaces it.
func TestComment(t *testing.T) {
	for _, tool := range []string{"bash", "curl", "jq"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Fatalf("comment.sh is not tested: %s is not installed (.ci/run installs it)", tool)
		}
	}
	api := &comments{}
	for i := range 130 {
		api.all = append(api.all, map[string]any{"id": i + 1, "body": fmt.Sprintf("comment %d", i)})
	}
	server := httptest.NewServer(api)
	defer server.Close()
	file := filepath.Join(t.TempDir(), "plan.md")
	post := func(text, want string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		c := exec.Command("bash", "github/comment.sh", "7", file)
		c.Env = append(os.Environ(), "GITHUB_API_URL="+server.URL, "GITHUB_REPOSITORY=o/r", "GITHUB_TOKEN=t0ken")
		out, err := c.CombinedOutput()
		if err != nil || !strings.Contains(string(out), want) {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	post("<!-- syncform-plan: a -->\nfirst \"quoted\" `$HOME`\n", "made")
	post("<!-- syncform-plan: b -->\nother\n", "made")
	post("<!-- syncform-plan: a -->\nsecond\n", "updated comment 131")
	if len(api.all) != 132 || api.all[130]["body"] != "<!-- syncform-plan: a -->\nsecond\n" || api.all[131]["body"] != "<!-- syncform-plan: b -->\nother\n" {
		t.Errorf("comments: %v", api.all[130:])
	}
	if api.auth != "Bearer t0ken" {
		t.Errorf("authorization %q", api.auth)
	}
}
