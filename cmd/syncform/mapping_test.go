package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/syncform/syncform/providers/providertest"
)

// mappings are those of language.md's main example, with what needs a stream taken out.
const mappings = `
  mapping "users" {
    target_table = "dim_users"
    columns = {
      id         = "user_id"
      email      = "email_address"
      created_at = "registration_date"
      status     = "user_status"
    }
    transform "status" {
      expr = "UPPER(status)"
    }
    transform "email_address" {
      expr = "LOWER(email)"
    }
    add_metadata = {
      _synced_at = "CURRENT_TIMESTAMP()"
      _source    = "'production'"
    }
    filters = ["status != 'deleted'", "created_at > '2023-01-01'"]
  }

  mapping "orders" {
    target_table    = "fact_orders"
    columns         = { "*" = "*" }
    exclude_columns = ["internal_notes", "deleted_at"]
    key             = ["id"]
    column "loyalty_tier" {
      type    = "varchar(20)"
      default = "bronze"
    }
    column "total" { expr = "qty * price" }
    column "label" { expr = "CONCAT('#', LPAD(id, 6, '0'))" }
    index "by_customer" {
      columns = ["customer_id"]
    }
  }
`

// mappingTables makes the tables of the example in the words of each system.
var mappingTables = map[string][]string{
	"postgresql": {
		`CREATE TYPE mood AS ENUM ('active', 'pending', 'deleted')`,
		`CREATE TABLE users (id bigint PRIMARY KEY, email varchar(100), created_at timestamptz NOT NULL, status mood NOT NULL, secret text)`,
		`CREATE INDEX users_status ON users (status)`,
		`CREATE TABLE orders (id int PRIMARY KEY, customer_id bigint NOT NULL REFERENCES users, qty int NOT NULL, price numeric(10,2) NOT NULL, internal_notes text, deleted_at timestamptz, updated_at timestamptz NOT NULL)`,
	},
	"mysql": {
		"CREATE TABLE users (id bigint PRIMARY KEY, email varchar(100), created_at timestamp(6) NOT NULL, status enum('active', 'pending', 'deleted') NOT NULL, secret text, KEY users_status (status))",
		"CREATE TABLE orders (id int PRIMARY KEY, customer_id bigint NOT NULL, qty int NOT NULL, price decimal(10,2) NOT NULL, internal_notes text, deleted_at timestamp NULL, updated_at timestamp(6) NOT NULL, FOREIGN KEY (customer_id) REFERENCES users (id))",
	},
	"sqlite": {
		`CREATE TABLE users (id INTEGER PRIMARY KEY, email VARCHAR(100), created_at TIMESTAMP NOT NULL, status TEXT NOT NULL, secret TEXT)`,
		`CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id BIGINT NOT NULL REFERENCES users, qty INT NOT NULL, price DECIMAL(10,2) NOT NULL, internal_notes TEXT, deleted_at TIMESTAMP, updated_at TIMESTAMP NOT NULL)`,
	},
}

var mappingRows = []string{
	`INSERT INTO users VALUES (1, 'Ann@Example.COM', '2024-05-01 10:00:00', 'active', 'x'), (2, 'Bob@Example.COM', '2024-05-01 10:00:00', 'deleted', 'x'),
		(3, NULL, '2023-01-01 00:00:01', 'pending', NULL), (4, 'Old@Example.COM', '2022-12-31 23:59:59', 'active', 'x'), (5, 'ÉVE@x.org', '2023-01-01 00:00:00', 'active', 'x'), (6, 'Éve@X.org', '2025-01-01 00:00:00', 'active', 'x')`,
	`INSERT INTO orders VALUES (1, 1, 3, 19.90, 'n', NULL, '2024-06-01 00:00:00'), (2, 2, 1, 0.05, NULL, NULL, '2024-06-01 00:00:00'), (1234567, 6, 1000000, 12345678.99, NULL, '2024-06-01 00:00:00', '2024-06-01 00:00:00')`,
}

// mappingConfig is the example between two databases.
func mappingConfig(t *testing.T, from system, fromURL string, to system, toURL, text string) string {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "main.sf.hcl"), from.endpoint("source", "from", fromURL)+to.endpoint("target", "to", toURL)+fmt.Sprintf(`
sync "warehouse" {
  source = source.%s.from
  target = target.%s.to
  mode   = "full"
%s}
`, from.provider, to.provider, text))
	return dir
}

