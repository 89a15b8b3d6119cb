package main

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"time"
)

// column is one column of the test data, in the words of each system. text gives row
// i's value, in the text that all of them read; "" is NULL where nullable is set.
type column struct {
	name, postgres, mysql, sqlite string
	text                          func(b []byte, i, h uint64) []byte
	nullable                      bool
	fromPostgres                  string // the expression by which PostgreSQL says it for MySQL; "": the column
}

type table struct {
	name    string
	columns []column
	share   float64 // of all rows
}

var orders = table{name: "orders", share: 0.4, columns: []column{
	{name: "id", postgres: "bigint", mysql: "bigint", sqlite: "INTEGER", text: func(b []byte, i, h uint64) []byte { return strconv.AppendUint(b, i+1, 10) }},
	{name: "customer_id", postgres: "integer", mysql: "int", sqlite: "INTEGER", text: number(200_000)},
	{name: "status", postgres: "varchar(12)", mysql: "varchar(12)", sqlite: "VARCHAR(12)", text: word("new", "paid", "shipped", "returned", "cancelled")},
	{name: "amount", postgres: "numeric(12,2)", mysql: "decimal(12,2)", sqlite: "DECIMAL(12,2)", text: decimal(1_000_000, 2)},
	{name: "tax", postgres: "numeric(8,4)", mysql: "decimal(8,4)", sqlite: "DECIMAL(8,4)", text: decimal(10_000_000, 4)},
	{name: "quantity", postgres: "smallint", mysql: "smallint", sqlite: "SMALLINT", text: number(500)},
	{name: "weight", postgres: "double precision", mysql: "double", sqlite: "DOUBLE", text: fraction(1_000_000, 1024)},
	{name: "rate", postgres: "real", mysql: "float", sqlite: "REAL", text: fraction(4096, 256)},
	{name: "paid", postgres: "boolean", mysql: "tinyint(1)", sqlite: "BOOLEAN", text: number(2), fromPostgres: "paid::int"},
	{name: "email", postgres: "varchar(80)", mysql: "varchar(80)", sqlite: "VARCHAR(80)", text: func(b []byte, i, h uint64) []byte {
		return append(strconv.AppendUint(append(b, "customer."...), h%100_000_000, 36), "@example.com"...)
	}},
	{name: "note", postgres: "text", mysql: "text", sqlite: "TEXT", nullable: true, text: sentence(6)},
	{name: "created_at", postgres: "timestamp", mysql: "datetime(6)", sqlite: "DATETIME", text: stamp(time.DateTime + ".000000")},
	{name: "updated_at", postgres: "timestamptz", mysql: "timestamp(6)", sqlite: "DATETIME", text: stamp(time.DateTime + ".000000"), fromPostgres: "updated_at AT TIME ZONE 'UTC'"},
	{name: "day", postgres: "date", mysql: "date", sqlite: "DATE", text: stamp(time.DateOnly)},
	{name: "code", postgres: "char(8)", mysql: "char(8)", sqlite: "CHAR(8)", text: func(b []byte, i, h uint64) []byte { return fmt.Appendf(b, "%08x", uint32(h)) }},
	{name: "city", postgres: "varchar(40)", mysql: "varchar(40)", sqlite: "VARCHAR(40)", text: word("Berlin", "Zürich", "Łódź", "東京", "São Paulo", "New York", "Αθήνα")},
}}

