package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/syncform/syncform/providers/providertest"
)

// TestSameMapping: a mapping means the same by whatever way a row comes. Random mappings
// follow a random history by each capture method at once, and at the end the same mapping
// loads the table whole: all targets hold the same bytes. SF_TEST_MAPPINGS says how many
// mappings per source (1, and none of MariaDB, whose ways are MySQL's).
func TestSameMapping(t *testing.T) {
	t.Parallel()
	rounds := 1
	if s := os.Getenv("SF_TEST_MAPPINGS"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatalf("SF_TEST_MAPPINGS: %v", err)
		}
		rounds = n
	}
	all := systemsByName()
	targets := map[string][]string{
		"postgres": {"mysql", "postgres", "sqlite", "mariadb"},
		"mysql":    {"postgres", "sqlite", "mariadb", "mysql"},
		"mariadb":  {"sqlite", "postgres", "mysql", "mariadb"},
		"sqlite":   {"postgres", "mysql", "sqlite", "mariadb"},
	}
	for _, from := range systems() {
		if from.name == "mariadb" && os.Getenv("SF_TEST_MAPPINGS") == "" {
			continue
		}
		for i := range rounds {
			to := all[targets[from.name][i%4]]
			t.Run(fmt.Sprintf("%s-%s-%d", from.name, to.name, i), func(t *testing.T) {
				t.Parallel()
				sameMapping(t, from, to)
			})
		}
	}
}

func sameMapping(t *testing.T, from, to system) {
	seed := uint64(1) // the gate sees the same each time; SF_TEST_MAPPINGS draws others
	if os.Getenv("SF_TEST_MAPPINGS") != "" {
		seed = rand.Uint64()
	}
	if s := os.Getenv("SF_TEST_SEED"); s != "" {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatalf("SF_TEST_SEED: %v", err)
		}
		seed = n
	}
	t.Logf("SF_TEST_SEED=%d", seed)
	h := &history{r: rand.New(rand.NewPCG(seed, 0)), s: from, t: t, url: from.fresh(t)}
	target := to.fresh(t)
	providertest.Exec(t, h.url, h.table()...)
	h.some(15)
	methods := map[string][]string{
		"postgres": {"logical_replication", "trigger", "polling"}, "mysql": {"binlog", "trigger", "polling"}, "mariadb": {"binlog", "trigger", "polling"}, "sqlite": {"trigger", "polling"},
	}[from.name]
	mapping := h.mapping()
	text := from.endpoint("source", "from", h.url) + to.endpoint("target", "to", target) + "schema_policy \"leave\" {\n  add_column {\n    action = \"warn\"\n  }\n}\n"
	var names []string
	for _, m := range methods {
		names = append(names, "sync."+m)
		text += fmt.Sprintf("sync %q {\n  source = source.%s.from\n  target = target.%s.to\n  mode = \"incremental\"\n  schema_policy = schema_policy.leave\n  cdc {\n    method = %q\n    pushdown = %v\n    capture_before_values = %v\n  }\n%s}\n",
			m, from.provider, to.provider, m, m == "logical_replication" && h.r.IntN(3) > 0, from.provider != "sqlite" && h.r.IntN(2) == 0, strings.ReplaceAll(mapping, "TARGET", "t_"+m))
	}
	text += fmt.Sprintf("sync \"whole\" {\n  source = source.%s.from\n  target = target.%s.to\n  mode = \"full\"\n%s}\n", from.provider, to.provider, strings.ReplaceAll(mapping, "TARGET", "t_whole"))
	dir := t.TempDir()
	write(t, filepath.Join(dir, "main.sf.hcl"), text)
	t.Log(mapping)
	apply := []string{"apply", "-auto-approve"}
	for _, n := range names {
		apply = append(apply, "-target", n)
	}
	run(t, dir, 0, apply...)
	for range 3 {
		h.some(1 + h.r.IntN(15))
		run(t, dir, 0, "sync", "-once")
	}
	run(t, dir, 0, "apply", "-auto-approve", "-target", "sync.whole")
	want := h.rows(to, target, "t_whole")
	verify := []string{"verify", "-target", "sync.whole"}
	for _, m := range methods {
		got := h.rows(to, target, "t_"+m)
		if m == "polling" { // it does not see that rows go, and its plan says so
			got = slices.DeleteFunc(got, func(r string) bool {
				id, err := strconv.Atoi(strings.SplitN(r, "\t", 2)[0])
				return err == nil && !slices.Contains(h.ids, id)
			})
		} else {
			verify = append(verify, "-target", "sync."+m)
		}
		for i := range max(len(want), len(got)) {
			if i >= len(want) || i >= len(got) || want[i] != got[i] {
				t.Errorf("%s: %d rows, and the load has %d; the first difference:\n  by %s %s\n  by load %s", m, len(got), len(want), m, strings.Join(got[min(i, len(got)):min(i+1, len(got))], ""), strings.Join(want[min(i, len(want)):min(i+1, len(want))], ""))
				break
			}
		}
	}
	if t.Failed() {
		t.Log("the history:\n" + strings.Join(h.log, "\n"))
	}
	run(t, dir, 0, verify...)
	run(t, dir, 0, "destroy", "-auto-approve")
	left(t, from, h.url)
}

