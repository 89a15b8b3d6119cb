package view

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares got with testdata/name, or rewrites it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	goldenAt(t, filepath.Join("testdata", name), got)
}

// goldenAt compares got with a file, or rewrites it.
func goldenAt(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", path, got, want)
	}
}

func native(kind schema.Kind, words string) schema.Type {
	return schema.Type{Kind: kind, Native: words, System: schema.MySQL}
}

func samplePlan() *plan.Plan {
	users := schema.Name{Name: "dim_users"}
	orders := schema.Name{Name: "fact_orders"}
	bad := schema.Name{Name: "a\nsyncform \x1b[2J`x`"}
	toUsers := schema.Table{
		Name: users,
		Columns: []schema.Column{
			{Name: "user_id", Type: native(schema.Int, "bigint")},
			{Name: "user_status", Type: native(schema.Varchar, "varchar(20)"), Nullable: true, Default: &schema.Default{Literal: true, Text: "it's"}},
			{Name: "created", Type: native(schema.Timestamp, "datetime(6)"), Default: &schema.Default{Text: "current_timestamp(6)"}},
			{Name: "a_column_whose_name_is_as_long_as_names_may_be_in_most_systems_x", Type: native(schema.EnumKind, "enum('active','inactive','pending','deleted')"), Nullable: true,
				Generated: &schema.Generated{Expr: "case when user_status = 'x' then 'active' else 'inactive' end", Stored: true}},
		},
		PrimaryKey: &schema.Key{Parts: []schema.KeyPart{{Column: "user_id"}}},
		Checks:     []schema.Check{{Name: "status_ok", Expr: "user_status <> ''"}},
	}
	return &plan.Plan{
		FormatVersion: plan.FormatVersion, ID: "p1",
		Mappings: []plan.Mapping{
			{
				Addr: `sync.warehouse.mapping["users"]`, Sync: "sync.warehouse", Source: "source.postgresql.production", Target: "target.mysql.analytics",
				SourceTable: schema.Name{Schema: "public", Name: "users"}, TargetTable: users,
				Columns: []plan.Column{{Source: "id", Target: "user_id", SourceType: &schema.Type{}, TargetType: &schema.Type{}}, {Source: "created", Target: "created", SourceType: &schema.Type{}, TargetType: &schema.Type{}}},
			},
			{
				Addr: `sync.warehouse.mapping["orders"]`, Sync: "sync.warehouse", Source: "source.postgresql.production", Target: "target.mysql.analytics",
				SourceTable: schema.Name{Schema: "public", Name: "orders"}, TargetTable: orders,
			},
		},
		Actions: []plan.Action{
			{ID: "a001", Kind: plan.Create, Addr: `sync.warehouse.mapping["users"]`, Endpoint: "target.mysql.analytics", Table: users, Phase: plan.Expand, Change: schema.AddTable{To: toUsers},
				Reason: "the source has it", Steps: []providers.Step{{Text: "CREATE TABLE `dim_users` (\n  `user_id` bigint NOT NULL\n)"}}},
			{ID: "a002", Kind: plan.Update, Addr: `sync.warehouse.mapping["orders"]`, Endpoint: "target.mysql.analytics", Table: orders, Phase: plan.Expand,
				Change: schema.AddColumn{In: orders, Column: schema.Column{Name: "loyalty_tier", Type: native(schema.Varchar, "varchar(20)"), Nullable: true, Default: &schema.Default{Literal: true, Text: "bronze"}}},
				Steps:  []providers.Step{{Text: "ALTER TABLE `fact_orders` ADD COLUMN `loyalty_tier` varchar(20) DEFAULT 'bronze'"}}},
			{ID: "a003", Kind: plan.Update, Addr: `sync.warehouse.mapping["orders"]`, Endpoint: "target.mysql.analytics", Table: orders, Phase: plan.Expand,
				Change: schema.ModifyColumn{In: orders, From: schema.Column{Name: "qty", Type: native(schema.Int, "int")}, To: schema.Column{Name: "qty", Type: native(schema.Int, "bigint")}, Type: schema.Widens},
				Info:   "safe: int_to_bigint",
				Steps:  []providers.Step{{Text: "ALTER TABLE `fact_orders` MODIFY COLUMN `qty` bigint", Hazards: []providers.Hazard{{Code: "SF301", Text: "rewrites the table while writers wait, ~1,200,000 rows"}}}}},
			{ID: "a004", Kind: plan.Backfill, Addr: `sync.warehouse.mapping["users"]`, Endpoint: "target.mysql.analytics", Table: users, Phase: plan.Sync,
				Backfill: &plan.BackfillSpec{Mapping: `sync.warehouse.mapping["users"]`, Into: users, Rows: 1_200_000, Bytes: 310_000_000, Chunks: 120}},
			{ID: "a005", Kind: plan.Create, Addr: `sync.warehouse.mapping["users"]`, Endpoint: "target.mysql.analytics", Table: users, Phase: plan.Sync,
				Change: schema.AddPrimaryKey{In: users, Key: schema.Key{Parts: []schema.KeyPart{{Column: "user_id"}}}}, Steps: []providers.Step{{Text: "ALTER TABLE `dim_users` ADD PRIMARY KEY (`user_id`)"}}},
			{ID: "a006", Kind: plan.Create, Addr: `sync.warehouse.mapping["users"]`, Endpoint: "target.mysql.analytics", Table: users, Phase: plan.Sync,
				Change: schema.AddIndex{In: users, Index: schema.Index{Name: "by_status", Unique: true, Parts: []schema.KeyPart{{Column: "user_status", Prefix: 10}, {Column: "created", Desc: true}}}}, Steps: []providers.Step{{Text: "CREATE UNIQUE INDEX ..."}}},
			{ID: "a007", Kind: plan.Delete, Addr: `sync.warehouse.mapping["orders"].column["legacy_note"]`, Endpoint: "target.mysql.analytics", Table: orders, Phase: plan.Contract,
				Change: schema.DropColumn{In: orders, Column: schema.Column{Name: "legacy_note", Type: native(schema.Text, "text")}},
				Steps:  []providers.Step{{Text: "ALTER TABLE `fact_orders` DROP COLUMN `legacy_note`", Hazards: []providers.Hazard{{Code: "SF101", Text: "drops the column and its values"}}}},
				Held:   `dropping a column waits for approval; release it with apply -approve='sync.warehouse.mapping["orders"].column["legacy_note"]'`},
			{ID: "a008", Kind: plan.Delete, Addr: "sync.old", Endpoint: "target.mysql.analytics", Table: bad, Phase: plan.Contract, Change: schema.DropTable{From: schema.Table{Name: bad, Rows: 12}},
				Steps: []providers.Step{{Text: "DROP TABLE `a\n```b`"}}},
		},
		Held:  1,
		Notes: []plan.Note{{Addr: `sync.warehouse.mapping["users"]`, Text: "index \"by_body\" is left out: MySQL has no counterpart of gin; add a fulltext index by hand where searches need one."}},
	}
}

