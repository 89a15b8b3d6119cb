package planner

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/syncform/syncform/lang"
	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/all"
	"github.com/syncform/syncform/providers/attr"
	"github.com/syncform/syncform/providers/mysql"
	"github.com/syncform/syncform/providers/postgres"
	"github.com/syncform/syncform/providers/providertest"
	"github.com/syncform/syncform/providers/schema"
	sqltext "github.com/syncform/syncform/providers/script"
)

// pairs is where schemas and what becomes of them stand, by system: NAME/old.sql and
// NAME/new.sql. A file "refused" beside them holds a part of the reason why old can't
// become new; "forward" says that the way back is another matter, and why; "values"
// names the columns (table.column) whose values change by what the pair is about;
// "same" says that the two are one schema, spelled in two ways, which plans empty;
// "since" the oldest major version that knows the words. "fault" says what syncform still
// does wrong there: such a pair is not run.
const pairsDir = "../testdata/diff"

// TestPairs changes each pair's old schema into its new one and back: what is planned
// is applied, the next plan is empty, the catalogue is that of the new schema as the
// server alone makes it, and rows keep their values.
//
// SF_TEST_RETYPE=1 has PostgreSQL, MySQL and MariaDB change types on new columns, however small the tables are.
// SF_TEST_PAIRS=all runs them on every version of PostgreSQL, not on the newest alone.
func TestPairs(t *testing.T) {
	versions := providertest.PostgresVersions()
	if n := len(versions); n > 1 && os.Getenv("SF_TEST_PAIRS") != "all" {
		versions = versions[n-1:]
	}
	for _, v := range versions {
		for part := range 2 { // there are twice as many as MySQL has
			t.Run(fmt.Sprintf("postgres%s-%d", v, part), func(t *testing.T) {
				t.Parallel()
				b := newPairs(t, "postgresql", v, func() string { return providertest.Postgres(t, v) })
				b.some(t, "postgres", part, 2)
			})
		}
	}
	t.Run("mysql", func(t *testing.T) {
		t.Parallel()
		newPairs(t, "mysql", "mysql", func() string { return providertest.MySQL(t) }).some(t, "mysql", 0, 1)
	})
	t.Run("mariadb", func(t *testing.T) {
		t.Parallel()
		newPairs(t, "mysql", "mariadb", func() string { return providertest.MariaDB(t) }).some(t, "mysql", 0, 1)
	})
}

// pairBench is a target, a scratch database and one that shows what the server alone
// would make, used by one pair after the other.
type pairBench struct {
	provider, version          string
	target, scratch, reference string // URLs
	targetConn                 providers.Conn
	system                     schema.System
	cfgDir                     string
	hazards                    string
	from                       providers.Provider // nil: as it is wired
	aside                      int                // plans with a change of type on a new column
}

func newPairs(t *testing.T, provider, version string, fresh func() string) *pairBench {
	t.Helper()
	b := &pairBench{provider: provider, version: version, target: fresh(), scratch: fresh(), reference: fresh(), cfgDir: t.TempDir()}
	b.system = schema.PostgreSQL
	if provider == "mysql" {
		b.system = schema.System(version)
	}
	var codes []string
	for _, h := range Hazards {
		codes = append(codes, fmt.Sprintf("%q", h.Code))
	}
	b.hazards = strings.Join(codes, ", ")
	return b
}

