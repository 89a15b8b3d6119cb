package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/syncform/syncform/providers/providertest"
)

// TestMappingsFollow follows the language's main example under a workload that moves
// rows in and out of the filters, while the runner is killed, and compares the targets
// with what the source's own SQL says. SF_TEST_CHAOS says how many kills per pair (1).
func TestMappingsFollow(t *testing.T) {
	t.Parallel()
	kills := chaosOf(t, 1)
	all := systemsByName()
	for _, pair := range [][2]string{{"postgres", "mysql"}, {"mysql", "postgres"}, {"postgres", "sqlite"}, {"mysql", "sqlite"}} {
		from, to := all[pair[0]], all[pair[1]]
		t.Run(from.name+"-"+to.name, func(t *testing.T) {
			t.Parallel()
			followMappings(t, from, to, kills)
		})
	}
}

// followed are mappings with what a stream needs.
var followed = strings.Replace(mappings, `key             = ["id"]`, `key             = ["id"]
    incremental_key = "updated_at"
    filters         = ["qty > 2 AND deleted_at IS NULL"]`, 1)

func followMappings(t *testing.T, from, to system, kills killing) {
	fromURL, toURL := from.fresh(t), to.fresh(t)
	providertest.Exec(t, fromURL, append(mappingTables[from.provider], mappingRows...)...)
	dir := mappingConfig(t, from, fromURL, to, toURL, followed)
	file := filepath.Join(dir, "main.sf.hcl")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	write(t, file, strings.NewReplacer(`"full"`, `"incremental"`, `sync "warehouse"`, fmt.Sprintf(`sync "m%x"`, rand.Uint64())).Replace(string(text)))
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	w := &shopWork{r: rand.New(rand.NewPCG(seed, 0)), users: []int{1, 2, 3, 4, 5, 6}, orders: []int{1, 2, 1234567}, n: 10}
	run(t, dir, 0, "apply", "-auto-approve")
	kills.follow(t, dir, w.r, func() { providertest.Exec(t, fromURL, w.some(1+w.r.IntN(6))...) }, func() {})
	providertest.Exec(t, fromURL, append(w.some(10), "INSERT INTO orders VALUES (7654321, 1, 5, 1.10, NULL, NULL, '2024-06-01 00:00:00')")...)
	run(t, dir, 0, "sync", "-once")
	char := map[string]string{"postgresql": "text", "mysql": "char", "sqlite": "text"}
	for _, x := range []struct{ what, source, target string }{
		{"dim_users",
			"SELECT id, lower(email), upper(CAST(status AS " + char[from.provider] + ")), 'production' FROM users WHERE status <> 'deleted' AND created_at > '2023-01-01 00:00:00'",
			"SELECT user_id, email_address, user_status, _source FROM dim_users WHERE _synced_at IS NOT NULL"},
		{"fact_orders",
			"SELECT id, customer_id, qty, CAST(qty * price AS " + char[from.provider] + "), concat('#', lpad(CAST(id AS " + char[from.provider] + "), 6, '0')), 'bronze' FROM orders WHERE qty > 2 AND deleted_at IS NULL",
			"SELECT id, customer_id, qty, CAST(total AS " + char[to.provider] + "), label, loyalty_tier FROM fact_orders"},
	} {
		want, got := withoutZeros(providertest.Query(t, fromURL, x.source), 3), withoutZeros(providertest.Query(t, toURL, x.target), 3)
		if len(want) == 0 || strings.Join(want, "\n") != strings.Join(got, "\n") {
			t.Errorf("%s: %d rows, and the source says %d:\n%s\nwant:\n%s", x.what, len(got), len(want), strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
	run(t, dir, 0, "verify")
	run(t, dir, 0, "plan", "-detailed-exitcode")
	run(t, dir, 0, "destroy", "-auto-approve")
	left(t, from, fromURL)
}

// withoutZeros are rows as sorted lines, the number of a column without zeros at its end.
func withoutZeros(rows [][]string, column int) []string {
	for _, r := range rows {
		r[column] = decimalZeros.ReplaceAllString(r[column], "$1$3")
	}
	return lines(rows)
}

// shopWork makes random changes of the example's tables.
type shopWork struct {
	r             *rand.Rand
	users, orders []int
	n             int
}

func (w *shopWork) pick(of ...string) string { return of[w.r.IntN(len(of))] }

// some gives the statements of n transactions.
func (w *shopWork) some(n int) (all []string) {
	for range n {
		all = append(all, "BEGIN")
		for range 1 + w.r.IntN(3) {
			all = append(all, w.change())
		}
		all = append(all, "COMMIT")
	}
	return all
}

func (w *shopWork) change() string {
	status := w.pick("'active'", "'pending'", "'deleted'")
	created := w.pick("'2022-12-31 23:59:59'", "'2023-01-01 00:00:00'", "'2023-01-01 00:00:00.000001'", "'2024-02-29 12:00:00'")
	user, at := w.users[w.r.IntN(len(w.users))], w.r.IntN(len(w.orders))
	order := w.orders[at]
	w.n++
	switch w.r.IntN(10) {
	case 0, 1:
		w.users = append(w.users, w.n)
		return fmt.Sprintf("INSERT INTO users VALUES (%d, %s, %s, %s, 'x')", w.n, w.pick("NULL", "'New@X.org'"), created, status)
	case 2, 3:
		return fmt.Sprintf("UPDATE users SET status = %s WHERE id = %d", status, user)
	case 4:
		return fmt.Sprintf("UPDATE users SET created_at = %s, email = 'E%d@X.ORG' WHERE id = %d", created, w.n, user)
	case 5:
		return fmt.Sprintf("UPDATE users SET secret = 's%d' WHERE id > %d", w.n, user)
	case 6:
		w.orders = append(w.orders, w.n)
		return fmt.Sprintf("INSERT INTO orders VALUES (%d, %d, %d, %d.%02d, %s, NULL, '2024-06-01 00:00:00')", w.n, user, w.r.IntN(6), w.r.IntN(50), w.r.IntN(100), w.pick("NULL", "'note'"))
	case 7: // the key changes
		w.orders[at] = w.n
		return fmt.Sprintf("UPDATE orders SET id = %d WHERE id = %d", w.n, order)
	case 8:
		if len(w.orders) < 4 {
			return fmt.Sprintf("UPDATE orders SET price = price + 1 WHERE id = %d", order)
		}
		w.orders = append(w.orders[:at], w.orders[at+1:]...)
		return fmt.Sprintf("DELETE FROM orders WHERE id = %d", order)
	}
	return fmt.Sprintf("UPDATE orders SET qty = %d, deleted_at = %s WHERE id = %d", w.r.IntN(6), w.pick("NULL", "NULL", "'2024-06-02 00:00:00'"), order)
}