// TestMappings runs the example of the language between all systems, and asks the target
// for its rows by plain queries.
func TestMappings(t *testing.T) {
	t.Parallel()
	for _, from := range systems() {
		for _, to := range systems() {
			t.Run(from.name+"/"+to.name, func(t *testing.T) {
				t.Parallel()
				fromURL, toURL := from.fresh(t), to.fresh(t)
				for _, sql := range append(mappingTables[from.provider], mappingRows...) {
					providertest.Exec(t, fromURL, sql)
				}
				dir := mappingConfig(t, from, fromURL, to, toURL, mappings)
				out := run(t, dir, 0, "plan", "-no-color")
				for _, want := range []string{"UPPER(status)", "LOWER(email)", "where status != 'deleted' keeps", "keeps 5 of the first 6 rows", "all of them together keep 3", "qty * price"} {
					if !strings.Contains(out, want) {
						t.Errorf("the plan does not say %q:\n%s", want, out)
					}
				}
				applied(t, dir)
				users := strings.Join(lines(providertest.Query(t, toURL, "SELECT user_id, email_address, user_status, _source, CASE WHEN _synced_at IS NULL THEN 'no' ELSE 'yes' END FROM dim_users")), "\n")
				if want := "1\tann@example.com\tACTIVE\tproduction\tyes\n3\t\\N\tPENDING\tproduction\tyes\n6\téve@x.org\tACTIVE\tproduction\tyes"; users != want {
					t.Errorf("dim_users:\n%s\nwant:\n%s", users, want)
				}
				cast := map[string]string{"postgresql": "text", "mysql": "char", "sqlite": "text"}[to.provider]
				orders := providertest.Query(t, toURL, "SELECT id, customer_id, CAST(total AS "+cast+"), label, loyalty_tier FROM fact_orders ORDER BY id")
				for _, r := range orders {
					r[2] = decimalZeros.ReplaceAllString(r[2], "$1$3")
				}
				if got, want := strings.Join(lines(orders), "\n"), "1\t1\t59.7\t#000001\tbronze\n1234567\t6\t12345678990000\t#123456\tbronze\n2\t2\t0.05\t#000002\tbronze"; got != want {
					t.Errorf("fact_orders:\n%s\nwant:\n%s", got, want)
				}
				// What must not be at the target, and what must: verify finds each.
				providertest.Exec(t, toURL, "UPDATE dim_users SET user_status = 'active', _source = 'other' WHERE user_id = 1")
				providertest.Exec(t, toURL, "DELETE FROM dim_users WHERE user_id = 3")
				providertest.Exec(t, fromURL, "UPDATE users SET status = 'deleted' WHERE id = 6")
				var result struct {
					Mappings []struct {
						Missing, Extra, Different int
						Differences               []struct {
							Key     string
							Columns []struct{ Column string }
						}
					}
				}
				if err := json.Unmarshal([]byte(run(t, dir, 1, "verify", "-json")), &result); err != nil {
					t.Fatal(err)
				}
				found := false
				for _, m := range result.Mappings {
					if m.Missing == 1 && m.Extra == 1 && m.Different == 1 {
						found = true
						for _, d := range m.Differences {
							if d.Key == "user_id=1" && (len(d.Columns) != 1 || d.Columns[0].Column != "user_status") {
								t.Errorf("%+v", d)
							}
						}
					}
				}
				if !found {
					t.Errorf("verify found %+v", result)
				}
			})
		}
	}
}

