package plan_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers/schema"
)

func retyped(from, to schema.Type, n schema.Narrowing) schema.Change {
	return schema.ModifyColumn{From: schema.Column{Name: "c", Type: from}, To: schema.Column{Name: "c", Type: to}, Type: n}
}

func TestDecide(t *testing.T) {
	i32, i64 := schema.Type{Kind: schema.Int, Bits: 32}, schema.Type{Kind: schema.Int, Bits: 64}
	text := schema.Type{Kind: schema.Text}
	wide, narrow := retyped(i32, i64, schema.Widens), retyped(i64, i32, schema.Narrows)
	add, drop := schema.AddColumn{}, schema.DropColumn{}
	enum := schema.ModifyEnum{From: schema.Enum{Labels: []string{"a", "c"}}, To: schema.Enum{Labels: []string{"a", "b", "c"}}}
	fewer := schema.ModifyEnum{From: enum.To, To: enum.From}
	rules := func(a plan.Verdict, safe ...string) *plan.Policy {
		r := &plan.Rule{Action: a}
		m := &plan.Rule{Action: a, SafeChanges: safe}
		return &plan.Policy{AddColumn: r, RemoveColumn: r, ModifyType: m, RenameColumn: r, DropTable: r}
	}
	for _, c := range []struct {
		name   string
		p      *plan.Policy
		change schema.Change
		want   plan.Verdict
	}{
		{"none, add", nil, add, plan.Apply},
		{"none, remove", nil, drop, plan.Warn},
		{"none, widen", nil, wide, plan.Apply},
		{"none, narrow", nil, narrow, plan.Review},
		{"none, labels", nil, enum, plan.Apply},
		{"none, fewer labels", nil, fewer, plan.Review},
		{"none, rename", nil, schema.RenameColumn{}, plan.Apply},
		{"none, drop table", nil, schema.DropTable{}, plan.Warn},
		{"add", rules(plan.Manual), add, plan.Manual},
		{"remove", rules(plan.Deny), drop, plan.Deny},
		{"rename", rules(plan.Warn), schema.RenameColumn{}, plan.Warn},
		{"drop table", rules(plan.Apply), schema.DropTable{}, plan.Apply},
		{"widen, all safe", rules(plan.Deny), wide, plan.Apply},
		{"widen, listed", rules(plan.Deny, "int_to_bigint"), wide, plan.Apply},
		{"widen, not listed", rules(plan.Deny, "varchar_expand"), wide, plan.Deny},
		{"widen, empty list", &plan.Policy{ModifyType: &plan.Rule{Action: plan.Review, SafeChanges: []string{}}}, wide, plan.Review},
		{"narrow", rules(plan.Warn, "int_to_bigint"), narrow, plan.Warn},
		{"other type", rules(plan.Apply), retyped(i32, text, schema.Retypes), plan.Apply},
		{"labels, not listed", rules(plan.Review, "int_to_bigint"), enum, plan.Review},
		{"index", rules(plan.Deny), schema.AddIndex{}, plan.Apply},
		{"null", rules(plan.Deny), schema.ModifyColumn{To: schema.Column{Nullable: true}}, plan.Apply},
		{"strict", &plan.Policy{Mode: "strict"}, schema.AddIndex{}, plan.Deny},
		{"ignore", &plan.Policy{Mode: "ignore"}, add, plan.Ignore},
		{"no such rule", &plan.Policy{AddColumn: &plan.Rule{Action: plan.Deny}}, wide, plan.Apply},
	} {
		if got := c.p.Decide(c.change); got.Verdict != c.want {
			t.Errorf("%s: %+v, want %s", c.name, got, c.want)
		}
	}
}

// TestPolicyInThePlanFile: an empty list of safe changes stays one.
func TestPolicyInThePlanFile(t *testing.T) {
	p := &plan.Policy{Addr: "schema_policy.x", ModifyType: &plan.Rule{Action: plan.Review, SafeChanges: []string{}}, Backup: &plan.Backup{Before: []string{"drop_table"}, Keep: 2}}
	b, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	var back plan.Policy
	if err := json.Unmarshal(b, &back); err != nil || !reflect.DeepEqual(p, &back) {
		t.Fatalf("%s came back as %+v (%v)", b, back, err)
	}
	if !p.Backups("drop_table") || p.Backups("drop_column") || p.Keeps() != 2 || !(*plan.Policy)(nil).Backups("drop_column") {
		t.Error("backups")
	}
}
