package mysql

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/syncform/syncform/providers"
)

// bounds is what Chunk.Bounds holds, as JSON: the values of the key's first columns
// from which on a chunk goes and before which it ends; none where it is open. Each
// value is a letter for how it is written in SQL, and the value: n a number, s text
// and b bytes in hexadecimal, q what stands in quotes.
type bounds struct {
	From []string `json:"from,omitempty"`
	To   []string `json:"to,omitempty"`
}

// boundLiteral writes a value of bounds in SQL. The text comes back from a ledger,
// so nothing of it is taken on trust.
func boundLiteral(v string) (string, error) {
	if v == "" {
		return "", fmt.Errorf("a chunk's bound is empty")
	}
	kind, text := v[0], v[1:]
	switch kind {
	case 'n':
		if strings.Trim(text, "-.0123456789") == "" && text != "" {
			return text, nil
		}
	case 's', 'b':
		if _, err := hex.DecodeString(text); err == nil {
			return map[byte]string{'s': "_utf8mb4 x'", 'b': "x'"}[kind] + text + "'", nil
		}
	case 'q':
		return literal(text), nil
	}
	return "", fmt.Errorf("a chunk's bound can't be read: kind %q", kind)
}

// boundKinds says how a key column of a type is written; what is not here is not
// compared as it is ordered (enum, set), or not at all.
var boundKinds = map[string]byte{
	"tinyint": 'n', "smallint": 'n', "mediumint": 'n', "int": 'n', "bigint": 'n', "decimal": 'n', "year": 'n',
	"char": 's', "varchar": 's', "binary": 'b', "varbinary": 'b',
	"date": 'q', "time": 'q', "datetime": 'q', "timestamp": 'q', "uuid": 'q', "inet4": 'q', "inet6": 'q',
}

// where writes a chunk's condition, "" for a whole table.
func where(key []string, text string) (string, error) {
	if text == "" {
		return "", nil
	}
	var b bounds
	if err := json.Unmarshal([]byte(text), &b); err != nil {
		return "", fmt.Errorf("a chunk's bounds can't be read: %w", err)
	}
	var conditions []string
	for _, side := range []struct {
		values []string
		op     string
	}{{b.From, ">"}, {b.To, "<"}} {
		if len(side.values) == 0 {
			continue
		}
		if len(side.values) > len(key) {
			return "", fmt.Errorf("a chunk's bounds have %d columns and the key has %d", len(side.values), len(key))
		}
		literals := make([]string, len(side.values))
		for i, v := range side.values {
			var err error
			if literals[i], err = boundLiteral(v); err != nil {
				return "", err
			}
		}
		conditions = append(conditions, beyond(key, literals, side.op))
	}
	return strings.Join(conditions, " AND "), nil
}

// beyond compares rows: (a, b) >= (x, y) for ">" and (a, b) < (x, y) for "<". The
// comparison of the first column stands by itself in front, for the optimizer.
func beyond(key, literals []string, op string) string {
	last := len(literals) - 1
	text := ident(key[last]) + " " + map[string]string{">": ">=", "<": "<"}[op] + " " + literals[last]
	for i := last - 1; i >= 0; i-- {
		column := ident(key[i])
		text = fmt.Sprintf("(%s %s %s OR (%s = %s AND %s))", column, op, literals[i], column, literals[i], text)
	}
	if last > 0 {
		text = ident(key[0]) + " " + op + "= " + literals[0] + " AND " + text
	}
	return text
}

