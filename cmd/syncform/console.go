package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/syncform/syncform/cmd/internal/view"
	"github.com/syncform/syncform/lang"
	"github.com/syncform/syncform/lang/expr"
	"github.com/syncform/syncform/planner"
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
)

func (s *session) consoleCommand() *cli.Command {
	return &cli.Command{
		Name: "console", Usage: "Evaluate the SQL expressions of mappings", ArgsUsage: "ENDPOINT TABLE [EXPRESSION]", Category: "other",
		Description: `
Evaluates expressions, as transforms, filters and add_metadata hold them, over a row of a live table, and prints the value with its type. Without an EXPRESSION it reads them from its standard input, one on each line. Nothing is written.

docs/expressions.md lists what an expression may hold.

Examples:

  syncform console source.postgresql.production users "UPPER(status)"
  syncform console -where "id = 17" source.postgresql.production public.users`,
		Flags: flags([]cli.Flag{
			&cli.StringFlag{Name: "where", Usage: "Take the first row for which this `condition` is true. Default: the table's first row."},
		}, varFlags()),
		Action: func(c *cli.Context) error {
			args, err := s.positional(c, 2, 3, "ENDPOINT TABLE [EXPRESSION]")
			if err != nil {
				return err
			}
			text := ""
			if len(args) == 3 {
				if text = args[2]; text == "" {
					return refused("Empty expression", "Write an expression, or leave it out to be asked for some.")
				}
			}
			return s.console(c.Context, configOptionsOf(c), args[0], args[1], c.String("where"), text)
		},
	}
}

func (s *session) console(ctx context.Context, o configOptions, endpoint, table, where, text string) (err error) {
	cfg, err := s.load(o)
	if err != nil {
		return err
	}
	if cfg.Endpoint(endpoint) == nil {
		return refused("No such endpoint", "The configuration has no %q. Its endpoints: %s.", endpoint, endpointNames(cfg))
	}
	w := &work{s: s, cfg: cfg}
	defer func() { err = errors.Join(err, w.close()) }()
	if err := w.open(ctx, []string{endpoint}); err != nil {
		return err
	}
	c := &console{s: s}
	if err := c.find(ctx, w.conns[endpoint], endpoint, table); err != nil {
		return err
	}
	if err := c.read(ctx, w.conns[endpoint], where); err != nil {
		return err
	}
	if text != "" {
		if !c.evaluate(text) {
			return exitCode(1)
		}
		return nil
	}
	return c.loop()
}

func endpointNames(cfg *lang.Config) string {
	var out []string
	for _, e := range cfg.Endpoints {
		out = append(out, e.Addr)
	}
	if len(out) == 0 {
		return "none"
	}
	return strings.Join(out, ", ")
}

// console evaluates expressions over one row.
type console struct {
	s       *session
	table   schema.Table
	columns []expr.Column
	at      []int
	row     *row.Batch // of one row
}

// find looks the table up.
func (c *console) find(ctx context.Context, conn providers.Conn, endpoint, name string) error {
	db, err := conn.Inspect(ctx, providers.InspectOptions{NoEstimates: true})
	if err != nil {
		return failed("Can't read the schema", fmt.Errorf("%s: %w", endpoint, err))
	}
	var names []string
	for _, t := range db.Tables {
		if t.Name.String() == name || t.Name.Name == name && (t.Name.Schema == "" || t.Name.Schema == db.DefaultSchema) {
			c.table = t
		}
		names = append(names, t.Name.String())
	}
	if c.table.Name.Name == "" {
		return refused("No such table", "%s has no table %q.%s", endpoint, name, planner.DidYouMean(name, names))
	}
	c.columns = planner.ExpressionColumns(&c.table)
	c.at = make([]int, len(c.columns))
	for i := range c.at {
		c.at[i] = i
	}
	return nil
}

