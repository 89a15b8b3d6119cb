package executor

import (
	"fmt"
	"time"

	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers"
)

// noteBackup writes down what an action's steps are going to copy, before they do.
func (r *run) noteBackup(a *plan.Action) error {
	if a.Backup == nil {
		return nil
	}
	keeper, err := providers.As[providers.Backuper](r.env.Conns[a.Endpoint])
	if err != nil {
		return err
	}
	e := providers.BackupEntry{Backup: *a.Backup, Addr: a.Addr, Plan: r.plan.ID, By: r.env.By, Taken: time.Now().UTC()}
	e.Prunes = nil
	if err := keeper.NoteBackup(r.hard, e); err != nil {
		return fmt.Errorf("note the backup %s: %w", a.Backup.Name, err)
	}
	return nil
}
