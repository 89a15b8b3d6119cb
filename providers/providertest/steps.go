package providertest

import (
	"fmt"
	"testing"

	"github.com/syncform/syncform/providers"
)

// testSteps: each step runs once per key, whenever a run was killed. The steps are
// those that make one of everything; a kill is what it leaves: an intent in the
// journal, with the step's effect or without.
func testSteps(t *testing.T, s Suite) {
	from := s.open(t)
	from.exec(t, blocks(t, "everything."+string(from.db.System)+".sql", from.db)...)
	want := from.inspect(t)

	e := s.open(t)
	r := capability[providers.StepRunner](t, e)
	actions := e.plan(t, creation(capability[providers.StepPlanner](t, e), e.db, want))
	begun := false // the first step makes the ledger
	n := 0
	for _, a := range actions {
		for i, step := range a.steps {
			key := providers.StepKey{Plan: "kills", Action: a.action, Step: i}
			n++
			ran := true
			if begun && step.Done != "" {
				if done := e.asks(t, step.Done); done {
					t.Errorf("%T: Done before it ran: %s", a.change, step.Done)
				}
				e.noteIntent(t, key)
				if n%2 == 0 { // killed after the step took effect
					e.exec(t, step.Text)
					ran = false
				}
			}
			e.runStep(t, r, key, step, ran)
			if step.Done != "" && !e.asks(t, step.Done) {
				t.Errorf("%T: not Done after it ran: %s", a.change, step.Done)
			}
			e.runStep(t, r, key, step, false)
			begun = true
		}
	}
	sameTables(t, "tables made with kills", want.Tables, e.inspect(t).Tables)
	for _, a := range actions {
		for i, step := range a.steps {
			e.runStep(t, r, providers.StepKey{Plan: "kills", Action: a.action, Step: i}, step, false)
		}
	}
	testFailedStep(t, e, r)
}

func (e *endpoint) runStep(t *testing.T, r providers.StepRunner, key providers.StepKey, step providers.Step, want bool) {
	t.Helper()
	ran, err := r.RunStep(limited(t), key, step)
	if err != nil {
		t.Fatalf("%s: %v", step.Text, err)
	}
	if ran != want {
		t.Errorf("ran is %v, want %v: %s", ran, want, step.Text)
	}
}

// asks runs a Done query beside the provider.
func (e *endpoint) asks(t *testing.T, query string) bool {
	t.Helper()
	rows := Query(t, e.url, query)
	if len(rows) != 1 || len(rows[0]) != 1 {
		t.Fatalf("a Done query gives %d rows: %s", len(rows), query)
	}
	switch rows[0][0] {
	case "t", "1":
		return true
	case "f", "0":
		return false
	}
	t.Fatalf("a Done query gives %s: %s", rows[0][0], query)
	return false
}

// noteIntent writes what a run leaves that is killed before or after its step.
func (e *endpoint) noteIntent(t *testing.T, key providers.StepKey) {
	t.Helper()
	e.exec(t, fmt.Sprintf("INSERT INTO _sync_journal (plan_id, action_id, step, state, statement, started_at) VALUES (%s, %s, %d, 'intent', '', '')",
		e.literal(key.Plan), e.literal(key.Action), key.Step))
}

// testFailedStep: a step that fails is not noted as done.
func testFailedStep(t *testing.T, e *endpoint, r providers.StepRunner) {
	key := providers.StepKey{Plan: "failing", Action: "a001"}
	good := e.plan(t, creation(capability[providers.StepPlanner](t, e), e.db, e.emptyWith(t, "made later")))[0].steps[0]
	bad := good
	bad.Text += " and then some that nobody can parse (("
	if ran, err := r.RunStep(limited(t), key, bad); err == nil {
		t.Errorf("a step that can't be parsed: ran %v, no error", ran)
	}
	e.runStep(t, r, key, good, true)
	e.table(t, "made later")
}
