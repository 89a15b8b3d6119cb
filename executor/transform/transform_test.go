package transform_test

import (
	"context"
	"errors"
	"io"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/syncform/syncform/executor/transform"
	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
)

var (
	text = schema.Type{Kind: schema.Text}
	num  = schema.Type{Kind: schema.Int, Bits: 32}
	now  = time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)
)

// users is a mapping with everything: a renamed column, transforms, one of a column that
// is not mapped itself, filters, metadata.
func users() *plan.Mapping {
	return &plan.Mapping{
		Addr: `sync.s.mapping["users"]`, SourceTable: schema.Name{Name: "users"}, SourceKey: []string{"id"}, TargetKey: []string{"user_id"},
		Columns: []plan.Column{
			{Source: "id", Target: "user_id", SourceType: &num}, {Source: "name", Target: "name", SourceType: &text},
			{Expr: "LOWER(email)", Target: "email", SourceType: &text}, {Expr: "CONCAT(name, ' <', email, '>')", Target: "label", SourceType: &text},
			{Expr: "100 DIV age", Target: "share", SourceType: &num}, {Expr: "'production'", Metadata: true, Target: "_source", SourceType: &text}, {Expr: "NOW()", Metadata: true, Target: "_at", SourceType: &text},
		},
		Filters: []string{"status != 'deleted'", "age > 17"},
		Reads:   []plan.SourceColumn{{Name: "id", Type: num}, {Name: "name", Type: text, Nullable: true}, {Name: "email", Type: text, Nullable: true}, {Name: "status", Type: text}, {Name: "age", Type: num, Nullable: true}},
	}
}

const (
	null      = "\x00null"
	unchanged = "\x00same"
)

func batch(rows ...[]string) *row.Batch {
	b := row.NewBatch(len(rows[0]))
	add(b, rows...)
	return b
}

func add(b *row.Batch, rows ...[]string) {
	for _, r := range rows {
		for _, v := range r {
			switch v {
			case null:
				b.AppendNull()
			case unchanged:
				b.EndField(row.Unchanged)
			default:
				b.Append([]byte(v))
			}
		}
		b.EndRow()
	}
}

func show(b *row.Batch) string {
	var out []string
	for r := range b.Rows {
		var f []string
		for i := range b.Width {
			v, s := b.Field(r, i)
			switch s {
			case row.Null:
				f = append(f, "NULL")
			case row.Unchanged:
				f = append(f, "SAME")
			default:
				f = append(f, string(v))
			}
		}
		out = append(out, strings.Join(f, "|"))
	}
	return strings.Join(out, "\n")
}

