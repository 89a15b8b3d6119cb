package mysql

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/providertest"
	"github.com/syncform/syncform/providers/row"
)

// Whatever the key, the chunks together are the table, no row is in two of them, and
// the server reads each by a range of its index.
func TestChunkKeys(t *testing.T) {
	numbers := func(format string) string {
		var values []string
		for i := range 300 {
			values = append(values, fmt.Sprintf("("+format+")", i*7-1000))
		}
		return strings.Join(values, ", ")
	}
	texts := func(format string) string {
		var values []string
		for i := range 300 {
			values = append(values, fmt.Sprintf("("+format+")", fmt.Sprintf("%c%c %d", 'A'+i%7, []rune("aéÄz_~'\\")[i%8], i*37%1000)))
		}
		return strings.ReplaceAll(strings.Join(values, ", "), "\\", "\\\\")
	}
	for _, c := range []struct {
		name, columns string
		key           []string
		values        string
		one           bool // can't be cut
	}{
		{"int", "k int primary key", []string{"k"}, numbers("%d"), false},
		{"far apart", "k bigint unsigned primary key", []string{"k"}, numbers("(%d + 2000) * cast(4000000000000000 as unsigned)"), false},
		{"decimal", "k decimal(30,10) primary key", []string{"k"}, numbers("%d.0000000001"), false},
		{"descending", "k int, primary key (k desc)", []string{"k"}, numbers("%d"), false},
		{"text", "k varchar(50) primary key", []string{"k"}, texts("\"%s\""), false},
		{"general_ci", "k varchar(50) collate utf8mb4_general_ci primary key", []string{"k"}, texts("\"%s\""), false},
		{"latin1", "k varchar(50) charset latin1 primary key", []string{"k"}, texts("\"%s\""), false},
		{"utf8mb3", "k char(50) charset utf8mb3 primary key", []string{"k"}, texts("\"%s\""), false},
		{"bytes", "k varbinary(50) primary key", []string{"k"}, texts("concat(\"%s\", x'00ff')"), false},
		{"date", "k date primary key", []string{"k"}, "('0000-00-00'), " + numbers("'2024-01-01' + interval %d day"), false},
		{"datetime", "k datetime(6) primary key", []string{"k"}, numbers("'2024-01-01' + interval %d hour"), false},
		{"timestamp", "k timestamp(3) primary key", []string{"k"}, numbers("'2024-01-01' + interval %d hour"), false},
		{"time", "k time primary key", []string{"k"}, numbers("sec_to_time(%d)"), false},
		{"two", "a varchar(10), b int, primary key (a, b)", []string{"a", "b"}, numbers("if(%[1]d %% 2, 'x', 'X'), %[1]d"), false},
		{"begins with few", "a int, b enum('p','q','r','s'), c int, primary key (a, b, c)", []string{"a", "b", "c"}, numbers("%[1]d div 500, 1 + abs(%[1]d) %% 4, %[1]d"), false},
		{"enum", "a enum('z','a'), b int, primary key (a, b)", []string{"a", "b"}, numbers("1 + abs(%[1]d) %% 2, %[1]d"), true},
		{"not the key's order", "a int, b int, primary key (b, a)", []string{"a", "b"}, numbers("%[1]d, 1"), true},
		{"nulls", "k int unique", []string{"k"}, "(null), (null), " + numbers("%d"), true},
		{"no index", "k int", []string{"k"}, numbers("%d"), true},
		{"no key", "k int", nil, numbers("%d"), true},
	} {
		t.Run(c.name, func(t *testing.T) {
			providertest.EachMySQL(t, func(t *testing.T, url string) {
				providertest.Exec(t, url, "SET NAMES utf8mb4, sql_mode = ''", "CREATE TABLE t ("+c.columns+") charset utf8mb4", "INSERT INTO t VALUES "+c.values, "ANALYZE TABLE t")
				conn := connectTo(t, url)
				_, r := wholeTable(t, conn, "t")
				r.Key = c.key
				s, err := conn.OpenSnapshot(t.Context(), providers.SnapshotOptions{Readers: 1})
				if err != nil {
					t.Fatal(err)
				}
				defer s.Close()
				chunks, err := s.Chunks(t.Context(), r, 20)
				if err != nil {
					t.Fatal(err)
				}
				if c.one != (len(chunks) == 1) || !c.one && (len(chunks) < 3 || len(chunks) > 60) {
					t.Errorf("%d chunks: %v", len(chunks), chunks)
				}
				var got []string
				for i, chunk := range chunks {
					got = append(got, readAll(t, s, r, chunk)...)
					if i > 0 && !c.one {
						byRange(t, conn, r, chunk)
					}
				}
				want := readAll(t, s, r, providers.Chunk{})
				slices.Sort(got)
				slices.Sort(want)
				if !slices.Equal(got, want) {
					t.Errorf("the chunks hold %d rows, the table %d", len(got), len(want))
				}
			})
		})
	}
}

// readAll gives the rows of a chunk, each as one text.
func readAll(t *testing.T, s providers.Snapshot, r providers.ReadTable, c providers.Chunk) []string {
	t.Helper()
	reader, err := s.Read(t.Context(), r, c, []row.Form{row.FormFields})
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	var rows []string
	for {
		b, err := reader.Next(t.Context())
		if errors.Is(err, io.EOF) {
			return rows
		}
		if err != nil {
			t.Fatal(err)
		}
		for i := range b.Rows {
			text := ""
			for j := range r.Columns {
				value, state := b.Field(i, j)
				text += fmt.Sprintf("%d %q, ", state, value)
			}
			rows = append(rows, text)
		}
		b.Release()
	}
}

// byRange asks the server how it reads a chunk.
func byRange(t *testing.T, c *Conn, r providers.ReadTable, chunk providers.Chunk) {
	t.Helper()
	text, err := selectRows(r, chunk)
	if err != nil {
		t.Fatal(err)
	}
	err = c.with(t.Context(), func(s *session) error {
		rows, err := s.query(t.Context(), "EXPLAIN FORMAT=TRADITIONAL "+text)
		if err == nil && !slices.Contains(rows[0], "range") && !slices.Contains(rows[0], "index") {
			t.Errorf("not read by a range: %v\n%s", rows[0], text)
		}
		return err
	})
	if err != nil && c.server.mariadb() {
		return // it has no FORMAT=TRADITIONAL
	}
	if err != nil {
		t.Fatal(err)
	}
}

// A boundary that a ledger hands back is not trusted.
func TestBounds(t *testing.T) {
	for text, want := range map[string]string{
		`{"from":["n-12.5"]}`: "`a` >= -12.5", `{"to":["s6162"]}`: "`a` < _utf8mb4 x'6162'", `{"from":["n1","q2'"],"to":["n2"]}`: "`a` >= 1 AND (`a` > 1 OR (`a` = 1 AND `b` >= '2'''))" + " AND `a` < 2", "": "",
	} {
		if got, err := where([]string{"a", "b"}, text); err != nil || got != want {
			t.Errorf("%s is %s, %v; want %s", text, got, err, want)
		}
	}
	for _, text := range []string{`{"from":["n1 OR 1"]}`, `{"from":["s6x"]}`, `{"from":["x1"]}`, `{"from":[""]}`, `{"from":["n1","n2","n3"]}`, `{`, `{"from":["n"]}`} {
		if got, err := where([]string{"a", "b"}, text); err == nil {
			t.Errorf("%s is %s", text, got)
		}
	}
}
