package postgres

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/providertest"
	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
)

// eachServer runs a test on every version under test.
func eachServer(t *testing.T, test func(t *testing.T, version string)) {
	t.Helper()
	for _, v := range providertest.PostgresVersions() {
		t.Run("postgres "+v, func(t *testing.T) {
			t.Parallel()
			test(t, v)
		})
	}
}

// edgeServers is for tests that take long.
func edgeServers(t *testing.T, test func(t *testing.T, version string)) {
	t.Helper()
	for _, v := range providertest.EdgePostgresVersions() {
		t.Run("postgres "+v, func(t *testing.T) {
			t.Parallel()
			test(t, v)
		})
	}
}

// newest reports whether a version is the newest under test.
func newest(version string) bool {
	versions := providertest.PostgresVersions()
	return version == versions[len(versions)-1]
}

func open(t testing.TB, url string, attrs ...any) *Conn {
	t.Helper()
	cfg := providers.Config{Addr: "test", Attrs: map[string]any{"connection": url}}
	for i := 0; i < len(attrs); i += 2 {
		cfg.Attrs[attrs[i].(string)] = attrs[i+1]
	}
	c, err := Provider{}.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c.(*Conn)
}

func inspect(t testing.TB, c *Conn) *schema.Database {
	t.Helper()
	db, err := c.Inspect(t.Context(), providers.InspectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// runner runs changes as the executor would.
type runner struct {
	t    testing.TB
	conn *Conn
	db   *schema.Database
	n    int
}

func (r *runner) run(changes ...schema.Change) {
	r.t.Helper()
	for _, c := range changes {
		steps, err := r.conn.PlanSteps(r.db, c)
		if err != nil {
			r.t.Fatalf("%s: %v", schema.ChangeKind(c), err)
		}
		r.n++
		for i, s := range steps {
			key := providers.StepKey{Plan: "p", Action: fmt.Sprintf("a%d", r.n), Step: i}
			if ran, err := r.conn.RunStep(r.t.Context(), key, s); err != nil || !ran {
				r.t.Fatalf("%s: %v, %v\n%s", schema.ChangeKind(c), ran, err, s.Text)
			}
			if ran, err := r.conn.RunStep(r.t.Context(), key, s); err != nil || ran {
				r.t.Fatalf("%s: a second run of the same step: %v, %v\n%s", schema.ChangeKind(c), ran, err, s.Text)
			}
		}
	}
}

// create makes all of a database but what waits for the rows, which it returns.
func (r *runner) create(db *schema.Database) (later []schema.Change) {
	r.t.Helper()
	for _, n := range db.Schemas {
		r.run(schema.AddSchema{Schema: n})
	}
	for _, e := range db.Enums {
		r.run(schema.AddEnum{Enum: e})
	}
	for _, d := range db.Domains {
		r.run(schema.AddDomain{Domain: d})
	}
	for _, s := range db.Sequences {
		r.run(schema.AddSequence{Sequence: s})
	}
	var last []schema.Change
	for _, t := range parentsFirst(db.Tables) {
		r.run(schema.AddTable{To: t})
		if t.PrimaryKey != nil {
			later = append(later, schema.AddPrimaryKey{In: t.Name, Key: *t.PrimaryKey})
		}
		for _, k := range t.Uniques {
			later = append(later, schema.AddUnique{In: t.Name, Key: k})
		}
		for _, x := range t.Indexes {
			later = append(later, schema.AddIndex{In: t.Name, Index: x})
		}
		for _, x := range t.Exclusions {
			later = append(later, schema.AddExclusion{In: t.Name, Exclusion: x})
		}
		for _, k := range t.ForeignKeys {
			last = append(last, schema.AddForeignKey{In: t.Name, Key: k})
		}
		last = append(last, schema.AdvanceSequences{To: t})
	}
	for _, s := range db.Sequences {
		if s.OwnerColumn != "" {
			last = append(last, schema.OwnSequence{Sequence: s})
		}
	}
	return append(later, last...)
}

func parentsFirst(tables []schema.Table) []schema.Table {
	var out []schema.Table
	has := func(n schema.Name) bool {
		return slices.ContainsFunc(out, func(t schema.Table) bool { return t.Name == n })
	}
	for len(out) < len(tables) {
		for _, t := range tables {
			if !has(t.Name) && !slices.ContainsFunc(t.Inherits, func(n schema.Name) bool { return !has(n) }) {
				out = append(out, t)
			}
		}
	}
	return out
}

// readTable reads all columns that rows carry.
func readTable(t schema.Table) providers.ReadTable {
	r := providers.ReadTable{Name: t.Name}
	for _, c := range t.Columns {
		if c.Generated == nil {
			r.Columns = append(r.Columns, providers.ReadColumn{Name: c.Name, Type: c.Type})
		}
	}
	if t.PrimaryKey != nil {
		r.Key = t.PrimaryKey.Columns()
	}
	return r
}

// load is the load that fits readTable.
func load(t schema.Table, mapping string) providers.Load {
	l := providers.Load{Mapping: mapping, Generation: "1", Table: t.Name, Live: t.Name}
	for _, c := range t.Columns {
		if c.Generated == nil {
			l.Columns = append(l.Columns, providers.WriteColumn{Name: c.Name, Type: c.Type, Source: c.Type, Identity: c.Identity != nil && c.Identity.Always})
		}
	}
	if t.PrimaryKey != nil {
		l.Key = t.PrimaryKey.Columns()
	}
	return l
}

// copyRows copies one table in one form, in chunks of about chunk rows.
func copyRows(ctx context.Context, from, to *Conn, r providers.ReadTable, l providers.Load, form func([]row.Form) []row.Form, chunk int64) (int64, row.Form, error) {
	sn, err := from.OpenSnapshot(ctx, providers.SnapshotOptions{Readers: 2, Consistent: true})
	if err != nil {
		return 0, "", err
	}
	defer sn.Close()
	st, err := to.OpenLoad(ctx, l, func() ([]providers.Chunk, error) { return sn.Chunks(ctx, r, chunk) })
	if err != nil {
		return 0, "", err
	}
	w, err := to.OpenWriter(ctx, l)
	if err != nil {
		return 0, "", err
	}
	defer w.Close()
	var total int64
	var used row.Form
	for _, c := range st.Chunks {
		rd, err := sn.Read(ctx, r, c, form(w.Forms()))
		if err != nil {
			return total, used, err
		}
		used = rd.Form()
		done, err := w.WriteChunk(ctx, c, rd)
		if cerr := rd.Close(); err == nil {
			err = cerr
		}
		if err != nil {
			return total, used, err
		}
		total += done.Rows
	}
	return total, used, to.CloseLoad(ctx, l, total)
}

func onlyForm(want row.Form) func([]row.Form) []row.Form {
	return func(f []row.Form) []row.Form {
		for _, x := range f {
			if x == want || strings.HasPrefix(string(x), string(want)) {
				return []row.Form{x}
			}
		}
		return f
	}
}

// rowsOf is what a table holds, by a query of its own: every column's text, sorted.
func rowsOf(t testing.TB, url string, table schema.Table) []string {
	t.Helper()
	cols := make([]string, len(table.Columns))
	for i, c := range table.Columns {
		cols[i] = quote(c.Name)
	}
	var out []string
	for _, r := range providertest.Query(t, url, "SET extra_float_digits = 3; SET bytea_output = hex; SELECT ROW("+strings.Join(cols, ", ")+")::text FROM ONLY "+quoteName(table.Name)+" UNION ALL SELECT ROW("+strings.Join(cols, ", ")+")::text FROM "+quoteName(table.Name)+" WHERE "+fmt.Sprint(table.Partition != nil)) {
		out = append(out, r[0])
	}
	slices.Sort(out)
	return out
}

// readAll drains a reader of fields into strings; NULL is nil.
func readAll(ctx context.Context, r row.Reader) ([][]*string, error) {
	var out [][]*string
	for {
		b, err := r.Next(ctx)
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		for i := range b.Rows {
			fields := make([]*string, b.Width)
			for j := range fields {
				if v, s := b.Field(i, j); s == row.Value {
					text := string(v)
					fields[j] = &text
				}
			}
			out = append(out, fields)
		}
		b.Release()
	}
}
