package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/syncform/syncform/providers/providertest"
)

// TestPushdown: with pushdown in its cdc block, a sync's publication sends the columns and
// rows that the mapping needs, the plan says so, the target is the same as ever, and what
// the publication sends follows the mapping.
func TestPushdown(t *testing.T) {
	pg, lite := systems()[0], systems()[3]
	source, target := pg.fresh(t), lite.fresh(t)
	server := providertest.Query(t, source, "SELECT current_setting('server_version_num')::int >= 150000")[0][0] == "t"
	providertest.Exec(t, source, "CREATE TABLE sales (tenant int, id int, amount int, note text, secret text, PRIMARY KEY (tenant, id))",
		"INSERT INTO sales SELECT i % 4, i, i, 'n' || i, 's' FROM generate_series(1, 40) i")
	const mapping = `
  cdc {
    method   = "logical_replication"
    pushdown = true
  }
  mapping "sales" {
    columns = { tenant = "tenant", id = "id", amount = "amount" }
    filters = ["tenant IN (1, 2)", "amount > 3"]
  }
`
	dir := mappingConfig(t, pg, source, lite, target, mapping)
	file := filepath.Join(dir, "main.sf.hcl")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	config := strings.Replace(string(text), `"full"`, `"incremental"`, 1)
	write(t, file, config)
	out := strings.Join(strings.Fields(run(t, dir, 0, "plan", "-no-color")), " ")
	if want := "of public.sales the source sends only tenant, id, amount, of rows with tenant IN (1, 2)"; server != strings.Contains(out, want) {
		t.Errorf("the plan says, or not, %q:\n%s", want, out)
	}
	sent := func(want string) {
		t.Helper()
		if !server {
			return
		}
		r := providertest.Query(t, source, "SELECT attnames::text || ' ' || coalesce(rowfilter, '') FROM pg_publication_tables")
		if len(r) != 1 || r[0][0] != want {
			t.Errorf("the publication sends %v and not %s", r, want)
		}
	}
	compare := func(columns, where string) {
		t.Helper()
		run(t, dir, 0, "sync", "-once")
		q := "SELECT " + columns + " FROM sales"
		got, want := lines(providertest.Query(t, target, q+" ORDER BY 1, 2")), lines(providertest.Query(t, source, q+" WHERE "+where+" ORDER BY 1, 2"))
		if strings.Join(got, "\n") != strings.Join(want, "\n") || len(want) == 0 {
			t.Errorf("the target has\n%s\nand not\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		run(t, dir, 0, "verify")
	}
	work := func() {
		t.Helper()
		providertest.Exec(t, source, "UPDATE sales SET tenant = (tenant + 1) % 4 WHERE id % 3 = 0", "UPDATE sales SET amount = 47 - amount, note = note || 'x', secret = 't' WHERE id % 5 = 0",
			"DELETE FROM sales WHERE id % 11 = 0", "INSERT INTO sales SELECT i % 4, i, i, 'm', 's' FROM generate_series(100, 120) i WHERE NOT EXISTS (SELECT FROM sales WHERE id = i)")
	}
	run(t, dir, 0, "apply", "-auto-approve")
	sent("{tenant,id,amount} (tenant = ANY (ARRAY['1'::bigint, '2'::bigint]))")
	work()
	compare("tenant, id, amount", "tenant IN (1, 2) AND amount > 3")
	if out := run(t, dir, 0, "plan", "-no-color"); !strings.Contains(out, "No changes") {
		t.Errorf("a second plan:\n%s", out)
	}

	// One column more, fewer rows left out; what happens meanwhile is not lost.
	config = strings.Replace(strings.Replace(config, `amount = "amount"`, `amount = "amount", note = "note"`, 1), "IN (1, 2)", "IN (1, 2, 3)", 1)
	write(t, file, config)
	work()
	out = strings.Join(strings.Fields(run(t, dir, 0, "plan", "-no-color", "-verbose")), " ")
	if want := `ALTER PUBLICATION "syncform_warehouse" ADD TABLE ONLY "public"."sales" ("tenant", "id", "amount", "note")`; server && !strings.Contains(strings.Replace(out, `TABLE "public"`, `TABLE ONLY "public"`, 1), want) {
		t.Errorf("the plan does not say %q:\n%s", want, out)
	}
	run(t, dir, 0, "apply", "-auto-approve")
	sent("{tenant,id,amount,note} (tenant = ANY (ARRAY['1'::bigint, '2'::bigint, '3'::bigint]))")
	work()
	compare("tenant, id, amount, note", "tenant IN (1, 2, 3) AND amount > 3")

	// Without pushdown all is sent again.
	config = strings.Replace(config, "pushdown = true", "pushdown = false", 1)
	write(t, file, config)
	run(t, dir, 0, "apply", "-auto-approve")
	sent("{tenant,id,amount,note,secret} ")
	work()
	compare("tenant, id, amount, note", "tenant IN (1, 2, 3) AND amount > 3")
	run(t, dir, 0, "destroy", "-auto-approve")
	if left := providertest.Query(t, source, "SELECT (SELECT count(*) FROM pg_publication), (SELECT count(*) FROM pg_replication_slots WHERE database = current_database())")[0]; left[0] != "0" || left[1] != "0" {
		t.Errorf("left: %v", left)
	}
}
