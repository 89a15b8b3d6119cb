package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/syncform/syncform/providers/providertest"
)

// policyRuns are the changes at the source that the pages of policies show, by page.
var policyRuns = map[string]struct {
	change  []string
	mapping string // what stands in the mapping then
}{
	"add_column":    {change: []string{"ALTER TABLE orders ADD COLUMN tier VARCHAR(20) DEFAULT 'bronze'"}},
	"remove_column": {change: []string{"ALTER TABLE orders DROP COLUMN note"}},
	"modify_type": {change: []string{"CREATE TABLE o (id INTEGER PRIMARY KEY, customer VARCHAR(10), qty BIGINT, note VARCHAR(80))", "INSERT INTO o SELECT * FROM orders",
		"DROP TABLE orders", "ALTER TABLE o RENAME TO orders"}},
	"rename_column": {change: []string{"ALTER TABLE orders RENAME COLUMN customer TO buyer"}, mapping: "column \"buyer\" {\n    renamed_from = \"customer\"\n  }"},
	"drop_table":    {change: []string{"DROP TABLE returns"}},
	"evolve":        {change: []string{"ALTER TABLE orders ADD COLUMN tier VARCHAR(20) DEFAULT 'bronze'", "ALTER TABLE orders DROP COLUMN note", "DROP TABLE returns"}},
	"strict":        {change: []string{"ALTER TABLE orders ADD COLUMN tier VARCHAR(20) DEFAULT 'bronze'"}},
	"ignore":        {change: []string{"ALTER TABLE orders ADD COLUMN tier VARCHAR(20) DEFAULT 'bronze'", "CREATE TABLE parcels (id INTEGER PRIMARY KEY)"}},
}

var (
	policyRun  = regexp.MustCompile("(?s)<!-- run: (.*?) -->\n.*?<!-- end -->")
	backupName = regexp.MustCompile(`(_sync_backup_\w+_)[0-9a-f]{10}`)
)

// TestPolicyPages: what the pages of policies show of runs is what the binary prints.
func TestPolicyPages(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(docs, "policies")
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, f := range files {
		name := strings.TrimSuffix(f.Name(), ".md")
		run, known := policyRuns[name]
		if name == "README" {
			continue
		}
		if !known {
			t.Errorf("%s is of no policy", f.Name())
			continue
		}
		seen++
		path := filepath.Join(dir, f.Name())
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !policyRun.Match(text) {
			t.Errorf("%s shows no run", f.Name())
		}
		made := policyRun.ReplaceAllStringFunc(string(text), func(m string) string {
			policy := policyRun.FindStringSubmatch(m)[1]
			return fmt.Sprintf("<!-- run: %s -->\n```text\n%s```\n<!-- end -->", policy, policyPlan(t, policy, run.mapping, run.change))
		})
		switch {
		case made == string(text):
		case *update:
			write(t, path, made)
		default:
			t.Errorf("%s does not show what the binary prints; run: go test ./cmd/syncform -run TestPolicyPages -update", path)
		}
	}
	if seen != len(policyRuns) {
		t.Errorf("%d of %d policies have a page", seen, len(policyRuns))
	}
}

// policyPlan applies a sync, changes its source, and gives what plan prints.
func policyPlan(t *testing.T, policy, mapping string, change []string) string {
	dir := t.TempDir()
	shop := filepath.Join(dir, "shop.db")
	providertest.Exec(t, shop, "CREATE TABLE orders (id INTEGER PRIMARY KEY, customer VARCHAR(40), qty SMALLINT, note VARCHAR(80))", "INSERT INTO orders VALUES (1, 'Ada', 2, 'gift'), (2, 'Linus', 1, NULL)",
		"CREATE TABLE returns (id INTEGER PRIMARY KEY, reason VARCHAR(80))", "INSERT INTO returns VALUES (1, 'broken')")
	config := func(mapping string) {
		more := "mapping \"*\" {}"
		if mapping != "" {
			more += "\n  mapping \"orders\" {\n  " + mapping + "\n  }"
		}
		write(t, filepath.Join(dir, "main.sf.hcl"), fmt.Sprintf(`source "sqlite" "shop" {
  path = "shop.db"
}
target "sqlite" "warehouse" {
  path = "warehouse.db"
}
schema_policy "team" {
  %s
}
sync "copy" {
  source        = source.sqlite.shop
  target        = target.sqlite.warehouse
  mode          = "full"
  schema_policy = schema_policy.team
  %s
}
`, policy, more))
	}
	config("")
	run(t, dir, 0, "apply", "-auto-approve")
	providertest.Exec(t, shop, change...)
	config(mapping)
	c := command(t, dir, "plan", "-detailed-exitcode")
	out, _ := c.CombinedOutput() // the exit code is shown
	text := strings.TrimRight(backupName.ReplaceAllString(string(out), "${1}0123456789"), "\n")
	if i := strings.Index(text, "\n\nWhat to do about the hazards"); i >= 0 {
		text = text[:i]
	}
	return fmt.Sprintf("%s\n\nexit code %d\n", text, c.ProcessState.ExitCode())
}
