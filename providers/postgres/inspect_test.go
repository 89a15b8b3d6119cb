package postgres

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/providertest"
	"github.com/syncform/syncform/providers/schema"
)

func TestInspectEverything(t *testing.T) {
	eachServer(t, func(t *testing.T, version string) {
		url := providertest.Postgres(t, version)
		providertest.Exec(t, url, everythingFor(version)...)
		c := open(t, url)
		db := inspect(t, c)
		if db.System != schema.PostgreSQL || db.DefaultSchema != "public" || !strings.HasPrefix(db.Version, version) || !strings.HasPrefix(db.Identity, "postgresql:") {
			t.Errorf("%+v", db)
		}
		table := db.Table(schema.Name{Schema: "public", Name: "select"})
		if table == nil {
			t.Fatal("no table select")
		}
		for _, want := range []struct {
			column, native string
			kind           schema.Kind
			def            schema.Default
		}{
			{"Id", "bigint", schema.Int, schema.Default{Text: `nextval('public."select_Id_seq"'::regclass)`}},
			{"space d", "character varying(20)", schema.Varchar, schema.Default{Literal: true, Text: "it's"}},
			{"small", "smallint", schema.Int, schema.Default{Literal: true, Text: "-3"}},
			{"num", "numeric(12,3)", schema.Decimal, schema.Default{Literal: true, Text: "1.50"}},
			{"d", "double precision", schema.Float, schema.Default{Literal: true, Text: "NaN"}},
			{"b", "boolean", schema.Bool, schema.Default{Literal: true, Text: "t"}},
			{"c", "character(5)", schema.Char, schema.Default{Literal: true, Text: "ab"}},
			{"by", "bytea", schema.Blob, schema.Default{Literal: true, Text: "ab"}},
			{"tm", "time(3) without time zone", schema.Time, schema.Default{Literal: true, Text: "10:00:00"}},
			{"ts", "timestamp(0) without time zone", schema.Timestamp, schema.Default{Literal: true, Text: "2024-01-01 10:00:00"}},
			{"tsz", "timestamp with time zone", schema.TimestampTZ, schema.Default{Text: "now()"}},
			{"iv", "interval day to second(3)", schema.Interval, schema.Default{Literal: true, Text: "1 day"}},
			{"jb", "jsonb", schema.JSONB, schema.Default{Literal: true, Text: "{}"}},
			{"bt", "bit(3)", schema.Bit, schema.Default{Literal: true, Text: "101"}},
			{"m", "public.mood", schema.EnumKind, schema.Default{Literal: true, Text: "happy"}},
			{"ms", "public.mood[]", schema.Array, schema.Default{Literal: true, Text: "{sad}"}},
			{"w", `"Other Schema"."Wéird ""Type"""`, schema.EnumKind, schema.Default{}},
			{"p", "public.positive", schema.Decimal, schema.Default{}},
			{"co", `"Other Schema".code`, schema.Varchar, schema.Default{}},
			{"inet", "inet", schema.Other, schema.Default{Literal: true, Text: "10.0.0.1"}},
			{"char", `"char"`, schema.Other, schema.Default{}},
			{"nullable", "text", schema.Text, schema.Default{}},
		} {
			col := table.Column(want.column)
			if col == nil {
				t.Errorf("no column %q", want.column)
				continue
			}
			var def schema.Default
			if col.Default != nil {
				def = *col.Default
				def.Words = ""
			}
			if col.Type.Native != want.native || col.Type.Kind != want.kind || def != want.def {
				t.Errorf("%s: %+v, default %+v", want.column, col.Type, def)
			}
		}
		if m := db.Table(schema.Name{Schema: "public", Name: "measured"}); m == nil || m.Partition == nil || len(m.Partition.Partitions) != 2 || len(m.Partition.Partitions[0].Partitioning.Partitions) != 2 {
			t.Errorf("partitions: %+v", m)
		}
		if k := db.Table(schema.Name{Schema: "public", Name: "kid"}); k == nil || len(k.Inherits) != 1 {
			t.Errorf("inheritance: %+v", k)
		}
		if db.Table(schema.Name{Schema: "public", Name: "measured_new_0"}) != nil {
			t.Error("a partition is a table of its own")
		}
		kinds := map[string]bool{}
		for _, o := range db.Others {
			kinds[o.Kind] = true
		}
		if !kinds["view"] || !kinds["function"] || !kinds["trigger"] {
			t.Errorf("others: %+v", db.Others)
		}
		part, err := c.Inspect(t.Context(), providers.InspectOptions{Tables: []schema.Name{{Schema: "public", Name: "measured"}, {Schema: "public", Name: "not there"}}})
		if err != nil || len(part.Tables) != 1 || part.Tables[0].Fingerprint() != db.Table(schema.Name{Schema: "public", Name: "measured"}).Fingerprint() {
			t.Errorf("one table: %v, %+v", err, part.Tables)
		}
		bare, err := c.Inspect(t.Context(), providers.InspectOptions{NoEstimates: true})
		if err != nil || len(bare.Tables) != len(db.Tables) || bare.Others != nil {
			t.Errorf("no estimates: %v", err)
		}
	})
}

