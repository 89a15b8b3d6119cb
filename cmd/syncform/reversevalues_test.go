package main

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/syncform/syncform/providers/providertest"
)

// TestValuesComeBackAsTheyWere: a row whose values have become another system's comes
// back, when another column of it is changed there, with the very values that it had, and
// a row that is copied at the new side is the same row here.
func TestValuesComeBackAsTheyWere(t *testing.T) {
	t.Parallel()
	all := systemsByName()
	values := map[string][]string{
		"postgresql": {
			"CREATE TYPE mood AS ENUM ('sad', 'ok', 'very happy')",
			`CREATE TABLE v (id integer PRIMARY KEY, n integer NOT NULL, b boolean, s smallint, l bigint, d numeric(20, 5), f double precision, c char(5), vc varchar(20), t text, ba bytea,
 da date, ti time(3), ts timestamp, tz timestamptz, iv interval, u uuid, j json, jb jsonb, ai integer[], at text[], ip inet, m mood, bi bit(4), r int4range)`,
			`INSERT INTO v VALUES (1, 0, true, -32768, 9223372036854775807, 123456789012345.12345, 0.1, 'ab', 'é''"\', E'line\nä\t\\', '\x00ff10', '2024-02-29', '23:59:59.123', '2024-02-29 01:02:03.456789', '2024-02-29 01:02:03.456789+05:30',
 '1 year 2 mons 3 days 04:05:06.7', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '{"a": [1, 2.5]}', '{"b": null, "c": "x"}', '{1,NULL,3}', '{"a","b,c","d\"e",NULL}', '10.1.2.3/8', 'very happy', B'1010', '[1,5)')`,
			"INSERT INTO v (id, n) VALUES (2, 0)",
			"INSERT INTO v VALUES (3, 0, false, 0, 0, 0, 1e300, '', '', '', '', '0001-01-01', '00:00', '1970-01-01', '1970-01-01+00', '0', '00000000-0000-0000-0000-000000000000', '[]', '{}', '{}', '{}', '::1', 'ok', B'0000', 'empty')",
		},
		"mysql": {
			"CREATE TABLE v (id integer PRIMARY KEY, n integer NOT NULL, b tinyint(1), s smallint, l bigint unsigned, d decimal(20, 5), f double, fl float, c char(5), vc varchar(20), t text, bl blob, bn binary(4), da date, ti time(3), ts datetime(6), tz timestamp(6) NULL, y year, e enum('sad', 'ok', 'very happy'), st set('a', 'b', 'c'), j json, bi bit(4))",
			`INSERT INTO v VALUES (1, 0, true, -32768, 18446744073709551615, 123456789012345.12345, 0.1, 1.5, 'ab', 'é''"', 'line\nä\t', 0x00ff10, 0x00000001, '2024-02-29', '23:59:59.123', '2024-02-29 01:02:03.456789', '2024-02-29 01:02:03.456789', 2024, 'very happy', 'a,c', '{"a": [1, 2.5]}', b'1010')`,
			"INSERT INTO v (id, n) VALUES (2, 0)",
			"INSERT INTO v VALUES (3, 0, false, 0, 0, 0, 1e300, 0, '', '', '', '', 0, '1000-01-01', '00:00', '1970-01-02', '1970-01-02', 1901, 'ok', '', '[]', b'0000')",
		},
	}
	for _, p := range [][2]string{{"postgres", "mysql"}, {"postgres", "mariadb"}, {"postgres", "sqlite"}, {"postgres", "postgres"}, {"mysql", "postgres"}, {"mariadb", "sqlite"}} {
		t.Run(p[0]+"-"+p[1], func(t *testing.T) {
			t.Parallel()
			from := all[p[0]]
			name := fmt.Sprintf("values_%s_%s_%x", p[0], p[1], rand.Uint32())
			dir, source, target := following(t, from, all[p[1]], name, `mapping "v" {}`, values[from.provider]...)
			rows := func() []string { return rowsOf(t, from, source, "v", columnsOf(t, from, source)["v"]) }
			before := rows()
			run(t, dir, 0, "cutover", "-reverse", "-auto-approve", "-quiet", "10ms", name)
			providertest.Exec(t, target, "UPDATE v SET n = n + 1", "UPDATE v SET id = id + 10 WHERE id = 1")
			run(t, dir, 0, "sync", "-once")
			if got := providertest.Query(t, source, "SELECT count(*) FROM v WHERE n = 1")[0][0]; got != "3" {
				t.Errorf("%s of 3 rows have come back", got)
			}
			providertest.Exec(t, source, "UPDATE v SET n = 0", "UPDATE v SET id = 1 WHERE id = 11")
			for i, got := range rows() {
				if got != before[i] {
					t.Errorf("was %s\nis  %s", before[i], got)
				}
			}
		})
	}
}
