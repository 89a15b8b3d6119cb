package script

import (
	"errors"
	"reflect"
	"testing"

	"github.com/syncform/syncform/providers/schema"
)

func TestSplit(t *testing.T) {
	for _, c := range []struct {
		name   string
		system schema.System
		text   string
		want   []string
	}{
		{"plain", schema.PostgreSQL, "SELECT 1; SELECT 2;\n", []string{"SELECT 1", "SELECT 2"}},
		{"no end", schema.SQLite, "SELECT 1", []string{"SELECT 1"}},
		{"only comments", schema.PostgreSQL, "-- a;\n/* b; /* c; */ */ ;;", nil},
		{"strings", schema.PostgreSQL, `SELECT ';', 'it''s;', E'a\';', "x;""y"; SELECT 'a\'; SELECT 2`, []string{`SELECT ';', 'it''s;', E'a\';', "x;""y"`, `SELECT 'a\'`, "SELECT 2"}},
		{"dollars", schema.PostgreSQL, "CREATE FUNCTION f() AS $$ a; $b$ ; $$ LANGUAGE sql; DO $x$ ; $$ ; $x$; SELECT $1; SELECT a$b;", []string{"CREATE FUNCTION f() AS $$ a; $b$ ; $$ LANGUAGE sql", "DO $x$ ; $$ ; $x$", "SELECT $1", "SELECT a$b"}},
		{"atomic", schema.PostgreSQL, "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END; SELECT 3;", []string{"CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END", "SELECT 3"}},
		{"rule", schema.PostgreSQL, "CREATE RULE r AS ON INSERT TO t DO ALSO (SELECT 1; SELECT 2); SELECT 3", []string{"CREATE RULE r AS ON INSERT TO t DO ALSO (SELECT 1; SELECT 2)", "SELECT 3"}},
		{"copy", schema.PostgreSQL, "COPY t (a) FROM stdin;\n1;2\n\\.\nSELECT 1;", []string{"SELECT 1"}},
		{"psql", schema.PostgreSQL, "\\restrict abc\nSELECT 1;\n\\unrestrict abc\n", []string{"SELECT 1"}},
		{"delimiter", schema.MySQL, "DELIMITER $$\nCREATE TRIGGER a BEGIN x; y; END$$\ndelimiter ;\nSELECT 1;", []string{"CREATE TRIGGER a BEGIN x; y; END", "SELECT 1"}},
		{"mysql strings", schema.MySQL, "SELECT 'a\\';', \"b\\\";\", `c;`; # d;\nSELECT 2 -- e;\n; SELECT 1--1;", []string{"SELECT 'a\\';', \"b\\\";\", `c;`", "SELECT 2 -- e;", "SELECT 1--1"}},
		{"conditional", schema.MariaDB, "/*!40101 SET a = 1 */;\nSELECT /* x; */ 1;", []string{"/*!40101 SET a = 1 */", "SELECT /* x; */ 1"}},
		{"trigger", schema.SQLite, "CREATE TRIGGER t AFTER INSERT ON x BEGIN SELECT CASE WHEN 1 THEN 2 END; SELECT [a;b]; END; SELECT 1", []string{"CREATE TRIGGER t AFTER INSERT ON x BEGIN SELECT CASE WHEN 1 THEN 2 END; SELECT [a;b]; END", "SELECT 1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Split(c.system, File{Name: "f.sql", Text: c.text})
			if err != nil {
				t.Fatal(err)
			}
			var texts []string
			for _, s := range got {
				texts = append(texts, s.Text)
			}
			if !reflect.DeepEqual(texts, c.want) {
				t.Errorf("got  %q\nwant %q", texts, c.want)
			}
		})
	}
}

func TestSplitLines(t *testing.T) {
	got, err := Split(schema.PostgreSQL, File{Name: "f.sql", Text: "\n-- a\nSELECT\n1;\n\nSELECT 2"})
	if err != nil || len(got) != 2 || got[0].Line != 3 || got[1].Line != 6 {
		t.Errorf("got %+v, %v", got, err)
	}
	for text, line := range map[string]int{"SELECT 1;\n'a": 2, "\n\n$$a": 3, "/* x": 1, "\\connect x": 1} {
		_, err := Split(schema.PostgreSQL, File{Name: "f.sql", Text: text})
		var e *SyntaxError
		if !errors.As(err, &e) || e.Line != line {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestWords(t *testing.T) {
	if got := Words(`ALTER TABLE "own er" /* x */ OWNER to joe`, 4); !reflect.DeepEqual(got, []string{"ALTER", "TABLE", "OWNER", "TO"}) {
		t.Errorf("got %q", got)
	}
}