var items = table{name: "items", share: 0.6, columns: []column{
	{name: "id", postgres: "bigint", mysql: "bigint", sqlite: "INTEGER", text: func(b []byte, i, h uint64) []byte { return strconv.AppendUint(b, i+1, 10) }},
	{name: "order_id", postgres: "bigint", mysql: "bigint", sqlite: "BIGINT", text: number(1_200_000)},
	{name: "product", postgres: "varchar(60)", mysql: "varchar(60)", sqlite: "VARCHAR(60)", text: sentence(3)},
	{name: "sku", postgres: "varchar(20)", mysql: "varchar(20)", sqlite: "VARCHAR(20)", text: func(b []byte, i, h uint64) []byte { return fmt.Appendf(b, "SKU-%012d", h%1_000_000_000_000) }},
	{name: "qty", postgres: "integer", mysql: "int", sqlite: "INTEGER", text: number(100)},
	{name: "price", postgres: "numeric(10,2)", mysql: "decimal(10,2)", sqlite: "DECIMAL(10,2)", text: decimal(100_000, 2)},
	{name: "discount", postgres: "double precision", mysql: "double", sqlite: "DOUBLE", text: fraction(1000, 1024)},
	{name: "gift", postgres: "boolean", mysql: "tinyint(1)", sqlite: "BOOLEAN", text: number(2), fromPostgres: "gift::int"},
	{name: "remark", postgres: "text", mysql: "text", sqlite: "TEXT", nullable: true, text: sentence(8)},
	{name: "added", postgres: "timestamp", mysql: "datetime(6)", sqlite: "DATETIME", text: stamp(time.DateTime + ".000000")},
	{name: "shipped", postgres: "date", mysql: "date", sqlite: "DATE", nullable: true, text: stamp(time.DateOnly)},
	{name: "color", postgres: "varchar(16)", mysql: "varchar(16)", sqlite: "VARCHAR(16)", text: word("red", "green", "blue", "black", "white")},
	{name: "size", postgres: "smallint", mysql: "smallint", sqlite: "SMALLINT", text: number(60)},
	{name: "place", postgres: "integer", mysql: "int", sqlite: "INTEGER", text: number(10_000_000)},
}}

var tables = []table{orders, items}

// rowsOf is how many of all rows are this table's.
func (t table) rowsOf(all int) int { return int(float64(all) * t.share) }

func number(below uint64) func([]byte, uint64, uint64) []byte {
	return func(b []byte, i, h uint64) []byte { return strconv.AppendUint(b, h%below, 10) }
}

func decimal(below uint64, scale int) func([]byte, uint64, uint64) []byte {
	unit := uint64(1)
	for range scale {
		unit *= 10
	}
	return func(b []byte, i, h uint64) []byte {
		n := h % below
		return fmt.Appendf(b, "%d.%0*d", n/unit, scale, n%unit)
	}
}

// fraction gives numbers that binary floating point holds exactly.
func fraction(below, denominator uint64) func([]byte, uint64, uint64) []byte {
	return func(b []byte, i, h uint64) []byte {
		return strconv.AppendFloat(b, float64(h%(below*denominator))/float64(denominator), 'f', -1, 64)
	}
}

func word(words ...string) func([]byte, uint64, uint64) []byte {
	return func(b []byte, i, h uint64) []byte { return append(b, words[h%uint64(len(words))]...) }
}

func sentence(words int) func([]byte, uint64, uint64) []byte {
	all := []string{"quick", "brown", "fox", "jumps", "over", "lazy", "dog", "while", "seven", "wizards", "brew", "potions"}
	return func(b []byte, i, h uint64) []byte {
		for n := range words {
			if n > 0 {
				b = append(b, ' ')
			}
			b = append(b, all[h>>(4*n)%uint64(len(all))]...)
		}
		return b
	}
}

func stamp(layout string) func([]byte, uint64, uint64) []byte {
	from := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	return func(b []byte, i, h uint64) []byte {
		return from.Add(time.Duration(h%(5*365*86400*1e6))*time.Microsecond).AppendFormat(b, layout)
	}
}

// hash is splitmix64: the same value for the same row and column in every run.
func hash(row, column uint64) uint64 {
	z := row*0x9e3779b97f4a7c15 + (column+1)*0xbf58476d1ce4e5b9
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// value gives row i's field c; null where it has none.
func (t table) value(b []byte, i, c int) (text []byte, null bool) {
	h := hash(uint64(i), uint64(c))
	if t.columns[c].nullable && h%8 == 0 {
		return b, true
	}
	return t.columns[c].text(b, uint64(i), h/8), false
}

// write writes n rows as tab-separated text with \N for NULL, which COPY and LOAD DATA
// both read. No value needs an escape.
func (t table) write(w io.Writer, n int) error {
	out := bufio.NewWriterSize(w, 1<<16)
	var line []byte
	for i := range n {
		line = line[:0]
		for c := range t.columns {
			if c > 0 {
				line = append(line, '\t')
			}
			var null bool
			if line, null = t.value(line, i, c); null {
				line = append(line, `\N`...)
			}
		}
		if _, err := out.Write(append(line, '\n')); err != nil {
			return err
		}
	}
	return out.Flush()
}