// history is a source table and random changes of it.
type history struct {
	r    *rand.Rand
	s    system
	t    *testing.T
	url  string
	ids  []int
	n    int
	at   int // the incremental key
	log  []string
	cols []string // of the target, but for metadata
}

func (h *history) table() []string {
	types := map[string][]string{
		"postgresql": {"text", "timestamp", "boolean", "numeric(10,2)", "jsonb", "bytea"},
		"mysql":      {"longtext", "datetime(6)", "tinyint(1)", "decimal(10,2)", "json", "blob"},
		"sqlite":     {"TEXT", "TIMESTAMP", "BOOLEAN", "DECIMAL(10,2)", "JSON", "BLOB"},
	}[h.s.provider]
	out := []string{fmt.Sprintf("CREATE TABLE things (id integer NOT NULL PRIMARY KEY, code varchar(200), status varchar(20) NOT NULL, qty integer, price %s, note %s, born %s, flag %s, doc %s, raw %s, unused %s, updated_at %s NOT NULL)",
		types[3], types[0], types[1], types[2], types[4], types[5], types[0], types[1])}
	if h.s.provider == "postgresql" && h.r.IntN(2) == 0 {
		out = append(out, "ALTER TABLE things REPLICA IDENTITY FULL")
	}
	return append(out, "CREATE INDEX things_updated ON things (updated_at)")
}

func (h *history) pick(of ...string) string { return of[h.r.IntN(len(of))] }