// Chunks cuts by the longest beginning of the key that an index has and that the
// server compares as it orders it.
func (s *snapshot) Chunks(ctx context.Context, t providers.ReadTable, rows int64) ([]providers.Chunk, error) {
	var chunks []providers.Chunk
	err := s.conn.with(ctx, func(session *session) error {
		k, err := session.chunkKey(ctx, t)
		if err != nil {
			return err
		}
		rows = max(rows, 1)
		var cuts [][]string
		if len(k.columns) > 0 {
			if cuts, err = k.cuts(ctx, rows); err != nil {
				return err
			}
		}
		chunks = chunksOf(cuts, k.estimate)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("cut table %s into chunks: %w", t.Name, err)
	}
	return chunks, nil
}

// chunksOf makes chunks between cuts, the first and the last open.
func chunksOf(cuts [][]string, estimate int64) []providers.Chunk {
	chunks := make([]providers.Chunk, 0, len(cuts)+1)
	var from []string
	for i := 0; i <= len(cuts); i++ {
		b := bounds{From: from}
		if i < len(cuts) {
			b.To = cuts[i]
			from = cuts[i]
		}
		text, err := json.Marshal(b)
		if err != nil {
			panic("bug in syncform: bounds that JSON can't write: " + err.Error())
		}
		chunks = append(chunks, providers.Chunk{ID: i, Bounds: string(text), Rows: estimate / int64(len(cuts)+1)})
	}
	if len(chunks) == 1 {
		chunks[0].Bounds = ""
	}
	return chunks
}

// chunkKey is what a table can be cut by.
type chunkKey struct {
	*session
	table    string // quoted
	columns  []string
	kinds    []byte
	integer  bool // the key is one column of whole numbers
	estimate int64
}

func (s *session) chunkKey(ctx context.Context, t providers.ReadTable) (*chunkKey, error) {
	k := &chunkKey{session: s, table: tableIdent(t.Name)}
	rows, err := s.query(ctx, "SELECT IFNULL(TABLE_ROWS, 0) FROM information_schema.TABLES WHERE "+inTable("TABLE", t.Name))
	if err != nil {
		return nil, err
	}
	if len(rows) == 1 {
		if k.estimate, err = strconv.ParseInt(rows[0][0], 10, 64); err != nil {
			k.estimate = 0
		}
	}
	if len(t.Key) == 0 {
		return k, nil
	}
	rows, err = s.query(ctx, "SELECT COLUMN_NAME, DATA_TYPE, IS_NULLABLE FROM information_schema.COLUMNS WHERE "+inTable("TABLE", t.Name))
	if err != nil {
		return nil, err
	}
	kinds, types := map[string]byte{}, map[string]string{}
	for _, r := range rows {
		if r[2] == "NO" {
			kinds[r[0]] = boundKinds[strings.ToLower(r[1])]
			types[r[0]] = strings.ToLower(r[1])
		}
	}
	usable := 0
	for usable < len(t.Key) && kinds[t.Key[usable]] != 0 {
		usable++
	}
	rows, err = s.query(ctx, "SELECT INDEX_NAME, COLUMN_NAME FROM information_schema.STATISTICS WHERE "+inTable("TABLE", t.Name)+
		" AND SUB_PART IS NULL AND INDEX_TYPE = 'BTREE' ORDER BY INDEX_NAME, SEQ_IN_INDEX")
	if err != nil {
		return nil, err
	}
	indexes := map[string][]string{}
	for _, r := range rows {
		indexes[r[0]] = append(indexes[r[0]], r[1])
	}
	for n := usable; n > 0 && len(k.columns) == 0; n-- {
		for _, columns := range indexes {
			if len(columns) >= n && slices.Equal(columns[:n], t.Key[:n]) {
				k.columns = t.Key[:n]
			}
		}
	}
	for _, name := range k.columns {
		k.kinds = append(k.kinds, kinds[name])
	}
	k.integer = len(k.columns) == 1 && len(t.Key) == 1 && (strings.HasSuffix(types[k.columns[0]], "int"))
	return k, nil
}

// sparse is how many times more numbers than rows there may be for arithmetic to cut
// evenly enough.
const sparse = 4

// cuts gives the first key of every chunk but the first.
func (k *chunkKey) cuts(ctx context.Context, rows int64) ([][]string, error) {
	if !k.integer {
		return k.walk(ctx, rows)
	}
	column := ident(k.columns[0])
	r, err := k.query(ctx, "SELECT MIN("+column+"), MAX("+column+") FROM "+k.table)
	if err != nil || r[0][0] == "" {
		return nil, err
	}
	first, ok1 := new(big.Int).SetString(r[0][0], 10)
	last, ok2 := new(big.Int).SetString(r[0][1], 10)
	if !ok1 || !ok2 {
		return nil, fmt.Errorf("bug in syncform: the bounds of column %s are no whole numbers", k.columns[0])
	}
	span := new(big.Int).Sub(last, first)
	span.Add(span, big.NewInt(1))
	if span.Cmp(big.NewInt(max(k.estimate, rows)*sparse)) > 0 {
		return k.walk(ctx, rows)
	}
	// As many numbers as hold about so many rows.
	step := big.NewInt(rows)
	if k.estimate > 0 && span.Cmp(big.NewInt(k.estimate)) > 0 {
		step.Mul(step, span).Div(step, big.NewInt(k.estimate))
	}
	var cuts [][]string
	for at := new(big.Int).Add(first, step); at.Cmp(last) <= 0; at.Add(at, step) {
		cuts = append(cuts, []string{"n" + at.String()})
	}
	return cuts, nil
}

// walk steps through the index, rows entries at a time.
func (k *chunkKey) walk(ctx context.Context, rows int64) ([][]string, error) {
	columns := idents(k.columns)
	var cuts [][]string
	condition, offset := "", rows
	for {
		r, err := k.query(ctx, fmt.Sprintf("SELECT %s FROM %s%s ORDER BY %s LIMIT 1 OFFSET %d", columns, k.table, condition, columns, offset))
		if err != nil || len(r) == 0 {
			return cuts, err
		}
		cut := make([]string, len(k.columns))
		for i, v := range r[0] {
			if k.kinds[i] == 's' || k.kinds[i] == 'b' {
				v = hex.EncodeToString([]byte(v))
			}
			cut[i] = string(k.kinds[i]) + v
		}
		literals := make([]string, len(cut))
		for i, v := range cut {
			if literals[i], err = boundLiteral(v); err != nil {
				return nil, err
			}
		}
		if len(cuts) > 0 && slices.Equal(cuts[len(cuts)-1], cut) {
			// More rows than a chunk's share one value: go on behind them.
			condition, offset = " WHERE NOT ("+beyond(k.columns, literals, "<")+") AND NOT ("+equals(k.columns, literals)+")", 0
			continue
		}
		cuts = append(cuts, cut)
		condition, offset = " WHERE "+beyond(k.columns, literals, ">"), rows
	}
}

func equals(key, literals []string) string {
	parts := make([]string, len(literals))
	for i, l := range literals {
		parts[i] = ident(key[i]) + " = " + l
	}
	return strings.Join(parts, " AND ")
}