// read takes the first row, or the first for which the condition is true.
func (c *console) read(ctx context.Context, conn providers.Conn, where string) error {
	var cond *expr.Program
	if where != "" {
		e, err := expr.Parse(where)
		if err == nil {
			var x *expr.Checked
			if x, err = e.Condition(c.columns, expr.Options{}); err == nil {
				cond = x.Compile(c.at)
			}
		}
		if err != nil {
			c.wrong(where, err)
			return exitCode(1)
		}
	}
	reader, err := providers.As[providers.SnapshotReader](conn)
	if err != nil {
		return failed("Can't read rows", err)
	}
	snap, err := reader.OpenSnapshot(ctx, providers.SnapshotOptions{Readers: 1})
	if err != nil {
		return failed("Can't read rows", err)
	}
	defer snap.Close() // it has only read
	t := providers.ReadTable{Name: c.table.Name}
	for _, x := range c.table.Columns {
		t.Columns = append(t.Columns, providers.ReadColumn{Name: x.Name, Type: x.Type})
	}
	chunks, err := snap.Chunks(ctx, t, 1)
	if err != nil {
		return failed("Can't read rows", err)
	}
	for _, chunk := range chunks {
		r, err := snap.Read(ctx, t, chunk, []row.Form{row.FormFields})
		if err != nil {
			return failed("Can't read rows", err)
		}
		err = c.first(ctx, r, cond)
		_ = r.Close() // what was needed has been read
		if err != nil || c.row != nil {
			return failed("Can't read rows", err)
		}
	}
	if cond != nil {
		return refused("No such row", "Table %s has no row for which %s is true.", c.table.Name, where)
	}
	return refused("No row", "Table %s is empty.", c.table.Name)
}

// first keeps the first row that the condition holds for.
func (c *console) first(ctx context.Context, r row.Reader, cond *expr.Program) error {
	for {
		b, err := r.Next(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		for i := range b.Rows {
			if cond != nil {
				holds, _, err := cond.Holds(b, i)
				if err != nil {
					return err
				}
				if !holds {
					continue
				}
			}
			c.row = row.NewBatch(b.Width)
			for f := range b.Width {
				v, state := b.Field(i, f)
				c.row.Data = append(c.row.Data, v...)
				c.row.EndField(state)
			}
			c.row.EndRow()
			return nil
		}
		b.Release()
	}
}

// loop reads expressions until there are none.
func (c *console) loop() error {
	in := bufio.NewScanner(c.s.in)
	in.Buffer(nil, 1<<20)
	prompt := func() {
		if c.s.errTerminal {
			fmt.Fprint(c.s.err, "> ")
		}
	}
	ok := true
	for prompt(); in.Scan(); prompt() {
		switch text := strings.TrimSpace(in.Text()); text {
		case "":
		case "exit", "quit":
			return nil
		default:
			ok = c.evaluate(text) && ok
		}
	}
	if err := in.Err(); err != nil {
		return failed("Can't read expressions", err)
	}
	if !ok && !c.s.errTerminal {
		return exitCode(1)
	}
	return nil
}

// evaluate prints an expression's value, or what is wrong with it.
func (c *console) evaluate(text string) bool {
	e, err := expr.Parse(text)
	if err != nil {
		return c.wrong(text, err)
	}
	x, err := e.Check(c.columns, expr.Options{Metadata: true})
	if err != nil {
		return c.wrong(text, err)
	}
	v, state, err := x.Compile(c.at).Append(nil, c.row, 0, time.Now())
	if err != nil {
		fmt.Fprintln(c.s.err, "A bad row: "+view.Safe(c.s.secrets.Text(err.Error())))
		return false
	}
	value := "NULL"
	if state == row.Value {
		if value = view.Safe(string(v)); x.Type().IsBinary() {
			value = fmt.Sprintf(`\x%x`, v)
		}
	}
	fmt.Fprintf(c.s.out, "%s  (%s)\n", value, expr.TypeText(x.Type()))
	return true
}

// wrong shows where an expression is wrong.
func (c *console) wrong(text string, err error) bool {
	e, ok := err.(*expr.Error)
	if !ok {
		fmt.Fprintln(c.s.err, view.Safe(err.Error()))
		return false
	}
	from, to := len([]rune(text[:e.From])), len([]rune(text[:e.To]))
	fmt.Fprintf(c.s.err, "  %s\n  %s%s\n%s%s\n", view.Safe(text), strings.Repeat(" ", from), strings.Repeat("^", max(to-from, 1)), view.Safe(e.Error()), planner.DidYouMean(e.Column, columnNamesOf(c.columns)))
	return false
}

func columnNamesOf(columns []expr.Column) []string {
	out := make([]string, len(columns))
	for i, c := range columns {
		out[i] = c.Name
	}
	return out
}
