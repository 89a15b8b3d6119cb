package executor_test

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/syncform/syncform/executor/transform"
	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/providertest"
	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
)

// boundColumns are the test table's columns, with values at which servers and the
// evaluator might part.
var boundColumns = []struct{ name, postgres, mysql, values, extra string }{
	{"i", "integer", "int", "-7|0|1|7|2147483647|-2147483648", ""},
	{"n", "bigint NOT NULL", "bigint NOT NULL", "0|5|9223372036854775807|-9223372036854775808", ""},
	{"u", "numeric(20,0)", "bigint unsigned", "0|7|18446744073709551615", ""},
	{"d", "numeric(12,3)", "decimal(12,3)", "0|-0.005|1.5|1.500|999999999.999|-999999999.999", "'NaN'"},
	{"w", "boolean", "tinyint(1)", "0|1", ""},
	{"s", "varchar(40)", "varchar(40)", "|a|A|á|a |abc|ABC|ß|ss|deleted|Deleted|O'x\\\\", ""},
	{"t", "text NOT NULL", "text NOT NULL", "|a|A|a |é|é|deleted", ""},
	{"a", "date", "date", "1999-12-31|2024-02-29|0001-01-01|9999-12-31", "'infinity'|'-infinity'|'0044-03-15 BC'|'12000-01-01'"},
	{"b", "timestamp", "datetime(6)", "1999-12-31 23:59:59.999999|2024-02-29 00:00:00|2024-02-29 00:00:00.000001|9999-12-31 23:59:59", "'infinity'|'-infinity'|'0044-03-15 BC'"},
	{"z", "timestamptz", "timestamp(6)", "1999-12-31 23:59:59.999999|2024-02-29 00:00:00|2030-01-01 12:00:00", "'infinity'|'-infinity'"},
}

