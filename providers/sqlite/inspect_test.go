package sqlite

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"zombiezen.com/go/sqlite"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// definitions are tables as people and tools write them.
var definitions = []string{
	"create table t(a,b,c)",
	"CREATE TABLE main.t (a INTEGER PRIMARY KEY DESC, b)",
	"CREATE TABLE t (a INTEGER, b, PRIMARY KEY (a DESC))",
	"CREATE TABLE IF NOT EXISTS [t] ([a b] INT -- the first\n, `c``d` /* a note */ varchar ( 20 ) DEFAULT 'x -- y', \"e\"\"f\" 'odd type' NOT NULL)",
	"CREATE TABLE t (a INTEGER CONSTRAINT pk PRIMARY KEY ON CONFLICT REPLACE AUTOINCREMENT NOT NULL ON CONFLICT FAIL, b TEXT UNIQUE ON CONFLICT IGNORE)",
	"CREATE TABLE t (a INT CONSTRAINT nn NOT NULL CONSTRAINT u UNIQUE CONSTRAINT c CHECK (a > (1)) DEFAULT (-(1)) COLLATE NOCASE CONSTRAINT f REFERENCES p(x) ON DELETE SET NULL ON UPDATE CASCADE MATCH FULL NOT DEFERRABLE INITIALLY IMMEDIATE)",
	"CREATE TABLE t (a TEXT, b TEXT, UNIQUE (a) UNIQUE (b COLLATE NOCASE) CHECK (a <> ',') CONSTRAINT x PRIMARY KEY (a, b DESC) FOREIGN KEY (b) REFERENCES p DEFERRABLE INITIALLY DEFERRED)",
	"CREATE TABLE t (a TEXT, UNIQUE (a), UNIQUE (a), PRIMARY KEY (a))",
	"CREATE TABLE t (a INTEGER PRIMARY KEY UNIQUE, b TEXT CONSTRAINT dangling)",
	"CREATE TABLE t (a DEFAULT +1, b DEFAULT -1.5e-3, c DEFAULT x'00ff', d DEFAULT \"dq\", e DEFAULT NULL, f DEFAULT TRUE, g DEFAULT current_timestamp, h DEFAULT (1 || ')' || '('), i DEFAULT 0x1F, j DEFAULT 'it''s')",
	"CREATE TABLE t (a INT, b INT GENERATED ALWAYS AS (a * (2)) STORED, c AS (a || ',' || b), d TEXT AS ('x') VIRTUAL NOT NULL UNIQUE)",
	"CREATE TABLE t (a INT, b INT, c TEXT, PRIMARY KEY (c COLLATE RTRIM, a)) STRICT, WITHOUT ROWID",
	"CREATE TABLE t (\"primary\" INT, [check] TEXT, \"select\" INT REFERENCES t (\"primary\"), UNIQUE (\"primary\"))",
	"CREATE TABLE t (A INTEGER, b TEXT, PRIMARY KEY (a), FOREIGN KEY (B) REFERENCES T (a), UNIQUE (B))",
	"CREATE TABLE t (a INT REFERENCES missing, b INT REFERENCES missing (y) ON DELETE RESTRICT ON UPDATE SET DEFAULT, FOREIGN KEY (a, b) REFERENCES p (x, z))",
	"CREATE TABLE t (a ENUM_TEXT CHECK (\"a\" IN ('x','it''s',',')), b ENUM_TEXT, c SET_TEXT /* SET_TEXT('x','y*\\/') */, d ARRAY_TEXT /* DECIMAL(10,2) */, e TEXT /* postgresql inet */, f INTEGER /* the number of things */)",
	"CREATE TABLE t (a TIMESTAMP WITH TIME ZONE, b DOUBLE PRECISION NOT NULL DEFAULT 0, c UNSIGNED BIG INT, d NATIVE CHARACTER(70), e DECIMAL(10 , 5), f FLOATING POINT, g MY BLOB (-1, +2))",
	"CREATE TABLE t (\n\ta\tINTEGER\r\n\tPRIMARY KEY,b\fTEXT\n)",
	"CREATE TABLE \"t\"(\"a\" int, \"b\" text, constraint \"un ique\" unique(\"a\",\"b\"), constraint \"ch\"\"eck\" check(\"a\" between 1 and 2 and \"b\" in ('a','b')))",
}

