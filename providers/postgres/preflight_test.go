package postgres

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/providertest"
	"github.com/syncform/syncform/providers/schema"
)

// newRole makes a role that may log in and nothing else, and returns the URL with it.
func newRole(t *testing.T, link, role string) string {
	t.Helper()
	providertest.Exec(t, link, fmt.Sprintf("CREATE ROLE %s LOGIN PASSWORD 'pw'", quote(role)))
	t.Cleanup(func() {
		providertest.Exec(t, link, fmt.Sprintf("DROP OWNED BY %s CASCADE; DROP ROLE %[1]s", quote(role)))
	})
	u, err := url.Parse(link)
	if err != nil {
		t.Fatal("the test server's URL is malformed")
	}
	u.User = url.UserPassword(role, "pw")
	return u.String()
}

// TestPreflightNamesTheFix: each finding's statement is run as it stands, until
// nothing is found any more.
func TestPreflightNamesTheFix(t *testing.T) {
	eachServer(t, func(t *testing.T, version string) {
		link := providertest.Postgres(t, version)
		role := "Sync " + strings.TrimPrefix(strings.Split(link, "/")[3], "sf_")
		limited := newRole(t, link, strings.Split(role, "?")[0])
		providertest.Exec(t, link, `REVOKE ALL ON SCHEMA public FROM public; REVOKE ALL ON DATABASE `+strings.Split(strings.Split(link, "/")[3], "?")[0]+` FROM public; CREATE SCHEMA "S 1"; CREATE TABLE "S 1".secret (id integer PRIMARY KEY);
 INSERT INTO "S 1".secret VALUES (1), (2); ALTER TABLE "S 1".secret ENABLE ROW LEVEL SECURITY; CREATE TABLE "S 1".target (id integer PRIMARY KEY);
 CREATE TABLE "S 1".child (id integer REFERENCES "S 1".target)`)
		providertest.Exec(t, link, "GRANT CONNECT ON DATABASE "+strings.Split(strings.Split(link, "/")[3], "?")[0]+" TO "+quote(strings.Split(role, "?")[0]))
		c := open(t, limited)
		secret, target := schema.Name{Schema: "S 1", Name: "secret"}, schema.Name{Schema: "S 1", Name: "target"}
		p := providers.Preflight{Read: []schema.Name{secret}, Write: []schema.Name{target, {Schema: "S 1", Name: "new"}, {Schema: "S 2", Name: "x"}}}
		rounds := 0
		for ; rounds < 6; rounds++ {
			findings, err := c.Preflight(t.Context(), p)
			if err != nil {
				t.Fatal(err)
			}
			fixed := false
			for _, f := range findings {
				if f.Fatal && f.Fix == "" {
					t.Errorf("no fix: %s", f.Text)
				}
				if f.Fix != "" {
					providertest.Exec(t, link, f.Fix)
					fixed = true
				}
			}
			if !fixed {
				break
			}
		}
		if rounds == 0 || rounds == 6 {
			t.Fatalf("%d rounds", rounds)
		}
		sn, err := c.OpenSnapshot(t.Context(), providers.SnapshotOptions{Readers: 1})
		if err != nil {
			t.Fatal(err)
		}
		defer sn.Close()
		integer, err := parseType("integer")
		if err != nil {
			t.Fatal(err)
		}
		r, err := sn.Read(t.Context(), providers.ReadTable{Name: secret, Columns: []providers.ReadColumn{{Name: "id", Type: integer}}}, providers.Chunk{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		if rows, err := readAll(t.Context(), r); err != nil || len(rows) != 2 {
			t.Error(len(rows), err)
		}
	})
}

// TestRowSecurityHidesNothing: rows that a policy hides are an error, not absent.
func TestRowSecurityHidesNothing(t *testing.T) {
	link := providertest.Postgres(t, "")
	role := "rls_" + strings.Split(strings.Split(link, "/")[3], "?")[0]
	limited := newRole(t, link, role)
	providertest.Exec(t, link, "CREATE TABLE hidden (id integer PRIMARY KEY); INSERT INTO hidden VALUES (1); ALTER TABLE hidden ENABLE ROW LEVEL SECURITY; GRANT SELECT ON hidden TO "+quote(role))
	c := open(t, limited)
	db := inspect(t, c)
	sn, err := c.OpenSnapshot(t.Context(), providers.SnapshotOptions{Readers: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer sn.Close()
	r, err := sn.Read(t.Context(), readTable(db.Tables[0]), providers.Chunk{}, nil)
	if err == nil {
		_, err = readAll(t.Context(), r)
		if cerr := r.Close(); cerr != nil {
			t.Error(cerr)
		}
	}
	if !errors.Is(err, providers.ErrPrivilege) {
		t.Errorf("%v", err)
	}
}

// TestReadOnly: a session that may write nothing can be inspected and read, and says so
// where it can't go on.
func TestReadOnly(t *testing.T) {
	link := providertest.Postgres(t, "")
	providertest.Exec(t, link, "CREATE TABLE t (id integer PRIMARY KEY)")
	c := open(t, link, "options", map[string]string{"default_transaction_read_only": "on"})
	db := inspect(t, c)
	if _, err := c.Normalize(t.Context(), db.Tables); !errors.Is(err, providers.ErrReadOnly) {
		t.Errorf("%v", err)
	}
	if _, err := c.RunStep(t.Context(), providers.StepKey{Plan: "p", Action: "a"}, providers.Step{Text: "DROP TABLE t", Transactional: true}); !errors.Is(err, providers.ErrReadOnly) {
		t.Errorf("%v", err)
	}
	findings, err := c.Preflight(t.Context(), providers.Preflight{Write: []schema.Name{{Name: "t"}}})
	if err != nil || len(findings) == 0 || !findings[0].Fatal {
		t.Errorf("%+v, %v", findings, err)
	}
}

// TestReplaceRowsOfAnOrdinaryRole: without the right to turn them off, foreign keys
// stay alive, and the rows of others that refer to replaced ones stay too.
func TestReplaceRowsOfAnOrdinaryRole(t *testing.T) {
	for _, super := range []bool{true, false} {
		t.Run(fmt.Sprintf("superuser %v", super), func(t *testing.T) {
			link := providertest.Postgres(t, "")
			owner := link
			if !super {
				role := "owner_" + strings.Split(strings.Split(link, "/")[3], "?")[0]
				owner = newRole(t, link, role)
				providertest.Exec(t, link, "ALTER SCHEMA public OWNER TO "+quote(role))
			}
			providertest.Exec(t, owner, `CREATE TABLE live (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, v json, w point, n numeric, "a$sync$b" text, kept text DEFAULT 'k');
 INSERT INTO live (v, w, n, "a$sync$b") VALUES ('{"a":1}', '(1,2)', 1.0, 'x'), ('{"a":2}', '(1,2)', 2, 'y'), ('{"a":3}', NULL, 3, 'z'), ('1', NULL, 4, 'gone');
 CREATE TABLE child (live integer REFERENCES live ON DELETE CASCADE); INSERT INTO child VALUES (1), (2), (3), (4)`)
			c := open(t, owner)
			db := inspect(t, c)
			live := *db.Table(schema.Name{Schema: "public", Name: "live"})
			aside := schema.Name{Schema: "public", Name: "_sync_load_x"}
			r := &runner{t: t, conn: c, db: db}
			r.run(schema.AddAside{Live: live, Aside: aside})
			providertest.Exec(t, owner, `INSERT INTO _sync_load_x (id, v, w, n, "a$sync$b") OVERRIDING SYSTEM VALUE VALUES (1, '{"a":1}', '(1,2)', 1.00, 'x'), (2, '{"a": 2}', '(1,3)', 2, NULL), (3, '{"a":3}', NULL, 3, 'z'), (7, 'null', NULL, 7, 'new')`)
			r.run(schema.ReplaceRows{Live: live, Aside: aside, Columns: []string{"id", "v", "w", "n", "a$sync$b"}, Key: []string{"id"}})
			r.run(schema.AdvanceSequences{To: live})
			if got := fmt.Sprint(providertest.Query(t, owner, "SELECT l::text FROM live l ORDER BY id")); got != `[[(1,"{""a"":1}","(1,2)",1.00,x,k)] [(2,"{""a"": 2}","(1,3)",2,,k)] [(3,"{""a"":3}",,3,z,k)] [(7,null,,7,new,k)]]` {
				t.Error(got)
			}
			children := "[[1] [2] [3]]" // row 4 went, and where its key is alive took its child along
			if super {
				children = "[[1] [2] [3] [4]]"
			}
			if got := fmt.Sprint(providertest.Query(t, owner, "SELECT live FROM child ORDER BY 1")); got != children {
				t.Error(got)
			}
			if got := fmt.Sprint(providertest.Query(t, owner, "INSERT INTO live (v) VALUES ('0') RETURNING id; SELECT pg_catalog.to_regclass('_sync_load_x')")); got != `[[8] [\N]]` {
				t.Error(got)
			}
		})
	}
}
