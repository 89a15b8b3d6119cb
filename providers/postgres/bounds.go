package postgres

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// bounds are a chunk's range of keys: from is in it, to is not; an empty one is open.
// The values are the server's own text of the key's columns, compared by the server
// only, in the columns' own types and collations.
type bounds struct {
	From []string `json:"from,omitempty"`
	To   []string `json:"to,omitempty"`
}

func (b bounds) String() string {
	if b.From == nil && b.To == nil {
		return ""
	}
	text, err := json.Marshal(b)
	if err != nil {
		panic("bug in syncform: strings that JSON can't write: " + err.Error())
	}
	return string(text)
}

func parseBounds(text string) (bounds, error) {
	var b bounds
	if text == "" {
		return b, nil
	}
	if err := json.Unmarshal([]byte(text), &b); err != nil {
		return b, fmt.Errorf("the chunk's bounds are not ones of PostgreSQL: %w", err)
	}
	return b, nil
}

// where gives the condition of a chunk with WHERE in front, "" for all rows.
func where(t providers.ReadTable, c providers.Chunk) (string, error) {
	b, err := parseBounds(c.Bounds)
	if err != nil {
		return "", err
	}
	var conditions []string
	for _, side := range []struct {
		values []string
		op     string
	}{{b.From, ">="}, {b.To, "<"}} {
		if side.values == nil {
			continue
		}
		if len(side.values) != len(t.Key) {
			return "", fmt.Errorf("the chunk's bounds have %d values, and the key %d columns", len(side.values), len(t.Key))
		}
		cond, err := compareKey(t, side.op, side.values)
		if err != nil {
			return "", err
		}
		conditions = append(conditions, cond)
	}
	if len(conditions) == 0 {
		return "", nil
	}
	return " WHERE " + strings.Join(conditions, " AND "), nil
}

// compareKey compares the key with constants of its columns' types.
func compareKey(t providers.ReadTable, op string, values []string) (string, error) {
	left, right := make([]string, len(values)), make([]string, len(values))
	for i, v := range values {
		typ, err := keyType(t, t.Key[i])
		if err != nil {
			return "", err
		}
		left[i] = quote(t.Key[i])
		right[i] = literal(v) + "::" + typ
	}
	if len(values) == 1 {
		return left[0] + " " + op + " " + right[0], nil
	}
	return "(" + strings.Join(left, ", ") + ") " + op + " (" + strings.Join(right, ", ") + ")", nil
}

func keyType(t providers.ReadTable, column string) (string, error) {
	for _, c := range t.Columns {
		if c.Name == column {
			return typeSQL(withoutLength(c.Type))
		}
	}
	return "", fmt.Errorf("bug in syncform: the key's column %q of table %s is not read", column, t.Name)
}

// withoutLength keeps a cast from cutting or padding a constant.
func withoutLength(t schema.Type) schema.Type {
	if t.Domain {
		return t
	}
	switch t.Kind {
	case schema.Char:
		t.Native = "bpchar"
	case schema.Varchar:
		t.Native = "character varying"
	}
	return t
}
