package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
)

// backfillBeside measures a load with the stream open beside it, its drain and its
// catch-up, against the same load without one, both while the source is written to.
func (b *bench) backfillBeside(admin string) contest {
	c := contest{
		name: "backfill-stream", what: "PostgreSQL to PostgreSQL at 200 updates/s, the stream open beside the load",
		limit: "the same load in mode full", target: 1 / 0.9, rows: b.rows,
	}
	var source, target string
	c.prepare = func(ctx context.Context) (err error) {
		if source, err = pgFresh(ctx, admin, sourceDB); err != nil {
			return err
		}
		return b.pgFill(ctx, source)
	}
	c.reset = func(ctx context.Context) (err error) {
		if err := dropSlots(ctx, admin); err != nil {
			return err
		}
		target, err = pgFresh(ctx, admin, targetDB)
		return err
	}
	c.cleanup = func(ctx context.Context) error {
		return errors.Join(dropSlots(ctx, admin), pgDrop(ctx, admin, sourceDB, targetDB))
	}
	side := func(configure func(string) (string, error)) func(context.Context) (cost, error) {
		return func(ctx context.Context) (got cost, err error) {
			dir, err := configure(c.name)
			if err != nil {
				return cost{}, err
			}
			err = b.whileWriting(ctx, source, func(ctx context.Context) error {
				got, err = b.ours(ctx, dir, source, target, "apply", "-auto-approve")
				return err
			})
			if err != nil {
				return got, err
			}
			return got, b.pgCheck(ctx, target)
		}
	}
	c.runLimit = side(func(name string) (string, error) { return b.configure(name, "postgresql", "postgresql", 1) })
	c.runOurs = side(b.following)
	return c
}

// whileWriting touches a random row of the larger table 200 times a second while work runs.
func (b *bench) whileWriting(ctx context.Context, source string, work func(context.Context) error) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	written := make(chan error, 1)
	go func() { written <- b.touch(ctx, source) }()
	err := work(ctx)
	stop()
	return errors.Join(err, <-written)
}

func (b *bench) touch(ctx context.Context, source string) error {
	conn, err := pgx.Connect(ctx, source)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
		if _, err := conn.Exec(ctx, fmt.Sprintf("UPDATE %s SET id = id WHERE id = %d", orders.name, 1+rand.IntN(orders.rowsOf(b.rows)))); err != nil && ctx.Err() == nil {
			return err
		}
	}
}