// boundTable makes the table with every value of a column beside random ones of the rest.
func boundTable(r *rand.Rand, system string) []string {
	var columns []string
	choices := make([][]string, len(boundColumns))
	for i, c := range boundColumns {
		typ := c.mysql
		if system == "postgres" {
			typ = c.postgres
		}
		columns = append(columns, c.name+" "+typ)
		for _, v := range strings.Split(c.values, "|") {
			v = "'" + strings.ReplaceAll(v, "'", "''") + "'"
			if system == "postgres" {
				v = strings.ReplaceAll(v, `\\`, `\`)
			}
			choices[i] = append(choices[i], v)
		}
		if !strings.Contains(typ, "NOT NULL") {
			choices[i] = append(choices[i], "NULL")
		}
		if system == "postgres" && c.extra != "" {
			choices[i] = append(choices[i], strings.Split(c.extra, "|")...)
		}
	}
	var rows []string
	for i := range boundColumns {
		for _, v := range choices[i] {
			for range 6 {
				f := []string{fmt.Sprint(len(rows) + 1)}
				for j := range boundColumns {
					if j != i {
						f = append(f, choices[j][r.IntN(len(choices[j]))])
						continue
					}
					f = append(f, v)
				}
				rows = append(rows, "("+strings.Join(f, ", ")+")")
			}
		}
	}
	return []string{"CREATE TABLE g (id int NOT NULL PRIMARY KEY, " + strings.Join(columns, ", ") + ")", "INSERT INTO g VALUES " + strings.Join(rows, ", ")}
}

// boundFilter makes a filter, most of whose parts a server can see to.
func boundFilter(r *rand.Rand) string {
	pick := func(of ...string) string { return of[r.IntN(len(of))] }
	cmp := pick("=", "<>", "!=", "<", "<=", ">", ">=")
	part := func() string {
		switch r.IntN(16) {
		case 0:
			return "i " + cmp + " " + pick("0", "7", "-7", "2147483648", "1.5")
		case 1:
			return "n " + cmp + " " + pick("5", "9223372036854775807", "-9223372036854775808", "9223372036854775808")
		case 2:
			return pick("7", "0", "18446744073709551615", "-1") + " " + cmp + " u"
		case 3:
			return "d " + cmp + " " + pick("1.5", "0", "-0.005", "1.50001", "999999999.999", "1e0")
		case 4:
			return pick("w", "NOT w", "w = TRUE", "w = FALSE", "w <> TRUE")
		case 5:
			return pick("s", "t") + " " + cmp + " '" + pick("", "a", "A", "a ", "deleted", "ss", "á", `O\\'x\\\\`) + "'"
		case 6:
			return "a " + cmp + " " + pick("'2024-02-29'", "'1999-12-31'", "DATE'0001-01-01'", "'9999-12-31'", "TIMESTAMP'2024-02-29 00:00:00'")
		case 7:
			return "b " + cmp + " " + pick("'2024-02-29'", "'1999-12-31 23:59:59.999999'", "TIMESTAMP'2024-02-29 00:00:00.000001'", "DATE'2024-02-29'")
		case 8:
			return "z " + cmp + " " + pick("'2024-02-29'", "'2030-01-01 13:00:00+01:00'", "TIMESTAMP'1999-12-31 23:59:59.999999'")
		case 9:
			return pick("i", "n") + pick(" IN ", " NOT IN ") + pick("(7)", "(0, 7, -7)", "(0, 1, 5, 7, 8, 9, 10)")
		case 10:
			return pick("s", "t") + pick(" IN ", " NOT IN ") + "('a', 'deleted', 'SS')"
		case 11:
			return pick("i", "u", "d", "s", "t", "a", "b", "z", "w") + pick(" IS NULL", " IS NOT NULL")
		case 12:
			return "100 DIV i > 1" // fails at 0
		case 13:
			return "LOWER(s) = 'a'"
		case 14:
			return "i BETWEEN 0 AND 7"
		}
		return "(i = 7 OR s = 'a')"
	}
	f := part()
	for range r.IntN(3) {
		f += pick(" AND ", " AND ", " OR ") + part()
	}
	return f
}

// TestBounds: what a server leaves out by a mapping's bounds is what the filters drop, no
// row more and none of which they can't decide, whatever the values.
func TestBounds(t *testing.T) {
	for _, name := range []string{"postgres", "mariadb", "mysql"} {
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, 2))
			url := systems[name].fresh(t)
			providertest.Exec(t, url, boundTable(r, name)...)
			c, err := open(t.Context(), sourceAddr, url)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = c.Close() }) // the test's own errors say more
			db, err := c.Inspect(t.Context(), providers.InspectOptions{})
			if err != nil {
				t.Fatal(err)
			}
			g := db.Tables[slices.IndexFunc(db.Tables, func(x schema.Table) bool { return x.Name.Name == "g" })]
			snap, err := capability[providers.SnapshotReader](t, c).OpenSnapshot(t.Context(), providers.SnapshotOptions{Readers: 1})
			if err != nil {
				t.Fatal(err)
			}
			defer snap.Close()
			bounded, saved, errs := 0, 0, 0
			for range 400 {
				m := &plan.Mapping{Addr: "m", SourceTable: g.Name, SourceKey: []string{"id"}}
				for _, x := range g.Columns {
					m.Columns = append(m.Columns, plan.Column{Source: x.Name, Target: x.Name, SourceType: &x.Type, TargetType: &x.Type})
					m.Reads = append(m.Reads, plan.SourceColumn{Name: x.Name, Type: x.Type, Nullable: x.Nullable})
				}
				for range 1 + r.IntN(2) {
					m.Filters = append(m.Filters, boundFilter(r))
				}
				if _, err := transform.New(m, transform.Options{}); err != nil {
					continue // a comparison that is refused
				}
				read := m.ReadSource()
				all, n, bad := through(t, snap, m, read)
				read.Where = transform.Bounds(m)
				some, fewer, _ := through(t, snap, m, read)
				if all != some {
					t.Fatalf("%q: by %v the rows are\n%s\nand should be\n%s", m.Filters, read.Where, some, all)
				}
				if len(read.Where) > 0 {
					bounded++
				}
				if fewer < n {
					saved++
				}
				errs += bad
			}
			t.Logf("%d filters had bounds, %d read fewer rows; %d rows could not be decided", bounded, saved, errs)
			if least := map[string]int{"postgres": 120, "mariadb": 100, "mysql": 100}[name]; saved < least || errs < 100 {
				t.Errorf("that tests too little")
			}
		})
	}
}

// through reads a table and puts its rows through the mapping: what comes out, with the
// rows that are bad, how many were read, and how many were bad.
func through(t *testing.T, snap providers.Snapshot, m *plan.Mapping, read providers.ReadTable) (out string, rows, errs int) {
	t.Helper()
	s, err := transform.New(m, transform.Options{})
	if err != nil {
		t.Fatal(err)
	}
	rd, err := snap.Read(t.Context(), read, providers.Chunk{}, []row.Form{row.FormFields})
	if err != nil {
		t.Fatalf("%v: %v", read.Where, err)
	}
	defer rd.Close()
	var lines []string
	dst := row.NewBatch(len(m.Columns))
	for {
		b, err := rd.Next(t.Context())
		if err == io.EOF {
			slices.Sort(lines)
			return strings.Join(lines, "\n"), rows, errs
		}
		if err != nil {
			t.Fatalf("%v: %v", read.Where, err)
		}
		for i := range b.Rows {
			dst.Reset()
			v, err := s.Row(dst, b, i, time.Now())
			var bad *providers.BadRowError
			switch {
			case errors.As(err, &bad):
				lines = append(lines, "bad: "+bad.Error())
				errs++
			case err != nil:
				t.Fatal(err)
			case v.Kept:
				lines = append(lines, fmt.Sprintf("%q", dst.Data))
			}
		}
		rows += b.Rows
		b.Release()
	}
}
