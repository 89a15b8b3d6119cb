package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/jackc/pgx/v5"
)

// transformed is a mapping of the orders with expressions in place of three of their 16
// columns and a filter that keeps every row, so that both sides write as many.
const transformed = `mapping "orders" {
    filters = ["status != 'lost'"]
    transform "status" { expr = "UPPER(status)" }
    transform "email" { expr = "LOWER(email)" }
    transform "amount" { expr = "amount * 2" }
  }`

// transform measures what a mapping's expressions cost: the same table copied by syncform
// with them and without, from PostgreSQL.
func (b *bench) transform(admin string, to string, fresh func(ctx context.Context) (string, error), drop func(ctx context.Context) error, count func(ctx context.Context, u string) (int, error)) contest {
	name := map[string]string{"postgresql": "pg", "mysql": "mysql"}[to]
	c := contest{
		name: "transform-pg-" + name, what: "PostgreSQL to " + name + ", expressions on 3 of 16 columns and a filter",
		limit: "the same table copied as it is, by syncform", target: 1.2, rows: orders.rowsOf(b.rows),
	}
	var source, target string
	c.prepare = func(ctx context.Context) (err error) {
		if source, err = pgFresh(ctx, admin, sourceDB); err != nil {
			return err
		}
		return b.pgFill(ctx, source)
	}
	c.reset = func(ctx context.Context) (err error) {
		target, err = fresh(ctx)
		return err
	}
	c.cleanup = func(ctx context.Context) error { return errors.Join(pgDrop(ctx, admin, sourceDB), drop(ctx)) }
	side := func(mapping string) func(context.Context) (cost, error) {
		return func(ctx context.Context) (cost, error) {
			dir, err := b.configure(c.name, "postgresql", to, 1)
			if err != nil {
				return cost{}, err
			}
			text := endpoint("source", "postgresql", "BENCH_SOURCE") + endpoint("target", to, "BENCH_TARGET") +
				fmt.Sprintf("sync \"bench\" {\n  source = source.postgresql.bench\n  target = target.%s.bench\n  mode   = \"full\"\n  %s\n}\n", to, mapping)
			if err := os.WriteFile(filepath.Join(dir, "bench.sf.hcl"), []byte(text), 0o644); err != nil {
				return cost{}, err
			}
			got, err := b.ours(ctx, dir, source, target, "apply", "-auto-approve")
			if err != nil {
				return got, err
			}
			n, err := count(ctx, target)
			if err == nil && n != c.rows {
				err = fmt.Errorf("orders holds %d rows, not %d", n, c.rows)
			}
			return got, err
		}
	}
	c.runLimit, c.runOurs = side(`mapping "orders" {}`), side(transformed)
	return c
}

const countOrders = "SELECT count(*) FROM orders"

// transforms are the contests of expressions.
func (b *bench) transforms(s servers) []contest {
	all := []contest{b.transform(s.postgres, "postgresql",
		func(ctx context.Context) (string, error) { return pgFresh(ctx, s.postgres, targetDB) },
		func(ctx context.Context) error { return pgDrop(ctx, s.postgres, targetDB) },
		func(ctx context.Context, u string) (n int, err error) {
			conn, err := pgx.Connect(ctx, u)
			if err != nil {
				return 0, err
			}
			defer conn.Close(ctx)
			return n, conn.QueryRow(ctx, countOrders).Scan(&n)
		})}
	for _, m := range s.mysql {
		if m.name != "mysql" {
			continue
		}
		all = append(all, b.transform(s.postgres, "mysql",
			func(ctx context.Context) (string, error) { return myFresh(ctx, m.url, targetDB) },
			func(ctx context.Context) error { return myDo(ctx, m.url, "DROP DATABASE IF EXISTS "+targetDB) },
			func(ctx context.Context, u string) (n int, err error) {
				var db *sql.DB
				if db, err = myOpen(u); err != nil {
					return 0, err
				}
				defer db.Close()
				return n, db.QueryRowContext(ctx, countOrders).Scan(&n)
			}))
	}
	return all
}
