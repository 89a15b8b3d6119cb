package all_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/all"
	"github.com/syncform/syncform/providers/providertest"
	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
)

var update = flag.Bool("update", false, "rewrite docs/types.md")

const typesPage = "../../docs/types.md"

// side is one system of the page: a real server, where a table of each type is made.
type side struct {
	title, provider, server string
	fresh                   func(t testing.TB) string
	before                  []string
	types                   []string // as CREATE TABLE takes them, and as the page shows them
}

var common = strings.Split("tinyint(1)|tinyint|tinyint unsigned|smallint|smallint unsigned|mediumint|int|int unsigned|bigint|bigint unsigned|decimal(10,2)|decimal(65,30)|float|double|bit(9)|"+
	"char(5)|varchar(20)|tinytext|text|mediumtext|longtext|binary(5)|varbinary(20)|blob|longblob|date|time(6)|datetime|datetime(6)|timestamp|year|enum('s','m')|set('x','y')|json|geometry|point", "|")

var sides = []side{
	{
		title: "PostgreSQL", provider: "postgresql", server: "PostgreSQL 18", fresh: func(t testing.TB) string { return providertest.Postgres(t, "") },
		before: []string{"CREATE TYPE mood AS ENUM ('sad', 'happy')"},
		types: strings.Split("boolean|smallint|integer|bigint|numeric|numeric(10,2)|real|double precision|character(5)|character varying(20)|text|bytea|date|time|time with time zone|timestamp|timestamp(3)|"+
			"timestamp with time zone|interval|uuid|json|jsonb|xml|bit(9)|bit varying(9)|mood|integer[]|text[]|inet|cidr|macaddr|int4range|tsvector|money|point|oid", "|"),
	},
	{title: "MySQL", provider: "mysql", server: "MySQL 9", fresh: providertest.MySQL, types: common},
	{title: "MariaDB", provider: "mysql", server: "MariaDB 10.11", fresh: providertest.MariaDB, types: append(slices.Clone(common), "uuid", "inet6")},
	{
		title: "SQLite", provider: "sqlite", server: "SQLite", fresh: providertest.SQLite,
		types: strings.Split("INTEGER|BIGINT|INT|SMALLINT|BIGINT UNSIGNED|BOOLEAN|REAL|DOUBLE|FLOAT4|NUMERIC|DECIMAL(10,2)|DECIMAL_TEXT|CHAR(5)|VARCHAR(20)|TEXT|CLOB|BLOB|BINARY(5)|DATE|TIME|DATETIME|TIMESTAMP(3)|TIMESTAMPTZ|JSON|UUID|INTERVAL|YEAR|", "|"),
	},
}

