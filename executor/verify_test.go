package executor_test

import (
	"testing"

	"github.com/syncform/syncform/executor/verify"
	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/providertest"
)

// TestVerifyFindsWhatAnApplyLeft compares real copies: equal at first, then with one
// row of each table changed, removed and added by hand.
func TestVerifyFindsWhatAnApplyLeft(t *testing.T) {
	eachPair(t, 5000, func(t *testing.T, source, target string) {
		conns := openBoth(t, source, target)
		p := makePlan(t, "p1", conns, want{tables: shopNames(), batch: 500, parallel: 2})
		if _, err := apply(t, t.Context(), p, conns, t.TempDir(), nil); err != nil {
			t.Fatal(err)
		}
		for _, r := range verifyAll(t, p, conns) {
			if !r.Equal() || r.SourceRows == 0 || r.SourceRows != r.TargetRows {
				t.Errorf("%+v", r)
			}
		}
		providertest.Exec(t, target,
			"UPDATE orders SET note = 'K' WHERE id = 4321", "DELETE FROM orders WHERE id = 17", "INSERT INTO orders VALUES (100001, NULL, 1)",
			"UPDATE parts SET qty = NULL WHERE o = 4000", "DELETE FROM parts WHERE o IN (1, 2, 3)",
			"INSERT INTO log SELECT * FROM log WHERE n = 99",
		)
		want := map[string]verify.Report{
			"orders": {Missing: 1, Extra: 1, Different: 1},
			"codes":  {},
			"parts":  {Missing: 3, Different: 1},
			"log":    {Extra: 100},
		}
		for i, r := range verifyAll(t, p, conns) {
			w := want[shopNames()[i]]
			if r.Missing != w.Missing || r.Extra != w.Extra || r.Different != w.Different {
				t.Errorf("%+v", r)
			}
		}
	})
}

func verifyAll(t *testing.T, p *plan.Plan, conns map[string]providers.Conn) []verify.Report {
	t.Helper()
	var mappings []*plan.Mapping
	for i := range p.Mappings {
		mappings = append(mappings, &p.Mappings[i])
	}
	reports, err := verify.All(t.Context(), mappings, conns, verify.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return reports
}

// TestVerifyBetweenEqualServersUsesChecksums, which finds the same.
func TestVerifyBetweenEqualServersUsesChecksums(t *testing.T) {
	source, target := systems["postgres"].fresh(t), systems["postgres"].fresh(t)
	providertest.Exec(t, source, shop("postgres", 5000)...)
	conns := openBoth(t, source, target)
	p := makePlan(t, "p1", conns, want{tables: shopNames(), batch: 500, parallel: 2})
	if _, err := apply(t, t.Context(), p, conns, t.TempDir(), nil); err != nil {
		t.Fatal(err)
	}
	for _, r := range verifyAll(t, p, conns) {
		if r.Method != verify.ByChecksum {
			t.Errorf("%+v", r)
		}
	}
}
