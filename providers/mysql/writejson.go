package mysql

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
)

// checkJSON refuses what MySQL's JSON would bend: numbers that are neither integers
// of 64 bits nor doubles, and of keys that stand twice in an object all but the last.
// That the text is JSON is left to the server.
func checkJSON(keys bool) checker {
	return func(_ *[]byte, v []byte) ([]byte, string) {
		if !mayBend(v, keys) {
			return v, ""
		}
		d := json.NewDecoder(bytes.NewReader(v))
		d.UseNumber()
		var seen []map[string]bool // of the objects around; nil for an array
		key := false               // an object's key is next
		for {
			t, err := d.Token()
			if errors.Is(err, io.EOF) || err != nil {
				return v, "" // the server says what is wrong
			}
			switch t := t.(type) {
			case json.Delim:
				switch t {
				case '{':
					seen = append(seen, map[string]bool{})
				case '[':
					seen = append(seen, nil)
				default:
					seen = seen[:len(seen)-1]
				}
				key = len(seen) > 0 && seen[len(seen)-1] != nil
				continue
			case string:
				if key {
					if keys && seen[len(seen)-1][t] {
						return nil, "the JSON has a key twice in one object, and MySQL keeps only the last: map the column to longtext"
					}
					seen[len(seen)-1][t], key = true, false
					continue
				}
			case json.Number:
				if !exactJSON(string(t)) {
					return nil, "the JSON has a number with more digits than MySQL's JSON keeps: map the column to longtext"
				}
			}
			key = len(seen) > 0 && seen[len(seen)-1] != nil
		}
	}
}

// mayBend is a cheap look for what needs a closer one: a run of digits too long for
// every double, an exponent, or an object.
func mayBend(v []byte, keys bool) bool {
	run := 0
	for i, c := range v {
		switch {
		case isDigit(c) || c == '.':
			if run++; run > 15 {
				return true
			}
			continue
		case (c == 'e' || c == 'E') && i > 0 && isDigit(v[i-1]), c == '{' && keys:
			return true
		}
		run = 0
	}
	return false
}

// exactJSON reports whether MySQL keeps a JSON number as it is: as an integer of 64
// bits, signed or not, or as a double whose text is the same number.
func exactJSON(number string) bool {
	if !strings.ContainsAny(number, ".eE") {
		if _, err := strconv.ParseInt(number, 10, 64); err == nil {
			return true
		}
		if _, err := strconv.ParseUint(number, 10, 64); err == nil {
			return true
		}
	}
	f, err := strconv.ParseFloat(number, 64)
	if err != nil {
		return false
	}
	decimal := schema.Type{Kind: schema.Decimal}
	kept := row.Normal(nil, decimal, strconv.AppendFloat(nil, f, 'f', -1, 64))
	return bytes.Equal(kept, row.Normal(nil, decimal, []byte(number)))
}