// TestTypesPage makes docs/types.md: each type of each system is translated, made and
// filled in each other one, and translated back.
func TestTypesPage(t *testing.T) {
	var page strings.Builder
	page.WriteString(typesHead)
	made := make([]*table, len(sides))
	for i, s := range sides {
		made[i] = s.table(t)
	}
	for i, from := range sides {
		fmt.Fprintf(&page, "\n## From %s\n", from.title)
		var others []side
		var cells [][]cell
		for j, to := range sides {
			if i != j {
				others = append(others, to)
				cells = append(cells, made[i].into(t, to))
			}
		}
		page.WriteString("\n| type |")
		for _, to := range others {
			fmt.Fprintf(&page, " in %s |", to.title)
		}
		page.WriteString("\n| --- |" + strings.Repeat(" --- |", len(others)) + "\n")
		for n, native := range from.types {
			if native == "" {
				native = "(none)"
			}
			fmt.Fprintf(&page, "| %s |", code(native))
			for _, c := range cells {
				fmt.Fprintf(&page, " %s |", c[n])
			}
			page.WriteString("\n")
		}
	}
	if *update {
		if err := os.WriteFile(typesPage, []byte(page.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(typesPage)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != page.String() {
		t.Errorf("docs/types.md is not what the code says; run: go test ./providers/all -run TestTypesPage -update")
	}
}

const typesHead = `<!-- Made from what the providers do: go test ./providers/all -run TestTypesPage -update -->
# Types

Which type of one system becomes which of another, in a table that syncform makes. A mapping's ` + "`column`" + ` block can say another one.

Values arrive as they were or not at all: one that the target's type can't hold stops the copy with table, key and column named. Under a type stand the values of the source that are *refused* so (of those that are tried: the extremes of each type), and what the column *comes back as* when the target is copied into the source's system again, where that is not the type that it was.

The tables were made with PostgreSQL 18, MySQL 9, MariaDB 10.11 and SQLite.
`

// cell is what one type becomes.
type cell struct {
	native  string
	refused []string
	back    string
	without string // why there is none
}

func (c cell) String() string {
	if c.without != "" {
		return "none: " + c.without
	}
	text := code(c.native)
	if len(c.refused) > 0 {
		text += "<br>refused: " + strings.Join(c.refused, ", ")
	}
	if c.back != "" {
		text += "<br>comes back as " + code(c.back)
	}
	return text
}

func code(s string) string { return "`" + strings.ReplaceAll(s, "|", "\\|") + "`" }

// table is a real table with a column of each type.
type table struct {
	side
	conn providers.Conn
	db   *schema.Database
	own  []try // the values that its own types were tried with
}

// table makes it by plain SQL and inspects it.
func (s side) table(t *testing.T) *table {
	t.Helper()
	url := s.fresh(t)
	ddl := "CREATE TABLE v (id int NOT NULL PRIMARY KEY"
	for i, native := range s.types {
		ddl += fmt.Sprintf(", c%d %s", i, native)
		if s.provider == "mysql" {
			ddl += " NULL"
		}
	}
	providertest.Exec(t, url, append(slices.Clone(s.before), ddl+")")...)
	m := &table{side: s, conn: s.open(t, url)}
	var err error
	if m.db, err = m.conn.Inspect(context.Background(), providers.InspectOptions{}); err != nil {
		t.Fatal(err)
	}
	v := m.db.Tables[0]
	for i := range s.types {
		for _, e := range extremes(v.Column(fmt.Sprintf("c%d", i)).Type) {
			m.own = append(m.own, try{column: i, extreme: e})
		}
	}
	write(t, m.conn, v, v, m.own)
	return m
}

func (s side) open(t *testing.T, url string) providers.Conn {
	t.Helper()
	if s.provider == "sqlite" {
		url = "sqlite:" + url
	}
	conn, err := all.Providers()[s.provider].Open(context.Background(), providers.Config{Addr: "target." + s.provider + ".types", Attrs: map[string]any{"connection": url}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	})
	return conn
}

// as gives a connection's capability.
func as[T any](t *testing.T, conn providers.Conn) T {
	t.Helper()
	v, err := providers.As[T](conn)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// into makes the table in another system and tries values in it.
func (m *table) into(t *testing.T, to side) []cell {
	t.Helper()
	ctx := context.Background()
	conn := to.open(t, to.fresh(t))
	empty, err := conn.Inspect(ctx, providers.InspectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	source := m.db.Tables[0]
	wanted, notes := as[providers.Translator](t, conn).Translate(m.db, source)
	cells := make([]cell, len(m.types))
	for i := range cells {
		for _, n := range notes {
			if n.Refused && n.Object == fmt.Sprintf("column %q", fmt.Sprintf("c%d", i)) {
				cells[i].without = n.Text
			}
		}
	}
	wanted.Name = schema.Name{Schema: empty.DefaultSchema, Name: "v"}
	wanted.Indexes, wanted.Uniques = nil, nil
	normal, err := as[providers.Normalizer](t, conn).Normalize(ctx, []schema.Table{wanted})
	if err != nil {
		t.Fatal(err)
	}
	steps, err := as[providers.StepPlanner](t, conn).PlanSteps(empty, schema.AddTable{To: normal[0]})
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range steps {
		if _, err := as[providers.StepRunner](t, conn).RunStep(ctx, providers.StepKey{Plan: "types", Action: "a", Step: i}, s); err != nil {
			t.Fatalf("%s: %v", s.Text, err)
		}
	}
	there, err := conn.Inspect(ctx, providers.InspectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	target := *there.Table(wanted.Name)
	back, _ := as[providers.Translator](t, m.conn).Translate(there, target)
	var tries []try
	for i := range cells {
		name := fmt.Sprintf("c%d", i)
		c, ours, again := target.Column(name), source.Column(name), back.Column(name)
		if c == nil {
			continue
		}
		cells[i].native = c.Type.String()
		if again == nil || !again.Type.Equal(ours.Type) {
			cells[i].back = "nothing"
			if again != nil {
				cells[i].back = again.Type.String()
			}
		}
		for _, own := range m.own {
			if own.column == i && own.held {
				tries = append(tries, try{column: i, extreme: own.extreme})
			}
		}
	}
	write(t, conn, target, source, tries)
	for _, v := range tries {
		c := &cells[v.column]
		switch {
		case v.refused && !slices.Contains(c.refused, v.name):
			c.refused = append(c.refused, v.name)
		case !v.refused && !v.held:
			t.Errorf("%s: %s changes %q of %s", to.title, c.native, v.text, m.types[v.column])
		}
	}
	return cells
}

// try is a value that is written into one column of a table.
type try struct {
	column int
	extreme
	refused bool // as a bad row
	held    bool // it came back as it was
}

// write tries values, each in a row of its own, and reads all of them back. A column
// takes the text of the source's type.
func write(t *testing.T, conn providers.Conn, to, source schema.Table, tries []try) {
	t.Helper()
	ctx := context.Background()
	id := to.Column("id")
	l := providers.Load{Mapping: "types", Generation: "g", Table: to.Name, Live: to.Name, Key: []string{"id"}, Columns: []providers.WriteColumn{{Name: "id", Type: id.Type, Source: source.Column("id").Type}}}
	r := providers.ReadTable{Name: to.Name, Key: l.Key}
	at := map[string]int{}
	for _, c := range to.Columns {
		if c.Name != "id" {
			at[c.Name] = len(l.Columns)
			l.Columns = append(l.Columns, providers.WriteColumn{Name: c.Name, Type: c.Type, Source: source.Column(c.Name).Type})
		}
	}
	for _, c := range l.Columns {
		r.Columns = append(r.Columns, providers.ReadColumn{Name: c.Name, Type: c.Type, As: c.Source})
	}
	w := as[providers.Writer](t, conn)
	st, err := w.OpenLoad(ctx, l, func() ([]providers.Chunk, error) {
		chunks := make([]providers.Chunk, len(tries))
		for i := range chunks {
			chunks[i].ID = i
		}
		return chunks, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	tw, err := w.OpenWriter(ctx, l)
	if err != nil {
		t.Fatal(err)
	}
	for i := range tries {
		row := make([]*string, len(l.Columns))
		key := fmt.Sprint(i)
		row[0], row[at[fmt.Sprintf("c%d", tries[i].column)]] = &key, &tries[i].text
		_, err := tw.WriteChunk(ctx, st.Chunks[i], &one{fields: row})
		var bad *providers.BadRowError
		if tries[i].refused = errors.As(err, &bad); err != nil && !tries[i].refused {
			t.Fatalf("%s: %v", to.Column(fmt.Sprintf("c%d", tries[i].column)).Type, err)
		}
	}
	if err := tw.Close(); err != nil {
		t.Fatal(err)
	}
	read(t, conn, r, func(b *row.Batch, n int) {
		key, _ := b.Field(n, 0)
		i, err := strconv.Atoi(string(key))
		if err != nil {
			t.Fatal(err)
		}
		at := at[fmt.Sprintf("c%d", tries[i].column)]
		v, state := b.Field(n, at)
		as := l.Columns[at].Source
		tries[i].held = state == row.Value && bytes.Equal(row.Normal(nil, as, v), row.Normal(nil, as, []byte(tries[i].text)))
	})
}

// read goes through all rows of a table.
func read(t *testing.T, conn providers.Conn, r providers.ReadTable, each func(b *row.Batch, n int)) {
	t.Helper()
	ctx := context.Background()
	sn, err := as[providers.SnapshotReader](t, conn).OpenSnapshot(ctx, providers.SnapshotOptions{Readers: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := sn.Close(); err != nil {
			t.Error(err)
		}
	}()
	chunks, err := sn.Chunks(ctx, r, 1000000)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range chunks {
		src, err := sn.Read(ctx, r, c, []row.Form{row.FormFields})
		if err != nil {
			t.Fatal(err)
		}
		for {
			b, err := src.Next(ctx)
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			for i := range b.Rows {
				each(b, i)
			}
			b.Release()
		}
		if err := src.Close(); err != nil {
			t.Error(err)
		}
	}
}

// one is a row.Reader of one row; nil is NULL.
type one struct{ fields []*string }

func (o *one) Form() row.Form { return row.FormFields }
func (o *one) Close() error   { return nil }

func (o *one) Next(context.Context) (*row.Batch, error) {
	if o.fields == nil {
		return nil, io.EOF
	}
	b := row.NewBatch(len(o.fields))
	for _, f := range o.fields {
		if f == nil {
			b.AppendNull()
		} else {
			b.Append([]byte(*f))
		}
	}
	b.EndRow()
	o.fields = nil
	return b, nil
}
