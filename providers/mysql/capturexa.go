package mysql

import (
	"bytes"
	"strings"

	"github.com/go-mysql-org/go-mysql/replication"
)

// preparedXA is a distributed transaction that was prepared: its rows stand in the log
// before anybody knows whether they will be committed. Its events are kept until that is
// said; a position meanwhile tells where it began, so that they can be read again.
type preparedXA struct {
	id     string
	from   string // what was done before it
	events []heldEvent
}

type heldEvent struct {
	kind replication.EventType
	body []byte
}

// hold keeps an event of a transaction that is not decided.
func (f *binlogReader) hold(kind replication.EventType, body []byte) error {
	f.xa.events = append(f.xa.events, heldEvent{kind, bytes.Clone(body)})
	return nil
}

// startXA begins to hold.
func (f *binlogReader) startXA(id string) {
	f.open = true
	f.xa = &preparedXA{id: xaID(id)}
	f.out.Progress(func() { f.xa.from = f.done.String() }) // position reads it too
	if f.nextFrom != "" {
		f.xa.from = f.nextFrom // an older one is open: reading begins there anyway
	}
}

func xaID(text string) string {
	text = strings.TrimSpace(text)
	if len(text) > 10 && strings.EqualFold(text[len(text)-10:], " ONE PHASE") {
		text = text[:len(text)-10]
	}
	return strings.ToUpper(strings.ReplaceAll(text, " ", ""))
}

// prepare ends the first part of a distributed transaction; with one phase it is all.
func (f *binlogReader) prepare(body []byte) error {
	xa := f.xa
	if xa == nil {
		return f.commit()
	}
	f.xa = nil
	if len(body) > 0 && body[0] != 0 {
		if err := f.replay(xa); err != nil {
			return err
		}
		return f.commit()
	}
	f.prepared[xa.id] = xa
	f.resetFrom()
	return f.commit()
}

// finishXA commits or rolls back what was prepared.
func (f *binlogReader) finishXA(id string, commit bool) error {
	xa := f.prepared[xaID(id)]
	if xa != nil {
		delete(f.prepared, xa.id)
		f.resetFrom()
		if commit && !f.skipping {
			if err := f.replay(xa); err != nil {
				return err
			}
		}
	}
	return f.commit()
}

// replay hands a transaction on that was held.
func (f *binlogReader) replay(xa *preparedXA) error {
	f.xa = nil
	if f.skipping {
		return nil
	}
	for _, e := range xa.events {
		if err := f.inner(e.kind, nil, e.body); err != nil {
			return err
		}
	}
	return nil
}

// resetFrom is where reading must begin for the oldest that is open.
func (f *binlogReader) resetFrom() {
	f.nextFrom = ""
	for _, xa := range f.prepared {
		f.nextFrom = xa.from // of several all have the oldest's
	}
}