func stage(t testing.TB, m *plan.Mapping, o transform.Options) *transform.Stage {
	t.Helper()
	s, err := transform.New(m, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// reader yields batches that are there.
type reader struct{ all []*row.Batch }

func (r *reader) Form() row.Form { return r.all[0].Form }
func (r *reader) Close() error   { return nil }
func (r *reader) Next(context.Context) (*row.Batch, error) {
	if len(r.all) == 0 {
		return nil, io.EOF
	}
	b := r.all[0]
	r.all = r.all[1:]
	return b, nil
}

// all reads everything, which must be one batch.
func all(t testing.TB, s *transform.Stage, in ...*row.Batch) (*row.Batch, error) {
	t.Helper()
	r := s.Reader(&reader{in})
	b, err := r.Next(t.Context())
	if err == nil {
		if _, err := r.Next(t.Context()); err != io.EOF {
			t.Errorf("after the end: %v", err)
		}
	}
	return b, err
}

func TestReader(t *testing.T) {
	in := func() *row.Batch {
		return batch([]string{"1", "Ann", "A@X", "active", "50"}, []string{"2", null, "B@X", "deleted", "50"}, []string{"3", null, "C@X", "active", "20"}, []string{"4", "Bo", null, "active", null}, []string{"5", "Cy", "", "active", "7"})
	}
	out, err := all(t, stage(t, users(), transform.Options{}), in(), in())
	if err != nil {
		t.Fatal(err)
	}
	at := string(out.Data[len(out.Data)-len("2024-02-29 12:00:00+00"):])
	if when, err := time.Parse("2006-01-02 15:04:05+00", at); err != nil || time.Since(when) > time.Minute {
		t.Errorf("written at %s, %v", at, err)
	}
	want := strings.Repeat("\n1|Ann|a@x|Ann <A@X>|2|production|"+at+"\n3|NULL|c@x|NULL|5|production|"+at, 2)[1:]
	if got := show(out); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	out, err = all(t, stage(t, users(), transform.Options{Compared: true}), in())
	if err != nil {
		t.Fatal(err)
	}
	if got := show(out); got != "1|Ann|a@x|Ann <A@X>|2\n3|NULL|c@x|NULL|5" {
		t.Errorf("compared: %s", got)
	}
}

func TestProjectionPassesThrough(t *testing.T) {
	m := users()
	m.Columns, m.Filters, m.Reads = m.Columns[:2], nil, nil
	s := stage(t, m, transform.Options{})
	in := &row.Batch{Form: "other", Rows: 3}
	if out, err := all(t, s, in); err != nil || out != in || !s.Identity() {
		t.Errorf("%v %v", out, err)
	}
	dst := row.NewBatch(2)
	if v, err := s.Row(dst, batch([]string{"1", unchanged}), 0, now); err != nil || !v.Kept || show(dst) != "1|SAME" {
		t.Errorf("%+v %v %s", v, err, show(dst))
	}
}

func TestRow(t *testing.T) {
	s := stage(t, users(), transform.Options{Compared: true})
	for _, x := range []struct {
		in    []string
		kept  bool
		needs int
		want  string
	}{
		{[]string{"1", "Ann", "A@X", "active", "50"}, true, -1, "1|Ann|a@x|Ann <A@X>|2"},
		{[]string{"1", "Ann", "A@X", "deleted", unchanged}, false, -1, ""},
		{[]string{"1", "Ann", "A@X", unchanged, "50"}, false, 3, ""},
		{[]string{"1", "Ann", "A@X", "active", null}, false, -1, ""},
		{[]string{"1", "Ann", unchanged, "active", "50"}, false, 2, ""},                       // the label needs it
		{[]string{"1", unchanged, unchanged, "active", "50"}, true, -1, "1|SAME|SAME|SAME|2"}, // nothing that an expression reads has changed
		{[]string{"1", null, unchanged, "active", "50"}, true, -1, "1|NULL|SAME|NULL|2"},      // NULL whatever it is
	} {
		dst := row.NewBatch(5)
		add(dst, []string{"0", "", "", "", ""})
		v, err := s.Row(dst, batch(x.in), 0, now)
		if err != nil || v.Kept != x.kept || v.Needs != x.needs {
			t.Errorf("%q: %+v %v", x.in, v, err)
		}
		if got, want := show(dst), strings.TrimSuffix("0||||\n"+x.want, "\n"); got != want {
			t.Errorf("%q: %s, want %s", x.in, got, want)
		}
	}
}

// TestSplits: no batch grows past its size because expressions lengthen its rows, and all
// rows that are dropped make none.
func TestSplits(t *testing.T) {
	m := users()
	m.Columns = []plan.Column{{Source: "id", Target: "id", SourceType: &num}, {Expr: "REPEAT(name, 100000)", Target: "long", SourceType: &text}}
	rows := make([][]string, 100)
	for i := range rows {
		rows[i] = []string{strconv.Itoa(i), "Ann", "", "active", strconv.Itoa(i)}
	}
	r := stage(t, m, transform.Options{}).Reader(&reader{[]*row.Batch{batch(rows...), batch([]string{"1", "", "", "deleted", "1"})}})
	n := 0
	for {
		b, err := r.Next(t.Context())
		if err == io.EOF {
			break
		}
		if err != nil || b.Rows != 1 {
			t.Fatalf("%v %v", b, err)
		}
		n += b.Rows
		b.Release()
	}
	if n != 82 {
		t.Errorf("%d rows", n)
	}
}

func TestBadRow(t *testing.T) {
	m := users()
	m.Filters = []string{"age >= 0"}
	s := stage(t, m, transform.Options{})
	dst := row.NewBatch(7)
	_, err := s.Row(dst, batch([]string{"9", "Ann", "A@X", "active", "0"}), 0, now)
	var bad *providers.BadRowError
	if !errors.As(err, &bad) || bad.Key != "id=9" || bad.Column != "share" || bad.Table.Name != "users" || !strings.Contains(bad.Reason, "division by zero") || len(dst.Ends) != 0 {
		t.Errorf("%v", err)
	}
	m.Filters = []string{"100 DIV age > 1"}
	_, err = stage(t, m, transform.Options{}).Row(dst, batch([]string{"9", "Ann", "A@X", "active", "0"}), 0, now)
	if !errors.As(err, &bad) || bad.Column != "" || !strings.Contains(bad.Reason, "100 DIV age > 1") {
		t.Errorf("%v", err)
	}
}

func BenchmarkRow(b *testing.B) {
	rows := make([][]string, 1000)
	for i := range rows {
		rows[i] = []string{"1234567", "Ann Example", "Ann@Example.com", "active", "50"}
	}
	in := batch(rows...)
	s := stage(b, users(), transform.Options{})
	out := row.NewBatch(7)
	b.ReportAllocs()
	for b.Loop() {
		out.Reset()
		for r := range in.Rows {
			if _, err := s.Row(out, in, r, now); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/row")
}

// wide is a mapping of 16 columns with transforms of three and a filter, and a row of it.
func wide() (*plan.Mapping, []string) {
	m := &plan.Mapping{Addr: `sync.s.mapping["orders"]`, SourceTable: schema.Name{Name: "orders"}, SourceKey: []string{"c0"}, TargetKey: []string{"c0"}, Filters: []string{"c1 != 'cancelled'"}}
	values := []string{"1234567", "shipped", "1999.90", "3", "Customer.1X2Y@Example.com", "2024-02-29 12:30:15.5"}
	types := []schema.Type{{Kind: schema.Int, Bits: 64}, {Kind: schema.Varchar, Length: 12}, {Kind: schema.Decimal, Precision: 12, Scale: 2}, num, {Kind: schema.Varchar, Length: 80}, {Kind: schema.Timestamp}}
	var r []string
	for i := range 16 {
		typ, v := text, "some text of a column"
		if i < len(types) {
			typ, v = types[i], values[i]
		}
		name := "c" + strconv.Itoa(i)
		c := plan.Column{Source: name, Target: name, SourceType: &typ}
		if x := map[int]string{2: "c2 * c3", 4: "LOWER(c4)", 5: "DATE(c5)"}[i]; x != "" {
			c.Source, c.Expr = "", x
		}
		m.Columns, m.Reads, r = append(m.Columns, c), append(m.Reads, plan.SourceColumn{Name: name, Type: typ}), append(r, v)
	}
	return m, r
}

// TestNoAllocationPerRow: a row that is transformed and filtered costs no allocation.
func TestNoAllocationPerRow(t *testing.T) {
	for _, x := range []struct {
		name string
		make func() (*plan.Mapping, []string)
	}{{"wide", wide}, {"users", func() (*plan.Mapping, []string) {
		return users(), []string{"1234567", "Ann Example", "Ann@Example.com", "active", "50"}
	}}} {
		m, values := x.make()
		in, s := batch(values, values, values, values), stage(t, m, transform.Options{})
		out := row.NewBatch(len(m.Columns))
		perRun := testing.AllocsPerRun(100, func() {
			out.Reset()
			for r := range in.Rows {
				if v, err := s.Row(out, in, r, now); err != nil || !v.Kept {
					t.Fatal(v, err)
				}
			}
		})
		if perRun != 0 {
			t.Errorf("%s: %v allocations for %d rows", x.name, perRun, in.Rows)
		}
	}
}

func BenchmarkWideRow(b *testing.B) {
	m, values := wide()
	all := make([][]string, 1000)
	for i := range all {
		all[i] = values
	}
	in, s, out := batch(all...), stage(b, m, transform.Options{}), row.NewBatch(len(m.Columns))
	b.ReportAllocs()
	for b.Loop() {
		out.Reset()
		for r := range in.Rows {
			if _, err := s.Row(out, in, r, now); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/row")
}

// TestParts: a stage that takes rows in parts makes of them what it makes of their fields.
// Runs are opaque to it: here they are the fields with their lengths.
func TestParts(t *testing.T) {
	m := users()
	read, write := transform.Parts(m)
	if len(read) == 0 || len(write) == 0 {
		t.Fatal("a stage of which columns pass is not laid out in parts")
	}
	rows := [][]string{{"1", "Ann", "A@X", "active", "50"}, {"2", null, "B@X", "deleted", "50"}, {"4", "Bo", null, "active", null}, {"5", "Cy", "", "active", "30"}}
	field := func(v []byte, state row.State) string {
		if state == row.Null {
			return "-;"
		}
		return strconv.Itoa(len(v)) + ":" + string(v) + ";"
	}
	fields := batch(rows...)
	in := &row.Batch{Form: row.PartsPrefix + "test", Width: len(read)}
	for r := range fields.Rows {
		for _, p := range read {
			if p.N == 0 {
				v, state := fields.Field(r, p.From)
				in.Data = append(in.Data, v...)
				in.EndField(state)
				continue
			}
			for i := range p.N {
				in.Data = append(in.Data, field(fields.Field(r, p.From+i))...)
			}
			in.EndField(row.Value)
		}
		in.EndRow()
	}
	s := stage(t, m, transform.Options{})
	want, err := all(t, s, fields)
	if err != nil {
		t.Fatal(err)
	}
	got, err := all(t, s, in)
	if err != nil {
		t.Fatal(err)
	}
	if got.Form != in.Form || got.Width != len(write) || got.Rows != want.Rows {
		t.Fatalf("form %s, width %d, %d rows; want %d rows", got.Form, got.Width, got.Rows, want.Rows)
	}
	for r := range got.Rows {
		for i, p := range write {
			g, state := got.Field(r, i)
			if p.N == 0 {
				if v, s := want.Field(r, p.From); s != state || string(v) != string(g) && !m.Columns[p.From].Metadata {
					t.Errorf("row %d, column %d: %s, not %s", r, p.From, field(g, state), field(v, s))
				}
				continue
			}
			var run string
			for k := range p.N {
				run += field(want.Field(r, p.From+k))
			}
			if string(g) != run {
				t.Errorf("row %d, columns from %d: %s, not %s", r, p.From, g, run)
			}
		}
	}

	// A bad row is named by its key.
	m.Columns[len(m.Columns)-1] = plan.Column{Expr: "1 DIV (age - 50)", Target: "bad", SourceType: &num}
	_, err = all(t, stage(t, m, transform.Options{}), in)
	if bad := (*providers.BadRowError)(nil); !errors.As(err, &bad) || bad.Key != "id=1" || bad.Column != "bad" {
		t.Errorf("%v", err)
	}
}
