// Command bench measures syncform against the fastest that the same servers allow on
// the same machine in the same run: the database's own bulk commands, joined by a pipe.
// It prints ratios; nothing is written elsewhere.
//
//	make bench
//	go run ./bench -rows 300000 -runs 1 -only 'pg'
//
// It wants the binary (-bin, made by make build) and servers, by SF_TEST_POSTGRES_URL
// (or SF_TEST_POSTGRES_URL_18 down to _14), SF_TEST_MYSQL_URL and SF_TEST_MARIADB_URL.
// What has no server is left out, and named. Streams from and to MySQL and MariaDB also
// want a second server of the kind, with another server_id, which becomes a replica and
// loses its binary log: SF_TEST_MYSQL_REPLICA_URL and SF_TEST_MARIADB_REPLICA_URL.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"runtime"
	"slices"
	"time"
)

// bench is one run of the program.
type bench struct {
	rows int
	runs int
	bin  string
	dir  string // for files; removed at the end
	only *regexp.Regexp
}

// contest is one comparison: both do the same work, and are shown by name.
type contest struct {
	name   string
	what   string // what is moved
	limit  string // what it is measured against
	target float64
	rows   int // 0: rows per second mean nothing
	// prepare is called once, and before each run of either side reset is.
	prepare func(ctx context.Context) error
	reset   func(ctx context.Context) error
	// runLimit and runOurs do the work; both check that it was done.
	runLimit func(ctx context.Context) (cost, error)
	runOurs  func(ctx context.Context) (cost, error)
	cleanup  func(ctx context.Context) error
}

// cost is what a run took.
type cost struct {
	wall, cpu time.Duration
	memory    int64         // bytes at the peak; 0: not measured
	servers   time.Duration // CPU of the servers' processes; 0: not measured
	parts     string        // of servers: the processes that took most
}

func main() {
	b := &bench{}
	var only string
	flag.IntVar(&b.rows, "rows", 3_000_000, "rows of both tables together")
	flag.IntVar(&b.runs, "runs", 3, "runs of each side; the median counts")
	flag.StringVar(&b.bin, "bin", "bin/syncform", "the binary to measure")
	flag.StringVar(&only, "only", "", "run only the contests whose name matches this regular expression")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := b.run(ctx, only); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func (b *bench) run(ctx context.Context, only string) (err error) {
	if b.only, err = regexp.Compile(only); err != nil {
		return err
	}
	if b.bin, err = findBinary(b.bin); err != nil {
		return err
	}
	if b.dir, err = os.MkdirTemp("", "syncform-bench"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.dir)) }()
	s, missing := findServers(ctx)
	fmt.Printf("%d rows in two tables of %d and %d columns; %d CPUs; median of %d runs\n", b.rows, len(orders.columns), len(items.columns), runtime.NumCPU(), b.runs)
	for _, m := range missing {
		fmt.Println("left out:", m)
	}
	for _, c := range b.contests(s) {
		if !b.only.MatchString(c.name) {
			continue
		}
		if err := b.measure(ctx, c); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
	}
	return nil
}

// measure runs a contest, the sides in turn so that both see the same noise.
func (b *bench) measure(ctx context.Context, c contest) (err error) {
	if err := c.prepare(ctx); err != nil {
		return fmt.Errorf("prepare: %w", err)
	}
	defer func() { err = errors.Join(err, c.cleanup(context.WithoutCancel(ctx))) }()
	var limit, ours []cost
	for range b.runs {
		for _, side := range []struct {
			name string
			run  func(context.Context) (cost, error)
			into *[]cost
		}{{"the limit", c.runLimit, &limit}, {"syncform", c.runOurs, &ours}} {
			if side.run == nil {
				continue
			}
			if err := c.reset(ctx); err != nil {
				return fmt.Errorf("reset: %w", err)
			}
			got, err := side.run(ctx)
			if err != nil {
				return fmt.Errorf("%s: %w", side.name, err)
			}
			*side.into = append(*side.into, got)
		}
	}
	report(c, limit, ours)
	return nil
}

// median is the cost of middle wall time, with the middle CPU time and the greatest memory.
func median(all []cost) cost {
	var wall, cpu, servers []time.Duration
	var m cost
	for _, c := range all {
		wall, cpu, servers = append(wall, c.wall), append(cpu, c.cpu), append(servers, c.servers)
		m.memory = max(m.memory, c.memory)
	}
	slices.Sort(wall)
	slices.Sort(cpu)
	slices.Sort(servers)
	m.wall, m.cpu, m.servers, m.parts = wall[len(wall)/2], cpu[len(cpu)/2], servers[len(servers)/2], all[len(all)-1].parts
	return m
}

func report(c contest, limit, ours []cost) {
	fmt.Printf("\n%s: %s\n", c.name, c.what)
	o := median(ours)
	if len(limit) == 0 {
		line("syncform", o, c.rows)
		fmt.Printf("  no limit:   %s\n", c.limit)
		return
	}
	l := median(limit)
	line("limit", l, c.rows)
	line("syncform", o, c.rows)
	verdict := "met"
	ratio := o.wall.Seconds() / l.wall.Seconds()
	if ratio > c.target {
		verdict = "NOT met"
	}
	fmt.Printf("  ratio     %6.2f   target %.2f of %s: %s\n", ratio, c.target, c.limit, verdict)
}

func line(name string, c cost, rows int) {
	fmt.Printf("  %-9s %6.2f s   CPU %6.2f s", name, c.wall.Seconds(), c.cpu.Seconds())
	if rows > 0 {
		fmt.Printf("   %6.0f k rows/s", float64(rows)/c.wall.Seconds()/1000)
	}
	if c.memory > 0 {
		fmt.Printf("   peak memory %d MB", c.memory>>20)
	}
	fmt.Println()
	if c.servers > 0 {
		fmt.Printf("            CPU of the servers %6.2f s; of the last run:%s\n", c.servers.Seconds(), c.parts)
	}
}
