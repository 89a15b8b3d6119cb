package state

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Under reports whether address addr is at or below address at: a mapping of a sync,
// a column of a mapping, an element of a block with for_each.
func Under(addr, at string) bool {
	return addr == at || strings.HasPrefix(addr, at) && (addr[len(at)] == '.' || addr[len(at)] == '[')
}

// List gives the addresses of the mappings at or below any of the given addresses, or
// of all where none is given, in order.
func (s *State) List(at ...string) []string {
	var out []string
	for _, m := range s.Mappings {
		if len(at) == 0 || slices.ContainsFunc(at, func(a string) bool { return Under(m.Addr, a) }) {
			out = append(out, m.Addr)
		}
	}
	slices.Sort(out)
	return out
}

// NotFoundError is an address that the state does not hold.
type NotFoundError struct{ Addr string }

func (e *NotFoundError) Error() string {
	return fmt.Sprintf("the state holds no %s; syncform state list shows what it holds", e.Addr)
}

// Move gives a mapping, or all of a sync's, another address; the rows stay where they
// are. It returns what moved. An address that is taken already is an error, and then
// nothing moves.
func (s *State) Move(from, to string) ([]string, error) {
	var moved []string
	for _, m := range s.Mappings {
		if !Under(m.Addr, from) {
			continue
		}
		if dest := to + m.Addr[len(from):]; s.Mapping(dest) != nil {
			return nil, fmt.Errorf("move %s: the state holds %s already", m.Addr, dest)
		}
		moved = append(moved, m.Addr)
	}
	if len(moved) == 0 {
		return nil, &NotFoundError{Addr: from}
	}
	for _, addr := range moved {
		m := s.Mapping(addr)
		m.Addr = to + addr[len(from):]
		if i := strings.Index(m.Addr, ".mapping["); i > 0 {
			m.Sync = m.Addr[:i]
		}
	}
	s.sort()
	return moved, nil
}

// Remove takes mappings out of the state, a sync's address all of its mappings; the
// tables and their rows stay. It returns what it removed. An address that is not
// there is an error, and then nothing is removed.
func (s *State) Remove(addrs ...string) ([]string, error) {
	var gone []string
	for _, a := range addrs {
		found := s.List(a)
		if len(found) == 0 {
			return nil, &NotFoundError{Addr: a}
		}
		gone = append(gone, found...)
	}
	s.Mappings = slices.DeleteFunc(s.Mappings, func(m Mapping) bool { return slices.Contains(gone, m.Addr) })
	slices.Sort(gone)
	return slices.Compact(gone), nil
}

// Save writes a changed state with the serial that comes next. s.Serial is the serial
// it was read with; after a success it is the new one.
func Save(ctx context.Context, b Backend, s *State) error {
	next := *s
	next.FormatVersion = FormatVersion
	next.Serial++
	if err := b.Write(ctx, &next); err != nil {
		return err
	}
	s.FormatVersion, s.Serial = next.FormatVersion, next.Serial
	return nil
}

// Push replaces the stored state by s. One of another lineage or with a lower serial
// is refused unless force is given; it then takes the stored state's lineage on.
func Push(ctx context.Context, b Backend, s *State, force bool) error {
	old, err := b.Read(ctx)
	if err != nil {
		return err
	}
	next := *s
	if old == nil {
		next.Serial = 0
		return Save(ctx, b, &next)
	}
	if old.Lineage != s.Lineage && !force {
		return fmt.Errorf("push: the stored state is of another lineage (%s, not %s): it may belong to another configuration. -force replaces it all the same", old.Lineage, s.Lineage)
	}
	if s.Serial < old.Serial && !force {
		return fmt.Errorf("push: the stored state is newer (serial %d, not %d). -force replaces it all the same", old.Serial, s.Serial)
	}
	if old.Running != "" && !force {
		return errors.New("push: an apply has begun and not finished; let it finish, or push with -force")
	}
	next.Lineage, next.Serial = old.Lineage, old.Serial
	return Save(ctx, b, &next)
}