func (h *history) quoted(text string) string {
	if h.s.provider == "mysql" {
		text = strings.ReplaceAll(text, `\`, `\\`)
	}
	return "'" + strings.ReplaceAll(text, "'", "''") + "'"
}

// value gives a literal for a column.
func (h *history) value(column string) string {
	switch column {
	case "code":
		return h.pick("NULL", "''", "'abc'", "'Abc'", "'née'", h.quoted(`b\n`), h.quoted("tab\there 🎈"), h.quoted("it's"), "'x"+strconv.Itoa(h.r.IntN(100))+"'")
	case "status":
		return h.pick("'active'", "'pending'", "'deleted'", "'deleted'")
	case "qty":
		return h.pick("NULL", "0", "-7", "2147483647", strconv.Itoa(h.r.IntN(20)), strconv.Itoa(h.r.IntN(20)))
	case "price":
		return h.pick("NULL", "0.00", "99999999.99", fmt.Sprintf("%d.%02d", h.r.IntN(90), h.r.IntN(100)))
	case "note", "unused":
		switch h.r.IntN(4) {
		case 0:
			return "NULL"
		case 1:
			return h.quoted("short " + strconv.Itoa(h.r.IntN(10)))
		}
		var b strings.Builder
		for range 9000 / 12 {
			fmt.Fprintf(&b, "%012x", h.r.Uint64()&(1<<48-1))
		}
		return "'" + b.String() + "'"
	case "born":
		return h.pick("NULL", "'2022-12-31 23:59:59.999999'", "'2023-01-01 00:00:00'", fmt.Sprintf("'%d-0%d-1%d 10:00:00.5'", 2020+h.r.IntN(6), 1+h.r.IntN(9), h.r.IntN(9)))
	case "flag":
		if h.s.provider == "postgresql" {
			return h.pick("NULL", "true", "false")
		}
		return h.pick("NULL", "1", "0")
	case "doc":
		return h.pick("NULL", `'{"a": 1, "b": "x"}'`, `'[1, 2.50, null]'`, `'{"b": "é", "c": {"a": [true]}}'`, `'"text"'`)
	case "raw":
		if h.s.provider == "postgresql" {
			return h.pick("NULL", `'\x00ff'`, `'\x'`, `'\x61625c'`)
		}
		return h.pick("NULL", "x'00ff'", "x''", "x'61625c'")
	}
	panic(column)
}

// stamp gives the next value of the incremental key.
func (h *history) stamp() string {
	h.at++
	return fmt.Sprintf("'2025-01-01 %02d:%02d:%02d.%06d'", h.at/3600%24, h.at/60%60, h.at%60, h.at)
}

var thingColumns = []string{"code", "status", "qty", "price", "note", "born", "flag", "doc", "raw", "unused"}

// some runs transactions.
func (h *history) some(n int) {
	var all []string
	for range n {
		all = append(all, "BEGIN")
		for range 1 + h.r.IntN(4) {
			all = append(all, h.change()...)
		}
		all = append(all, "COMMIT")
	}
	for _, s := range all {
		h.log = append(h.log, s[:min(len(s), 600)])
	}
	providertest.Exec(h.t, h.url, all...)
}

func (h *history) insert(id int) string {
	values := []string{strconv.Itoa(id)}
	for _, c := range thingColumns {
		values = append(values, h.value(c))
	}
	return "INSERT INTO things VALUES (" + strings.Join(append(values, h.stamp()), ", ") + ")"
}

func (h *history) change() []string {
	if len(h.ids) < 4 {
		h.n++
		h.ids = append(h.ids, h.n)
		return []string{h.insert(h.n)}
	}
	i := h.r.IntN(len(h.ids))
	id := h.ids[i]
	switch h.r.IntN(14) {
	case 0, 1, 2:
		h.n++
		h.ids = append(h.ids, h.n)
		return []string{h.insert(h.n)}
	case 3:
		h.ids = append(h.ids[:i], h.ids[i+1:]...)
		return []string{fmt.Sprintf("DELETE FROM things WHERE id = %d", id)}
	case 4: // the key changes, and perhaps more
		h.n++
		h.ids[i] = h.n
		more := ""
		if h.r.IntN(2) == 0 {
			more = ", status = " + h.value("status")
		}
		return []string{fmt.Sprintf("UPDATE things SET id = %d, updated_at = %s%s WHERE id = %d", h.n, h.stamp(), more, id)}
	case 5: // another row under the same key
		return []string{fmt.Sprintf("DELETE FROM things WHERE id = %d", id), h.insert(id)}
	case 6: // many rows move at once
		return []string{fmt.Sprintf("UPDATE things SET status = %s, updated_at = %s WHERE id %% 3 = %d", h.value("status"), h.stamp(), h.r.IntN(3))}
	case 7:
		return []string{"SAVEPOINT s", fmt.Sprintf("UPDATE things SET status = 'deleted', qty = -1, updated_at = %s", h.stamp()), "ROLLBACK TO SAVEPOINT s"}
	}
	sets := []string{"updated_at = " + h.stamp()}
	for _, c := range thingColumns {
		if h.r.IntN(5) == 0 {
			sets = append(sets, c+" = "+h.value(c))
		}
	}
	return []string{fmt.Sprintf("UPDATE things SET %s WHERE id = %d", strings.Join(sets, ", "), id)}
}

// mapping writes a random mapping of the table into TARGET.
func (h *history) mapping() string {
	var b strings.Builder
	b.WriteString("  mapping \"things\" {\n    target_table = \"TARGET\"\n    incremental_key = \"updated_at\"\n")
	id := h.pick("id", "the_id")
	h.cols = []string{id}
	var excluded []string
	names := map[string]string{"id": id}
	for _, c := range append(thingColumns, "updated_at") {
		if c == "unused" || h.r.IntN(4) == 0 {
			excluded = append(excluded, strconv.Quote(c))
			continue
		}
		names[c] = c
		if h.r.IntN(4) == 0 {
			names[c] = c + "_x"
		}
		h.cols = append(h.cols, names[c])
	}
	b.WriteString("    columns = {\n      \"*\" = \"*\"\n")
	for from, to := range names {
		if from != to {
			fmt.Fprintf(&b, "      %s = %q\n", from, to)
		}
	}
	b.WriteString("    }\n    exclude_columns = [" + strings.Join(excluded, ", ") + "]\n")
	overs := map[string][]string{
		"code": {"UPPER(code)", "LOWER(TRIM(code))", "CONCAT(code, '-', status)", "IF(status = 'deleted', NULL, code)", "COALESCE(code, LEFT(note, 5))"}, "qty": {"COALESCE(qty, 0)", "ABS(qty % 10)"},
		"note": {"LEFT(note, 20)", "MD5(note)", "CONCAT(note, code)"}, "born": {"DATE(born)", "born + INTERVAL 1 DAY"}, "price": {"ROUND(price, 1)", "price * 2"}, "doc": {"doc -> '$.a'"},
	}
	for _, c := range thingColumns {
		if names[c] != "" && len(overs[c]) > 0 && h.r.IntN(3) == 0 {
			fmt.Fprintf(&b, "    transform %q {\n      expr = %q\n    }\n", names[c], h.pick(overs[c]...))
		}
	}
	for i, x := range []string{"CONCAT('#', LPAD(id, 6, '0'))", "CASE WHEN qty > 5 THEN 'many' WHEN qty IS NULL THEN 'none' ELSE 'few' END", "CHAR_LENGTH(note)", "SHA2(CONCAT_WS('|', code, note, status), 256)", "doc ->> '$.b'", "HEX(raw)", "YEAR(born)", "flag AND qty > 0"} {
		if h.r.IntN(4) == 0 {
			name := "c" + strconv.Itoa(i)
			h.cols = append(h.cols, name)
			fmt.Fprintf(&b, "    column %q {\n      expr = %q\n    }\n", name, x)
		}
	}
	var filters []string
	for _, f := range []string{"status != 'deleted'", "qty > 3", "CHAR_LENGTH(note) > 100", "born > '2022-12-31 23:59:59.999999'", "code LIKE '%b%' OR qty % 2 = 0", "price BETWEEN 1 AND 60", "flag", "id > 4", "id NOT IN (7, 9) AND note IS NOT NULL", "NOT (status = 'pending' AND qty IS NULL)", "doc ->> '$.b' = 'x' OR status IN ('active', 'deleted')"} {
		if h.r.IntN(5) == 0 {
			filters = append(filters, strconv.Quote(f))
		}
	}
	if len(filters) > 0 {
		b.WriteString("    filters = [" + strings.Join(filters, ", ") + "]\n")
	}
	if h.r.IntN(2) == 0 {
		b.WriteString("    add_metadata = {\n      _synced_at = \"NOW(6)\"\n      _source = \"'production'\"\n    }\n")
	}
	b.WriteString("  }\n")
	return b.String()
}

// rows reads the columns of the mapping, but for metadata, as texts, sorted.
func (h *history) rows(s system, url, table string) []string {
	quote := `"`
	if s.provider == "mysql" {
		quote = "`"
	}
	var cols []string
	for _, c := range columnsOf(h.t, s, url)[table] {
		if !strings.Contains(c, "_synced_at") && !strings.Contains(c, "_source") {
			cols = append(cols, c)
		}
	}
	if len(cols) != len(h.cols) {
		h.t.Errorf("table %s has the columns %v, and the mapping %v", table, cols, h.cols)
	}
	return lines(providertest.Query(h.t, url, "SELECT "+strings.Join(cols, ", ")+" FROM "+quote+table+quote))
}
