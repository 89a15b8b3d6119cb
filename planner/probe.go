package planner

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
)

// prober looks whether tables hold any row, for estimates may be wrong. It opens one
// snapshot when it is first asked.
type prober struct {
	conn providers.Conn
	snap providers.Snapshot
}

// hasRows reads the beginning of the table.
func (p *prober) hasRows(ctx context.Context, t *schema.Table) (has bool, err error) {
	if len(t.Columns) == 0 {
		return false, errors.New("it has no columns")
	}
	if p.snap == nil {
		reader, err := providers.As[providers.SnapshotReader](p.conn)
		if err != nil {
			return false, err
		}
		if p.snap, err = reader.OpenSnapshot(ctx, providers.SnapshotOptions{Readers: 1}); err != nil {
			return false, err
		}
	}
	// Without a key the table is one chunk, which nobody has to cut.
	rt := providers.ReadTable{Name: t.Name, Columns: []providers.ReadColumn{{Name: t.Columns[0].Name, Type: t.Columns[0].Type}}}
	chunks, err := p.snap.Chunks(ctx, rt, 1)
	if err != nil {
		return false, err
	}
	for _, c := range chunks {
		r, err := p.snap.Read(ctx, rt, c, []row.Form{row.FormFields})
		if err != nil {
			return false, err
		}
		has, err = anyRow(ctx, r)
		if err = errors.Join(err, r.Close()); err != nil || has {
			return has, err
		}
	}
	return false, nil
}

func anyRow(ctx context.Context, r row.Reader) (bool, error) {
	for {
		batch, err := r.Next(ctx)
		if errors.Is(err, io.EOF) {
			return false, nil
		}
		if err != nil {
			return false, fmt.Errorf("read its first row: %w", err)
		}
		has := batch.Rows > 0
		batch.Release()
		if has {
			return true, nil
		}
	}
}

// close ends the snapshot. It has only read, so that a failure to end it loses nothing.
func (p *prober) close() {
	if p.snap != nil {
		_ = p.snap.Close() // see above
	}
}