func (b *pairBench) open(t *testing.T, addr, url string) providers.Conn {
	t.Helper()
	from := all.Providers()[b.provider]
	if b.from != nil {
		from = b.from
	} else if os.Getenv("SF_TEST_RETYPE") != "" {
		from = map[string]providers.Provider{"postgresql": postgres.Provider{RetypeFrom: 1}, "mysql": mysql.Provider{RetypeFrom: 1}}[b.provider]
	}
	conn, err := from.Open(context.Background(), providers.Config{Addr: addr, Attrs: map[string]any{"connection": url}})
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

// some runs the pairs of one of several parts of an area.
func (b *pairBench) some(t *testing.T, area string, part, parts int) {
	dirs, err := filepath.Glob(filepath.Join(pairsDir, area, "*", "old.sql"))
	if err != nil || len(dirs) == 0 {
		t.Fatalf("no pairs in %s: %v", area, err)
	}
	for i, path := range dirs {
		if i%parts != part {
			continue
		}
		dir := filepath.Dir(path)
		p := readPair(t, dir)
		if p.since != "" && b.provider == "postgresql" && b.version < p.since || p.only != "" && p.only != b.version {
			continue
		}
		if p.fault != "" {
			t.Logf("KNOWN FAULT, NOT RUN: %s: %s", filepath.Base(dir), p.fault)
			continue
		}
		t.Run(filepath.Base(dir), func(t *testing.T) {
			b.change(t, p, p.old, p.new, p.refused)
		})
		if !p.forward && p.refused == "" {
			t.Run(filepath.Base(dir)+"/back", func(t *testing.T) { b.change(t, p, p.new, p.old, "") })
		}
	}
}

type pair2 struct {
	old, new       string
	refused, since string
	fault          string
	only           string // mysql or mariadb
	forward, same  bool
	values         []string
}

func readPair(t *testing.T, dir string) pair2 {
	read := func(name string) string {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		return string(b)
	}
	trim := strings.TrimSpace
	return pair2{old: read("old.sql"), new: read("new.sql"), refused: trim(read("refused")), since: trim(read("since")), only: trim(read("only")), fault: trim(read("fault")),
		forward: exists(filepath.Join(dir, "forward")), same: exists(filepath.Join(dir, "same")), values: strings.Fields(read("values"))}
}

// change takes the target from one schema to another.
func (b *pairBench) change(t *testing.T, p pair2, from, to, refused string) {
	t.Helper()
	b.load(t, b.target, from)
	b.load(t, b.reference, to)
	if wrong := b.converge(t, p, to, refused); wrong != "" {
		t.Error(wrong)
	}
}

// converge takes the target to the schema that the reference has been given, and says
// what went wrong, "" for nothing.
func (b *pairBench) converge(t *testing.T, p pair2, to, refused string) string {
	t.Helper()
	b.targetConn = b.open(t, "target."+b.provider+".b", b.target)
	defer func() {
		if err := b.targetConn.Close(); err != nil {
			t.Error(err)
		}
	}()
	before := b.rows(t)
	b.analyze(t)
	pl, diags := b.plan(t, to)
	if pl != nil && strings.Contains(render(pl, nil), "on a new column") {
		b.aside++
	}
	switch {
	case diags != "" && refused != "" && strings.Contains(diags, refused):
		return ""
	case diags != "":
		return "not planned: " + diags
	case refused != "":
		held := ""
		for _, a := range pl.Actions {
			held += a.Held + a.Info
		}
		if !strings.Contains(held, refused) {
			return "not refused:\n" + render(pl, nil)
		}
		return ""
	case pl.Held > 0:
		return "held, with every hazard allowed:\n" + steps(pl)
	}
	if err := b.apply(pl); err != "" {
		return fmt.Sprintf("%s\nplan:\n%s", err, steps(pl))
	}
	var wrong []string
	if got, want := b.dump(t, b.target), b.dump(t, b.reference); got != want && !p.same {
		wrong = append(wrong, "the catalogue is another one (- wanted, + is):\n"+lineDiff(want, got))
	}
	again, diags := b.plan(t, to)
	switch {
	case diags != "":
		wrong = append(wrong, "the next plan: "+diags)
	case !again.Empty() || again.Held > 0:
		wrong = append(wrong, "the next plan is not empty:\n"+steps(again))
	}
	if p.same && len(pl.Actions) > 0 {
		wrong = append(wrong, "it is only spelled differently, and there is something to do")
	}
	wrong = append(wrong, b.compareRows(t, p, before, b.rows(t))...)
	wrong = append(wrong, b.falseDrift(t)...)
	if len(wrong) > 0 {
		wrong = append(wrong, "plan:\n"+steps(pl))
	}
	return strings.Join(wrong, "\n")
}

// analyze has the server count its rows, where changes of type are to see that there are any.
func (b *pairBench) analyze(t *testing.T) {
	switch {
	case os.Getenv("SF_TEST_RETYPE") == "":
	case b.system == schema.PostgreSQL:
		providertest.Exec(t, b.target, "ANALYZE")
	default:
		for _, r := range providertest.Query(t, b.target, "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE = 'BASE TABLE'") {
			providertest.Exec(t, b.target, "ANALYZE TABLE `"+strings.ReplaceAll(r[0], "`", "``")+"`")
		}
	}
}

// falseDrift is what a plan would say that others have changed right after the apply: its
// tables as the state keeps them, against the tables as the plan inspects them.
func (b *pairBench) falseDrift(t *testing.T) (wrong []string) {
	t.Helper()
	inspect := func(o providers.InspectOptions) *schema.Database {
		db, err := b.targetConn.Inspect(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		return db
	}
	live := inspect(providers.InspectOptions{})
	var names []schema.Name
	for i := range live.Tables {
		names = append(names, live.Tables[i].Name)
	}
	text, err := json.Marshal(inspect(providers.InspectOptions{Tables: names, NoEstimates: true}).Tables)
	if err != nil {
		t.Fatal(err)
	}
	var kept []schema.Table
	if err := json.Unmarshal(text, &kept); err != nil {
		t.Fatal(err)
	}
	for i := range kept {
		for _, what := range describe(&kept[i], live.Table(kept[i].Name), live.System) {
			wrong = append(wrong, fmt.Sprintf("nobody has touched %s, and the next plan says so: %s", kept[i].Name, what))
		}
	}
	return wrong
}

// load makes the database hold just this.
func (b *pairBench) load(t *testing.T, url, text string) {
	t.Helper()
	if b.system == schema.PostgreSQL {
		var drops []string
		for _, r := range providertest.Query(t, url, "SELECT quote_ident(nspname) FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'") {
			drops = append(drops, "DROP SCHEMA "+r[0]+" CASCADE")
		}
		drops = append(drops, "SET client_min_messages = error")
		slices.Reverse(drops)
		providertest.Exec(t, url, strings.Join(append(drops, "CREATE SCHEMA public"), "; "), text)
		return
	}
	drops := []string{"SET foreign_key_checks = 0"}
	for _, r := range providertest.Query(t, url, "SELECT TABLE_TYPE, TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()") {
		kind := "TABLE"
		if r[0] != "BASE TABLE" && r[0] != "SYSTEM VERSIONED" {
			kind = r[0]
		}
		drops = append(drops, "DROP "+kind+" `"+strings.ReplaceAll(r[1], "`", "``")+"`")
	}
	statements, err := sqltext.Split(b.system, sqltext.File{Name: "pair", Text: text})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range statements {
		drops = append(drops, s.Text)
	}
	providertest.Exec(t, url, drops...)
}

// plan plans the schema for the target.
func (b *pairBench) plan(t *testing.T, to string) (*plan.Plan, string) {
	t.Helper()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(b.cfgDir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("schema.sql", to)
	wild := `mapping "*" {
    prune         = true
    allow_hazards = [` + b.hazards + `]
  }`
	if b.system == schema.PostgreSQL {
		for _, s := range []string{"app", "other"} {
			if strings.Contains(strings.ToLower(to), "schema "+s) || strings.Contains(strings.ToLower(to), s+".") {
				wild += "\n  " + strings.Replace(wild[:strings.Index(wild, "}")+1], `"*"`, `"`+s+`.*"`, 1)
			}
		}
	}
	write("main.sf.hcl", fmt.Sprintf(`
source "sql" "a" {
  files   = ["schema.sql"]
  scratch = target.%[1]s.scratch
}
target %[1]q "scratch" {
  connection = %[2]q
}
target %[1]q "b" {
  connection = %[3]q
}
sync "s" {
  source = source.sql.a
  target = target.%[1]s.b
  mode   = "schema"
  %[4]s
}
`, b.provider, b.scratch, b.target, wild))
	schemas := map[string]attr.Provider{}
	for name, p := range all.Providers() {
		schemas[name] = p.Schema()
	}
	cfg, diags := lang.Load(lang.Options{Dir: b.cfgDir, Providers: schemas, Env: os.LookupEnv})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	files, err := all.Providers()["sql"].Open(context.Background(), providers.Config{Addr: "source.sql.a", Dir: b.cfgDir, Attrs: map[string]any{"files": []string{"schema.sql"}},
		Scratch: b.open(t, "target."+b.provider+".scratch", b.scratch)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := files.Close(); err != nil {
			t.Error(err)
		}
	}()
	p, diags := Make(context.Background(), Input{Config: cfg, Conns: map[string]providers.Conn{"source.sql.a": files, "target." + b.provider + ".b": b.targetConn}, Options: Options{Version: "test"}})
	if diags.HasErrors() {
		return nil, render(nil, diags)
	}
	return p, ""
}

// apply runs the steps that are not held, in order.
func (b *pairBench) apply(p *plan.Plan) string {
	runner, err := providers.As[providers.StepRunner](b.targetConn)
	if err != nil {
		return err.Error()
	}
	for _, a := range p.Actions {
		if a.Held != "" {
			continue
		}
		if a.Backup != nil {
			keeper, err := providers.As[providers.Backuper](b.targetConn)
			if err == nil {
				err = keeper.NoteBackup(context.Background(), providers.BackupEntry{Backup: *a.Backup, Addr: a.Addr, Plan: p.ID})
			}
			if err != nil {
				return err.Error()
			}
		}
		for n, s := range a.Steps {
			if _, err := runner.RunStep(context.Background(), providers.StepKey{Plan: p.ID, Action: a.ID, Step: n}, s); err != nil {
				return fmt.Sprintf("%s step %d: %s: %v", a.ID, n, s.Text, err)
			}
		}
	}
	return ""
}

func steps(p *plan.Plan) string {
	var out strings.Builder
	for _, a := range p.Actions {
		if a.Held != "" {
			fmt.Fprintf(&out, "  held %s: %s\n", a.Addr, a.Held)
		}
		for _, s := range a.Steps {
			fmt.Fprintf(&out, "  %s;\n", s.Text)
		}
	}
	for _, n := range p.Notes {
		fmt.Fprintf(&out, "  -- %s: %s\n", n.Addr, n.Text)
	}
	return out.String()
}

// lineDiff shows the lines that only one of two texts has.
func lineDiff(want, got string) string {
	var out []string
	has := func(lines []string, l string) bool { return slices.Contains(lines, l) }
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for _, l := range w {
		if !has(g, l) {
			out = append(out, "- "+l)
		}
	}
	for _, l := range g {
		if !has(w, l) {
			out = append(out, "+ "+l)
		}
	}
	return strings.Join(out, "\n")
}

// rows reads the values of each column: table.column, or schema.table.column -> sorted values.
func (b *pairBench) rows(t *testing.T) map[string][]string {
	t.Helper()
	query := "SELECT TABLE_NAME, COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND GENERATION_EXPRESSION = '' AND TABLE_NAME NOT LIKE '\\_sync%'"
	cast := func(c string) string { return "HEX(CAST(`" + strings.ReplaceAll(c, "`", "``") + "` AS CHAR))" }
	q := "`"
	if b.system == schema.PostgreSQL {
		query = "SELECT c.relname, a.attname, n.nspname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT attisdropped AND attgenerated = '' AND c.relname NOT LIKE '\\_sync%'"
		cast = func(c string) string { return `"` + strings.ReplaceAll(c, `"`, `""`) + `"::text` }
		q = `"`
	}
	out := map[string][]string{}
	var selects []string
	for _, r := range providertest.Query(t, b.target, query) {
		name, from := r[0]+"."+r[1], q+strings.ReplaceAll(r[0], q, q+q)+q
		if len(r) > 2 && r[2] != "public" {
			name, from = r[2]+"."+name, q+r[2]+q+"."+from
		}
		out[name] = nil
		selects = append(selects, "SELECT '"+strings.ReplaceAll(name, "'", "''")+"', "+cast(r[1])+" FROM "+from)
	}
	if len(selects) == 0 {
		return out
	}
	for _, v := range providertest.Query(t, b.target, strings.Join(selects, " UNION ALL ")) {
		out[v[0]] = append(out[v[0]], v[1])
	}
	for name := range out {
		slices.Sort(out[name])
	}
	return out
}

// compareRows says of which columns, there before and after, the values are others.
func (b *pairBench) compareRows(t *testing.T, p pair2, before, after map[string][]string) []string {
	t.Helper()
	var wrong []string
	for name, values := range before {
		now, ok := after[name]
		if slices.ContainsFunc(p.values, func(v string) bool { return name == v || strings.HasPrefix(name, v+".") }) || !ok && !b.there(t, name) {
			continue
		}
		if !slices.Equal(values, now) {
			wrong = append(wrong, fmt.Sprintf("the values of %s were %q and are %q", name, values, now))
		}
	}
	return wrong
}

// there reports whether the target has a column.
func (b *pairBench) there(t *testing.T, name string) bool {
	t.Helper()
	full, in := "concat(TABLE_NAME, '.', COLUMN_NAME)", "TABLE_SCHEMA = DATABASE()"
	if b.system == schema.PostgreSQL {
		full, in = "concat(CASE table_schema WHEN 'public' THEN '' ELSE table_schema || '.' END, table_name, '.', column_name)", "true"
	}
	return len(providertest.Query(t, b.target, "SELECT 1 FROM information_schema.COLUMNS WHERE "+in+" AND "+full+" = '"+strings.ReplaceAll(name, "'", "''")+"'")) > 0
}
