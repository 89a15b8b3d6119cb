package planner

import (
	"context"
	"fmt"
	"slices"

	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/ledger"
	"github.com/syncform/syncform/providers/schema"
)

// The moments before which a policy takes backups.
const (
	beforeDropColumn = "drop_column"
	beforeModifyType = "modify_type"
	beforeDropTable  = "drop_table"
)

// backup says what is to be copied before a change, nil where it destroys nothing, or
// nothing that is not ours to lose.
func (s *script) backup(w *want, d *difference) *providers.Backup {
	if s.b.in.Destroy {
		return nil
	}
	if w.live != nil && w.work.load && w.work.into == w.name && !w.work.resumed {
		return nil // the table holds no rows that stay
	}
	moment, of, column := destroys(d.change)
	if moment == "" || ledger.IsOurs(of.Name) || !w.policy.Backups(moment) {
		return nil
	}
	if _, replaces := d.change.(schema.ReplaceRows); d.swapped || replaces && !w.work.replaces {
		return nil // the rows came from the source, and come from there again
	}
	t := s.db.Table(d.change.Table())
	if t == nil {
		return nil
	}
	b := &providers.Backup{Of: *t, Column: column}
	if of != t.Name {
		b.Of = schema.Table{Name: of, Columns: t.Columns, PrimaryKey: t.PrimaryKey, Rows: -1, Bytes: -1} // a part
	}
	for _, q := range s.db.Sequences {
		if q.OwnerTable == of && q.OwnerColumn != "" && (column == "" || q.OwnerColumn == column) {
			b.Sequences = append(b.Sequences, q)
		}
	}
	b.Name = ledger.BackupName(s.b.plan.ID, of.String(), column)
	return b
}

// destroys says what a change takes away: a table's rows, or a column's values.
func destroys(c schema.Change) (moment string, of schema.Name, column string) {
	switch c := c.(type) {
	case schema.DropTable:
		return beforeDropTable, c.From.Name, ""
	case schema.DropPartition:
		return beforeDropTable, c.Partition.Name, ""
	case schema.ReplaceRows:
		return beforeDropTable, c.Live.Name, ""
	case schema.DropColumn:
		if c.Column.Generated == nil && !ledger.IsRetyped(c.Column.Name) {
			return beforeDropColumn, c.In, c.Column.Name
		}
	case schema.ModifyColumn:
		if c.From.Generated == nil && (c.Type == schema.Narrows || c.Type == schema.Retypes) && !sameType(c.From.Type, c.To.Type) {
			return beforeModifyType, c.In, c.To.Name
		}
	}
	return "", schema.Name{}, ""
}

// policyOf gives the policy of the sync of that address, nil where there is none.
func (b *builder) policyOf(sync string) *plan.Policy {
	p, _ := b.policy(b.in.Config.Sync(sync))
	return p
}

// backUp has the actions that destroy something copy it first. A backup that an earlier
// apply did not finish is taken anew under its name, or taken away where nothing is to be
// destroyed any more.
func (b *builder) backUp(ctx context.Context) {
	byEndpoint := map[string][]*plan.Action{}
	for i := range b.plan.Actions {
		if a := &b.plan.Actions[i]; a.Backup != nil {
			byEndpoint[a.Endpoint] = append(byEndpoint[a.Endpoint], a)
		}
	}
	for _, addr := range b.addresses() {
		e := b.endpoints[addr]
		actions := byEndpoint[addr]
		if e == nil || e.stepper == nil || len(actions) == 0 && (b.state == nil || b.state.Running == "") {
			continue
		}
		keeper, err := providers.As[providers.Backuper](e.conn)
		if err != nil {
			for _, a := range actions {
				b.errorf(sumSteps, "%s: %s keeps no backups, and %s would be lost: %s.", a.Addr, addr, changeText(a.Change), err)
			}
			continue
		}
		entries, err := keeper.Backups(ctx)
		if err != nil {
			b.errorf(sumUnreadable, "The backups of %s can't be read: %s.", addr, err)
			continue
		}
		b.backUpAt(e, keeper, entries, actions)
	}
}

func (b *builder) backUpAt(e *endpoint, keeper providers.Backuper, entries []providers.BackupEntry, actions []*plan.Action) {
	taken := map[string]bool{}
	for _, a := range actions {
		kept := 0
		for _, old := range entries {
			switch {
			case old.Of.Name != a.Backup.Of.Name || old.Column != a.Backup.Column:
			case !old.Done:
				if !taken[old.Name] {
					a.Backup.Name = old.Name
					taken[old.Name] = true
				}
			default:
				if kept++; b.keeps(a) > 0 && kept >= b.keeps(a) {
					a.Backup.Prunes = append(a.Backup.Prunes, old.Name)
				}
			}
		}
		if len(a.Steps) == 0 || slices.ContainsFunc(a.Steps, func(s providers.Step) bool { return s.Text == "" }) {
			a.Backup = nil // it is held, and can only be made by hand
			continue
		}
		by := b.destroyer(a)
		steps, err := keeper.BackupSteps(e.db, *a.Backup, by.Steps)
		if err != nil {
			b.errorf(sumSteps, "%s: what %s destroys can't be copied first: %s.", a.Addr, changeText(a.Change), err)
			return
		}
		by.Steps = steps
	}
	for _, old := range entries {
		if old.Done || taken[old.Name] {
			continue
		}
		b.count++
		b.plan.Actions = append(b.plan.Actions, plan.Action{
			ID: fmt.Sprintf("a%03d", b.count), Kind: plan.Delete, Addr: old.Addr, Endpoint: e.addr, Phase: plan.Contract,
			Change: schema.DropTable{From: schema.Table{Name: schema.Name{Schema: e.db.DefaultSchema, Name: old.Name}, Rows: -1, Bytes: -1}},
			Steps:  keeper.DropBackupSteps(old.Name), Reason: "an apply that was cut short began it, and what it copies stays", Info: "an unfinished backup",
		})
	}
}

// keeps is how many backups of one thing the policy keeps that holds for an action.
func (b *builder) keeps(a *plan.Action) int {
	for _, s := range b.in.Config.Syncs {
		if len(a.Addr) > len(s.Addr) && a.Addr[:len(s.Addr)] == s.Addr && a.Addr[len(s.Addr)] == '.' {
			p, _ := b.policy(s)
			return p.Keeps()
		}
	}
	return 0
}