var definedIndexes = []string{
	"CREATE INDEX i1 ON t (a)",
	"CREATE UNIQUE INDEX IF NOT EXISTS main.[i 2] ON \"t\" (b COLLATE NOCASE DESC, a ASC) WHERE b IS NOT NULL -- end",
	"CREATE INDEX i3 ON t (lower(b || ',('), (a), coalesce(a, b) COLLATE BINARY DESC) WHERE a > 0 AND (b <> ')')",
}

// TestDefinitionsAsPeopleWriteThem inspects each table, makes what was seen, and asks
// SQLite's own pragmas whether the two are the same.
func TestDefinitionsAsPeopleWriteThem(t *testing.T) {
	for i, ddl := range definitions {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			from := memory(t, "CREATE TABLE p (x INTEGER, z TEXT, PRIMARY KEY (x, z))", ddl)
			if i == 0 {
				for _, x := range definedIndexes {
					if err := execute(from, x); err != nil {
						t.Fatal(err)
					}
				}
			}
			table := mustInspect(t, from)
			to := memory(t, "CREATE TABLE p (x INTEGER, z TEXT, PRIMARY KEY (x, z))", tableSQL(table, "t"))
			for j := range table.Indexes {
				if err := execute(to, indexSQL("t", &table.Indexes[j])); err != nil {
					t.Fatal(err)
				}
			}
			again := mustInspect(t, to)
			if table.Fingerprint() != again.Fingerprint() {
				t.Errorf("%+v\nbecame %+v\nby %s", table, again, tableSQL(table, "t"))
			}
			if want, got := asked(t, from), asked(t, to); want != got {
				t.Errorf("SQLite says\n%s\nof\n%s\nand\n%s\nof\n%s", want, ddl, got, tableSQL(table, "t"))
			}
		})
	}
}

func memory(t *testing.T, statements ...string) *sqlite.Conn {
	t.Helper()
	db, err := sqlite.OpenConn(":memory:", sqlite.OpenReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	for _, s := range statements {
		if err := execute(db, s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
	return db
}

func mustInspect(t *testing.T, db *sqlite.Conn) *schema.Table {
	t.Helper()
	d, err := inspectFile(db, providers.InspectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	table := d.Table(schema.Name{Name: "t"})
	table.Rows, table.Bytes = 0, 0
	return table
}

// asked is what pragmas say of table t, but for names that SQLite makes up and the
// spelling of declared types.
func asked(t *testing.T, db *sqlite.Conn) string {
	t.Helper()
	var out strings.Builder
	for _, q := range []string{
		`SELECT name, "notnull", pk, hidden FROM pragma_table_xinfo('t') ORDER BY cid`,
		`SELECT lower(x.name), x."desc", lower(x.coll), l."unique", l.origin, l.partial FROM pragma_index_list('t') l, pragma_index_xinfo(l.name) x WHERE x.key = 1 ORDER BY l.origin, l."unique", l.partial, (SELECT group_concat(name) FROM pragma_index_xinfo(l.name)), x.seqno`,
		`SELECT lower("table"), lower("from"), on_update, on_delete FROM pragma_foreign_key_list('t') ORDER BY 1, 2, 3, 4, seq`,
		`SELECT wr, strict FROM pragma_table_list('t')`,
	} {
		rows, err := all(db, q)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(q, "table_xinfo") {
			for _, r := range rows { // a primary key's columns are made NOT NULL
				if r[2] != "0" {
					r[1] = "1"
				}
			}
		}
		lines := make([]string, len(rows))
		for i, r := range rows {
			lines[i] = strings.Join(r, "|")
		}
		if strings.Contains(q, "foreign") {
			slices.Sort(lines)
		}
		out.WriteString(strings.Join(lines, "\n") + "\n--\n")
	}
	return out.String()
}

// TestHostileCatalogues: what can't be read is an error, not a crash.
func TestHostileCatalogues(t *testing.T) {
	for _, sql := range []string{"", "CREATE", "CREATE TABLE", "CREATE TABLE t", "CREATE TABLE t (", "CREATE TABLE t (a", "CREATE TABLE t (a CHECK (", "CREATE TABLE t (a DEFAULT", `CREATE TABLE t ("`, "CREATE TABLE t ('", "CREATE TABLE t ([", "CREATE TABLE t (a /*", "CREATE TABLE t (a, PRIMARY KEY (", "CREATE TABLE t (a REFERENCES", "CREATE TABLE t (a AS", "CREATE TABLE t (a x'"} {
		if _, err := parseTable(sql); err == nil {
			t.Errorf("%q was read", sql)
		}
		if _, err := parseIndex(sql); err == nil {
			t.Errorf("%q was read as an index", sql)
		}
	}
}