// TestComputedColumns takes expressions of every type from each system into each other,
// with an index on a column in whose place an expression stands.
func TestComputedColumns(t *testing.T) {
	t.Parallel()
	tables := map[string]string{
		"postgresql": `CREATE TABLE t (id int PRIMARY KEY, name text NOT NULL, born date, at timestamptz, amount numeric, doc jsonb, flag boolean, tags text[], ip inet)`,
		"mysql":      "CREATE TABLE t (id int PRIMARY KEY, name varchar(200) NOT NULL, born date, at timestamp(6) NULL, amount decimal(20,4), doc json, flag tinyint(1), tags text, ip varchar(50))",
		"sqlite":     `CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT NOT NULL, born DATE, at TIMESTAMP, amount DECIMAL(20,4), doc JSON, flag BOOLEAN, tags TEXT, ip TEXT)`,
	}
	flag := map[string]string{"postgresql": "true", "mysql": "1", "sqlite": "1"}
	mapping := `
  mapping "t" {
    transform "name" { expr = "UPPER(name)" }
    column "year" { expr = "YEAR(born)" }
    column "next_day" { expr = "at + INTERVAL 1 DAY" }
    column "day" { expr = "DATE(at)" }
    column "clock" { expr = "TIME(at)" }
    column "half" { expr = "amount / 2" }
    column "root" { expr = "SQRT(amount)" }
    column "city" { expr = "doc ->> '$.city'" }
    column "part" { expr = "doc -> '$.list'" }
    column "both" { expr = "flag AND id > 0" }
    column "hash" { expr = "SHA2(name, 256)" }
    column "raw" { expr = "UNHEX(HEX(name))" }
    column "made" { expr = "JSON_OBJECT('id', id, 'n', name)" }
    column "kept" { expr = "COALESCE(tags, tags)" }
    column "address" { expr = "CAST(ip AS CHAR)" }
    column "big" { expr = "id * 1000000000000" }
    column "nothing" { expr = "NULL" }
    column "typed" {
      expr = "CONCAT(id, '')"
      type = "varchar(9)"
    }
    add_metadata = {
      _at = "NOW(6)"
      _on = "CURRENT_DATE"
      _id = "UUID()"
    }
  }
`
	for _, from := range systems() {
		for _, to := range systems() {
			t.Run(from.name+"/"+to.name, func(t *testing.T) {
				t.Parallel()
				fromURL, toURL := from.fresh(t), to.fresh(t)
				providertest.Exec(t, fromURL, tables[from.provider], "CREATE INDEX t_name ON t (name)",
					`INSERT INTO t VALUES (1, 'straße', '2024-02-29', '2024-02-29 23:30:00', 12.5, '{"city": "Köln", "list": [1, 2]}', `+flag[from.provider]+`, '{a,"b c"}', '10.0.0.1'), (2, 'x', NULL, NULL, NULL, NULL, NULL, NULL, NULL)`)
				dir := mappingConfig(t, from, fromURL, to, toURL, mapping)
				applied(t, dir)
				got := providertest.Query(t, toURL, "SELECT name, year, city, typed, address, big FROM t WHERE id = 1")
				if want := "STRAßE\t2024\tKöln\t1\t10.0.0.1\t1000000000000"; strings.ReplaceAll(strings.Join(got[0], "\t"), "/32", "") != want {
					t.Errorf("%q", got)
				}
			})
		}
	}
}

// TestFilterOnLongValues: a plan warns, at the filter, of a column whose values the
// source's log leaves out, with the statement that mends it.
func TestFilterOnLongValues(t *testing.T) {
	t.Parallel()
	pg, lite := systems()[0], systems()[3]
	source := pg.fresh(t)
	providertest.Exec(t, source, "CREATE TABLE notes (id int PRIMARY KEY, kind text NOT NULL, body text)",
		"INSERT INTO notes SELECT i, 'short', (SELECT string_agg(md5(i::text || j), '') FROM generate_series(1, 200) j) FROM generate_series(1, 5) i")
	dir := mappingConfig(t, pg, source, lite, lite.fresh(t), `
  mapping "notes" {
    filters = ["kind != 'x'", "CHAR_LENGTH(body) > 3"]
  }
`)
	file := filepath.Join(dir, "main.sf.hcl")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	write(t, file, strings.Replace(string(text), `"full"`, `"incremental"`, 1))
	plan := func() string {
		out, err := command(t, dir, "plan", "-no-color").CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return strings.Join(strings.Fields(strings.ReplaceAll(string(out), "│", "")), " ")
	}
	out := plan()
	for _, want := range []string{"Rows are read again", `filters = ["kind != 'x'", "CHAR_LENGTH(body) > 3"]`, `long values of column "body"`, `ALTER TABLE ONLY "public"."notes" REPLICA IDENTITY FULL`} {
		if !strings.Contains(out, want) {
			t.Errorf("the plan does not say %q:\n%s", want, out)
		}
	}
	if strings.Contains(out, `column "kind" outside`) {
		t.Errorf("a short column is warned of:\n%s", out)
	}
	providertest.Exec(t, source, "ALTER TABLE notes REPLICA IDENTITY FULL")
	if out := plan(); strings.Contains(out, "read again") {
		t.Errorf("the plan still warns:\n%s", out)
	}
}