func TestPlan(t *testing.T) {
	p := samplePlan()
	for name, o := range map[string]PlanOptions{
		"plan.txt": {Hints: true},
		"plan_verbose.txt": {Verbose: true, Targets: true, SavedTo: "tfplan", Hints: true, Findings: []Finding{
			{Endpoint: "target.mysql.analytics", Finding: providers.Finding{Text: "the server refuses LOAD DATA LOCAL; rows are written by INSERT, which takes about twice as long", Fix: "SET GLOBAL local_infile = ON"}},
			{Endpoint: "source.postgresql.production", Finding: providers.Finding{Fatal: true, Text: "to read table public.users, the role needs SELECT", Fix: "GRANT SELECT ON public.users TO reader"}},
		}},
	} {
		var b bytes.Buffer
		if err := Plan(&b, Paint{}, p, o); err != nil {
			t.Fatal(err)
		}
		golden(t, name, b.String())
		for line := range strings.SplitSeq(b.String(), "\n") {
			if o.Verbose || strings.Contains(line, "a_column_whose_name") || strings.Contains(line, "apply -approve") {
				continue
			}
			if width(line) > 80 {
				t.Errorf("%s: wider than 80 columns: %q", name, line)
			}
		}
	}
	var plain, coloured bytes.Buffer
	if err := Plan(&plain, Paint{}, p, PlanOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := Plan(&coloured, Paint{On: true}, p, PlanOptions{}); err != nil {
		t.Fatal(err)
	}
	if got := stripColour(coloured.String()); got != plain.String() {
		t.Errorf("colour changes more than colour: got\n%s\nwant\n%s", got, plain.String())
	}
}

func stripColour(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == 0x1b {
			for s[i] != 'm' {
				i++
			}
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func TestPlanForms(t *testing.T) {
	p := samplePlan()
	var sql, md, js bytes.Buffer
	for _, err := range []error{PlanSQL(&sql, p), PlanMarkdown(&md, p, MarkdownOptions{}), PlanJSON(&js, p, nil)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	golden(t, "plan.sql", sql.String())
	golden(t, "plan.md", md.String())
	var back struct {
		FormatVersion string         `json:"format_version"`
		Actions       []plan.Action  `json:"actions"`
		Summary       map[string]any `json:"summary"`
	}
	if err := json.Unmarshal(js.Bytes(), &back); err != nil {
		t.Fatal(err)
	}
	if back.FormatVersion != plan.FormatVersion || len(back.Actions) != len(p.Actions) || back.Summary["create"] != 1.0 {
		t.Errorf("plan -json: %s", js.String())
	}
	if _, ok := back.Actions[0].Change.(schema.AddTable); !ok {
		t.Errorf("plan -json: the first change is %T", back.Actions[0].Change)
	}
}

func TestEmptyPlan(t *testing.T) {
	var b bytes.Buffer
	if err := Plan(&b, Paint{}, &plan.Plan{}, PlanOptions{Hints: true}); err != nil {
		t.Fatal(err)
	}
	if want := "No changes. The targets match the configuration.\n"; b.String() != want {
		t.Errorf("got %q, want %q", b.String(), want)
	}
}