// TestSessionSettings: whatever a role says of its sessions, values are read alike.
func TestSessionSettings(t *testing.T) {
	url := providertest.Postgres(t, "")
	providertest.Exec(t, url, "CREATE TABLE v (id integer PRIMARY KEY, ts timestamptz, i interval, f double precision, b bytea)",
		"INSERT INTO v VALUES (1, '2024-03-31 01:30:00+00', '1 year 2 mons -3 days 04:05:06.7', 0.1, '\\x00ff')",
		`DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET DateStyle = ''SQL, DMY''; ALTER DATABASE %1$I SET TimeZone = ''Asia/Kolkata''; ALTER DATABASE %1$I SET IntervalStyle = ''iso_8601'';
		ALTER DATABASE %1$I SET bytea_output = ''escape''; ALTER DATABASE %1$I SET extra_float_digits = -5; ALTER DATABASE %1$I SET statement_timeout = 200; ALTER DATABASE %1$I SET search_path = nowhere', current_database()); END $$`)
	c := open(t, url)
	db := inspect(t, c)
	s, err := c.acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.query(t.Context(), "SELECT pg_catalog.pg_sleep(0.4)"); err != nil {
		t.Error(err)
	}
	c.release(s)
	sn, err := c.OpenSnapshot(t.Context(), providers.SnapshotOptions{Readers: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer sn.Close()
	r, err := sn.Read(t.Context(), readTable(db.Tables[0]), providers.Chunk{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	rows, err := readAll(t.Context(), r)
	if err != nil || len(rows) != 1 {
		t.Fatal(rows, err)
	}
	got := ""
	for _, f := range rows[0] {
		got += *f + "|"
	}
	if want := "1|2024-03-31 01:30:00+00|1 year 2 mons -3 days +04:05:06.7|0.1|\x00\xff|"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// BenchmarkInspect: 1,000 tables of 20 columns and 2 indexes.
func BenchmarkInspect(b *testing.B) {
	url := providertest.Postgres(b, "")
	var sql strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&sql, "CREATE TABLE t%d (id bigint PRIMARY KEY", i)
		for j := range 19 {
			fmt.Fprintf(&sql, ", c%d %s", j, []string{"text", "integer DEFAULT 5", "numeric(10,2)", "timestamptz NOT NULL DEFAULT now()", "character varying(30) DEFAULT 'x'"}[j%5])
		}
		fmt.Fprintf(&sql, "); CREATE INDEX ON t%d (c1, c2);", i)
		if i%100 == 99 {
			providertest.Exec(b, url, sql.String())
			sql.Reset()
		}
	}
	providertest.Exec(b, url, "ANALYZE")
	c := open(b, url)
	for b.Loop() {
		start := time.Now()
		db, err := c.Inspect(b.Context(), providers.InspectOptions{})
		if err != nil || len(db.Tables) != 1000 {
			b.Fatal(err)
		}
		b.ReportMetric(float64(time.Since(start).Milliseconds()), "ms")
	}
}

// TestSharedColumnsStay: columns that an inspection was given to use belong to another
// table, which may differ in what is read later.
func TestSharedColumnsStay(t *testing.T) {
	url := providertest.Postgres(t, "18")
	providertest.Exec(t, url, "CREATE TABLE a (x int NOT NULL)", "CREATE TABLE b (x int)", "ALTER TABLE b ADD CONSTRAINT n NOT NULL x NOT VALID")
	var first []schema.Column
	db, err := open(t, url).Inspect(t.Context(), providers.InspectOptions{Share: func(c []schema.Column) []schema.Column {
		if first != nil && schema.IdenticalColumns(first, c) {
			return first
		}
		first = c
		return c
	}})
	if err != nil {
		t.Fatal(err)
	}
	for name, nullable := range map[string]bool{"a": false, "b": true} {
		if c := db.Table(schema.Name{Schema: "public", Name: name}).Columns[0]; c.Nullable != nullable || (c.Options["not_null"] != "") != nullable {
			t.Errorf("%s: %+v", name, c)
		}
	}
}
