package postgres

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/providertest"
	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
)

func capturedTable(t testing.TB, c *Conn, name string, key ...string) providers.CaptureTable {
	t.Helper()
	n := schema.Name{Schema: "public", Name: name}
	table := inspect(t, c).Table(n)
	if table == nil {
		t.Fatalf("no table %s", n)
	}
	r := readTable(*table)
	if len(key) > 0 {
		r.Key = key
	}
	return providers.CaptureTable{Table: r}
}

func planned(t testing.TB, c *Conn, want providers.Capture, have *providers.Capture) providers.CapturePlan {
	t.Helper()
	p, err := c.PlanCapture(t.Context(), want, have)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func runSteps(t testing.TB, c *Conn, steps []providers.Step) {
	t.Helper()
	for _, s := range steps {
		if ran, err := c.RunCaptureStep(t.Context(), s); err != nil || !ran {
			t.Fatalf("%v %v\n%s", ran, err, s.Text)
		}
		if ran, err := c.RunCaptureStep(t.Context(), s); err != nil || ran {
			t.Fatalf("again: %v %v\n%s\n%s", ran, err, s.Text, s.Done)
		}
	}
}

// TestPlanSlot: replica identities are as the keys need them, tables come and go, and
// nothing of it stays.
func TestPlanSlot(t *testing.T) {
	eachServer(t, func(t *testing.T, version string) {
		url := providertest.Postgres(t, version)
		providertest.Exec(t, url, "CREATE TABLE pk (id integer PRIMARY KEY, a integer NOT NULL UNIQUE)", "CREATE TABLE ix (a integer NOT NULL, b integer)", `CREATE UNIQUE INDEX "ix ""key" ON ix (a)`,
			"CREATE TABLE nokey (a integer)", "CREATE TABLE late (id integer PRIMARY KEY)", "CREATE TABLE none (id integer PRIMARY KEY)", "ALTER TABLE none REPLICA IDENTITY NOTHING",
			"CREATE TABLE pt (id integer, v text) PARTITION BY RANGE (id)", "CREATE TABLE pt1 PARTITION OF pt FOR VALUES FROM (0) TO (10)")
		c := open(t, url)
		want := providers.Capture{Sync: testSync, Deletes: true, Tables: []providers.CaptureTable{capturedTable(t, c, "pk"), capturedTable(t, c, "ix", "a"), capturedTable(t, c, "nokey", "a"), capturedTable(t, c, "none"), capturedTable(t, c, "pt", "id")}}
		identities := func() string {
			var out []string
			for _, r := range providertest.Query(t, url, "SELECT relname || ':' || relreplident::text FROM pg_class WHERE relname IN ('pk', 'ix', 'nokey', 'none', 'pt', 'pt1') ORDER BY 1") {
				out = append(out, r[0])
			}
			return strings.Join(out, " ")
		}
		before := identities()
		p := planned(t, c, want, nil)
		if p.Capture.Method != providers.LogicalReplication || p.Why == "" || p.Start == "" {
			t.Errorf("%+v", p)
		}
		runSteps(t, c, p.Steps)
		if got := identities(); got != "ix:i nokey:f none:d pk:d pt1:f pt:f" {
			t.Error(got)
		}
		providertest.Exec(t, url, "INSERT INTO nokey VALUES (1); UPDATE nokey SET a = 2; DELETE FROM nokey; INSERT INTO pt VALUES (1, 'x'); UPDATE pt SET v = 'y'; DELETE FROM pt")
		have := p.Capture
		if p = planned(t, c, want, &have); len(p.Steps) != 0 {
			t.Errorf("the second plan has %d steps: %s", len(p.Steps), p.Steps[0].Text)
		}
		if p.Capture.Tables[2].Undo == "" {
			t.Error("the second plan forgets how the table was")
		}
		want.Tables = append(slices.Clone(want.Tables[1:]), capturedTable(t, c, "late"))
		p = planned(t, c, want, &have)
		if len(p.Steps) != 2 || !strings.Contains(p.Steps[0].Text, "ADD TABLE") || !strings.Contains(p.Steps[1].Text, "DROP TABLE") {
			t.Errorf("%+v", p.Steps)
		}
		runSteps(t, c, p.Steps)
		if _, err := c.StartCapture(t.Context(), p.Capture); err != nil {
			t.Fatal(err)
		}
		steps, err := c.PlanTeardown(t.Context(), p.Capture)
		if err != nil {
			t.Fatal(err)
		}
		runSteps(t, c, steps)
		if got := identities(); got != before {
			t.Errorf("%s, and before %s", got, before)
		}
		left := providertest.Query(t, url, "SELECT (SELECT count(*) FROM pg_publication), (SELECT count(*) FROM pg_replication_slots WHERE database = current_database())")[0]
		if left[0] != "0" || left[1] != "0" {
			t.Error("left:", left)
		}
	})
}

// TestPlanForeignObjects: what somebody else made under our names is not touched.
func TestPlanForeignObjects(t *testing.T) {
	url := providertest.Postgres(t, "")
	providertest.Exec(t, url, "CREATE TABLE pk (id integer PRIMARY KEY)", "CREATE TABLE other (id integer PRIMARY KEY)", "CREATE PUBLICATION syncform_test FOR TABLE other", "CREATE PUBLICATION theirs FOR TABLE pk WITH (publish_via_partition_root = true)")
	c := open(t, url)
	want := providers.Capture{Sync: testSync, Deletes: true, Method: providers.LogicalReplication, Tables: []providers.CaptureTable{capturedTable(t, c, "pk")}}
	if _, err := c.PlanCapture(t.Context(), want, nil); err == nil || !strings.Contains(err.Error(), `publication "syncform_test" already`) {
		t.Errorf("%v", err)
	}
	want.Publication = "theirs"
	p := planned(t, c, want, nil)
	if len(p.Steps) != 0 {
		t.Errorf("%+v", p.Steps)
	}
	steps, err := c.PlanTeardown(t.Context(), p.Capture)
	if err != nil || len(steps) != 1 {
		t.Errorf("%+v %v", steps, err)
	}
}

// TestPlanUnprivileged: each thing that a role lacks is named with its remedy.
func TestPlanUnprivileged(t *testing.T) {
	admin := providertest.Postgres(t, "")
	db := providertest.Query(t, admin, "SELECT current_database()")[0][0]
	role := db + "_c"
	providertest.Exec(t, admin, "CREATE TABLE pk (id integer PRIMARY KEY, updated_at timestamptz)", "CREATE ROLE "+role+" LOGIN PASSWORD 'x'", "GRANT SELECT ON pk TO "+role)
	t.Cleanup(func() { providertest.Exec(t, admin, "DROP OWNED BY "+role, "DROP ROLE "+role) })
	u, err := url.Parse(admin)
	if err != nil {
		t.Fatal("the test server's URL is malformed")
	}
	u.User = url.UserPassword(role, "x")
	c := open(t, u.String())
	ct := capturedTable(t, open(t, admin), "pk")
	want := providers.Capture{Sync: testSync, Deletes: true, Method: providers.LogicalReplication, Tables: []providers.CaptureTable{ct}}
	fixes := func(p providers.CapturePlan) string {
		var b strings.Builder
		for _, f := range p.Findings {
			b.WriteString(f.Fix + "\n")
		}
		return b.String()
	}
	got := fixes(planned(t, c, want, nil))
	for _, fix := range []string{"ALTER ROLE " + role + " REPLICATION", "GRANT CREATE ON DATABASE " + db + " TO " + role, " TO " + role} {
		if !strings.Contains(got, fix) {
			t.Errorf("no %q in\n%s", fix, got)
		}
	}
	want.Method = providers.Trigger
	got = fixes(planned(t, c, want, nil))
	for _, fix := range []string{"GRANT TRIGGER ON public.pk TO " + role, "GRANT CREATE, USAGE ON SCHEMA public TO " + role} {
		if !strings.Contains(got, fix) {
			t.Errorf("no %q in\n%s", fix, got)
		}
	}
	want.Method, want.Tables[0].IncrementalKey = "", "updated_at"
	p := planned(t, c, want, nil)
	if p.Capture.Method != providers.Polling || !strings.Contains(p.Why, "REPLICATION") {
		t.Errorf("%s: %s", p.Capture.Method, p.Why)
	}
}

// TestFloor: a snapshot waits for a transaction that was there before the slot, and holds
// what it has changed.
func TestFloor(t *testing.T) {
	from, to := twin(t, "", faultTable)
	c := open(t, from)
	providertest.Exec(t, to, "SELECT 1")
	s, err := c.acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	if err := s.exec(t.Context(), "BEGIN; INSERT INTO f VALUES (1, 'old')"); err != nil {
		t.Fatal(err)
	}
	floor, err := c.Floor(t.Context(), providers.Capture{Method: providers.LogicalReplication})
	if err != nil {
		t.Fatal(err)
	}
	opened := make(chan error, 1)
	var rowsRead int
	go func() {
		sn, err := c.OpenSnapshot(t.Context(), providers.SnapshotOptions{Readers: 1, Floors: []string{"", floor}})
		if err == nil {
			var r row.Reader
			if r, err = sn.Read(t.Context(), capturedTable(t, c, "f").Table, providers.Chunk{}, []row.Form{row.FormFields}); err == nil {
				var all [][]*string
				all, err = readAll(t.Context(), r)
				rowsRead = len(all)
				err = errors.Join(err, r.Close())
			}
			err = errors.Join(err, sn.Close())
		}
		opened <- err
	}()
	select {
	case err := <-opened:
		t.Fatalf("the snapshot did not wait: %v", err)
	case <-time.After(300 * time.Millisecond):
	}
	other, err := c.acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer other.close()
	if err := other.blockers(t.Context(), 1<<62); !providers.IsRetryable(err) || !strings.Contains(err.Error(), "process ") {
		t.Error(err)
	}
	if err := s.exec(t.Context(), "COMMIT"); err != nil {
		t.Fatal(err)
	}
	if err := <-opened; err != nil || rowsRead != 1 {
		t.Error(rowsRead, err)
	}
}

// TestTriggerFailures: a log that can't be written to never fails a user's write, and is
// noticed; so are triggers that are gone.
func TestTriggerFailures(t *testing.T) {
	from, to := twin(t, "", faultTable)
	st := startStream(t, from, to, providers.Capture{Method: providers.Trigger}, "f")
	isGap := func(what, want string) {
		t.Helper()
		goal, err := st.from.Current(t.Context(), st.capture)
		if err == nil {
			err = st.once(t.Context(), goal)
		}
		var gap *providers.GapError
		if !errors.As(err, &gap) || !strings.Contains(gap.Reason, want) {
			t.Errorf("%s: %v", what, err)
		}
	}
	providertest.Exec(t, from, "INSERT INTO f VALUES (1, 'a')")
	st.catchUp()
	st.compare()
	providertest.Exec(t, from, "ALTER TABLE _change_log ADD CONSTRAINT no CHECK (operation <> 'i') NOT VALID", "INSERT INTO f VALUES (2, 'b')", "ALTER TABLE _change_log DROP CONSTRAINT no")
	isMissed := func(what, want string) {
		t.Helper()
		m, err := st.from.Missed(t.Context(), st.capture)
		if want == "" && len(m) == 0 && err == nil {
			return
		}
		if err != nil || len(m) != 1 || want == "" || !strings.Contains(m[0].Why, want) {
			t.Errorf("%s: %+v, %v", what, m, err)
		}
	}
	isMissed("a change that was not noted", "could not be noted")
	st.catchUp() // which prunes the log, but not what tells of that
	isMissed("a change that was not noted, later", "could not be noted")
	runSteps(t, st.from, planned(t, st.from, st.capture, &st.capture).Steps)
	isMissed("mended", "")
	providertest.Exec(t, from, "ALTER TABLE f DISABLE TRIGGER ALL")
	isMissed("disabled", "triggers of table public.f")
	providertest.Exec(t, from, "ALTER TABLE f ENABLE TRIGGER ALL", "DELETE FROM _change_log")
	isGap("emptied", "does not know this sync")
	providertest.Exec(t, from, "DROP TABLE _change_log", "INSERT INTO f VALUES (3, 'c')")
	isGap("dropped", "is gone")
	if got := providertest.Query(t, from, "SELECT count(*) FROM f")[0][0]; got != "3" {
		t.Errorf("%s rows: a user's write has failed", got)
	}
}
