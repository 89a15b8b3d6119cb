package sqlite

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"

	"zombiezen.com/go/sqlite"

	"github.com/syncform/syncform/providers"
)

// bounds are a chunk's: the rows whose key is past After and not past UpTo. A chunk
// with neither is the whole table.
type bounds struct {
	After []bound `json:"after,omitempty"`
	UpTo  []bound `json:"up_to,omitempty"`
}

// bound is one column's part of a bound, with its storage class: i5, r1.5, ttext,
// xaGV4 (base64).
type bound string

func readBounds(s string) (b bounds, err error) {
	if s == "" {
		return b, nil
	}
	if err := json.Unmarshal([]byte(s), &b); err != nil {
		return b, fmt.Errorf("the ledger's chunk bounds %q are not SQLite's: %w", s, err)
	}
	for _, v := range append(b.After[:len(b.After):len(b.After)], b.UpTo...) {
		if err := v.check(); err != nil {
			return b, fmt.Errorf("the ledger's chunk bounds %q are not SQLite's: %w", s, err)
		}
	}
	return b, nil
}

func (b bounds) String() (string, error) {
	if b.After == nil && b.UpTo == nil {
		return "", nil
	}
	s, err := json.Marshal(b)
	return string(s), err
}

// boundOf reads a column of a statement.
func boundOf(stmt *sqlite.Stmt, i int) bound {
	switch stmt.ColumnType(i) {
	case sqlite.TypeInteger:
		return bound("i" + strconv.FormatInt(stmt.ColumnInt64(i), 10))
	case sqlite.TypeFloat:
		return bound("r" + strconv.FormatFloat(stmt.ColumnFloat(i), 'g', -1, 64))
	}
	kind := "t"
	if stmt.ColumnType(i) == sqlite.TypeBlob {
		kind = "x"
	}
	buf := make([]byte, stmt.ColumnLen(i))
	stmt.ColumnBytes(i, buf)
	return bound(kind + base64.RawStdEncoding.EncodeToString(buf))
}

func (b bound) check() (err error) {
	switch {
	case strings.HasPrefix(string(b), "i"):
		_, err = strconv.ParseInt(string(b[1:]), 10, 64)
	case strings.HasPrefix(string(b), "r"):
		_, err = strconv.ParseFloat(string(b[1:]), 64)
	case strings.HasPrefix(string(b), "t"), strings.HasPrefix(string(b), "x"):
		_, err = base64.RawStdEncoding.DecodeString(string(b[1:]))
	default:
		err = fmt.Errorf("%q has no storage class", string(b))
	}
	return err
}

// bind binds a bound that check has passed.
func (b bound) bind(stmt *sqlite.Stmt, param int) {
	text := string(b[1:])
	switch b[0] {
	case 'i':
		n, _ := strconv.ParseInt(text, 10, 64) // checked
		stmt.BindInt64(param, n)
	case 'r':
		f, _ := strconv.ParseFloat(text, 64) // checked
		stmt.BindFloat(param, f)
	case 't', 'x':
		v, _ := base64.RawStdEncoding.DecodeString(text) // checked
		if b[0] == 't' {
			stmt.BindText(param, string(v))
		} else {
			stmt.BindBytes(param, v)
		}
	}
}

// where writes the condition of a chunk; SQLite compares, by the columns' collations.
func (b bounds) where(key []string, facts *readFacts) (string, []bound) {
	if b.After == nil && b.UpTo == nil {
		return "", nil
	}
	names := idents(key)
	var cond []string
	var args []bound
	compare := func(op string, values []bound) string {
		marks := strings.TrimSuffix(strings.Repeat("?, ", len(values)), ", ")
		args = append(args, values...)
		if len(values) == 1 {
			return names + op + marks
		}
		return "(" + names + ")" + op + "(" + marks + ")"
	}
	if b.After != nil {
		cond = append(cond, compare(" > ", b.After))
	}
	if b.UpTo != nil {
		upTo := compare(" <= ", b.UpTo)
		if b.After == nil { // a key with a null compares as neither: SQLite lets primary keys have them
			for _, k := range key {
				if facts.nullable[k] {
					upTo += " OR " + ident(k) + " IS NULL"
				}
			}
		}
		cond = append(cond, "("+upTo+")")
	}
	return " WHERE " + strings.Join(cond, " AND "), args
}

// Chunks cuts a table by its key: by arithmetic where that is the row id and evenly
// spread, else by walking the key's index.
func (s *snapshot) Chunks(ctx context.Context, t providers.ReadTable, rows int64) ([]providers.Chunk, error) {
	db, err := s.borrow(ctx)
	if err != nil {
		return nil, err
	}
	defer s.giveBack(db)
	chunks, err := s.chunks(db, t, max(rows, 1))
	if err != nil {
		return nil, because(ctx, err)
	}
	return chunks, nil
}

func (s *snapshot) chunks(db *sqlite.Conn, t providers.ReadTable, rows int64) ([]providers.Chunk, error) {
	facts, err := s.facts(db, t.Name)
	if err != nil {
		return nil, err
	}
	if len(t.Key) == 0 {
		return wholeTable(rows), nil
	}
	w := walk{db: db, table: t, facts: facts}
	if ordered, err := w.ordered(); err != nil || !ordered {
		return wholeTable(rows), err
	}
	first, err := w.next(nil, rows)
	if err != nil || first == nil {
		return wholeTable(rows), err
	}
	var cuts [][]bound
	if len(t.Key) == 1 && t.Key[0] == facts.alias {
		if cuts, err = w.even(rows); err != nil {
			return nil, err
		}
	}
	if cuts == nil {
		for at := first; at != nil; {
			cuts = append(cuts, at)
			if at, err = w.next(at, rows); err != nil {
				return nil, err
			}
		}
	}
	return cut(cuts, rows)
}

func wholeTable(rows int64) []providers.Chunk { return []providers.Chunk{{Rows: rows}} }

// cut makes chunks of the bounds between them.
func cut(cuts [][]bound, rows int64) ([]providers.Chunk, error) {
	var chunks []providers.Chunk
	var after []bound
	for i := 0; i <= len(cuts); i++ {
		b := bounds{After: after}
		if i < len(cuts) {
			b.UpTo, after = cuts[i], cuts[i]
		}
		text, err := b.String()
		if err != nil {
			return nil, err
		}
		chunks = append(chunks, providers.Chunk{ID: i, Bounds: text, Rows: rows})
	}
	return chunks, nil
}

// walk goes along a table's key.
type walk struct {
	db    *sqlite.Conn
	table providers.ReadTable
	facts *readFacts
}

func (w *walk) query(after []bound) (string, []bound) {
	sql := "SELECT " + idents(w.table.Key) + " FROM " + ident(w.table.Name.Name)
	where, args := bounds{After: after}.where(w.table.Key, w.facts)
	for _, k := range w.table.Key {
		if w.facts.nullable[k] {
			if where == "" {
				where = " WHERE "
			} else {
				where += " AND "
			}
			where += ident(k) + " IS NOT NULL"
		}
	}
	return sql + where + " ORDER BY " + idents(w.table.Key), args
}

// ordered reports whether an index gives the key's order, so that walking it is cheap.
func (w *walk) ordered() (bool, error) {
	sql, _ := w.query(nil)
	plan, err := all(w.db, "EXPLAIN QUERY PLAN "+sql)
	if err != nil {
		return false, err
	}
	for _, r := range plan {
		if strings.Contains(r[len(r)-1], "TEMP B-TREE") {
			return false, nil
		}
	}
	return true, nil
}

// next gives the key n rows past after, or nil where there are not so many.
func (w *walk) next(after []bound, n int64) ([]bound, error) {
	sql, args := w.query(after)
	return w.first(sql+fmt.Sprintf(" LIMIT 1 OFFSET %d", n-1), args)
}

// first runs a query for its first row.
func (w *walk) first(sql string, args []bound) (out []bound, err error) {
	stmt, _, err := w.db.PrepareTransient(sql)
	if err != nil {
		return nil, err
	}
	defer func() {
		if ferr := stmt.Finalize(); err == nil {
			err = ferr
		}
	}()
	for i, a := range args {
		a.bind(stmt, i+1)
	}
	more, err := stmt.Step()
	if err != nil || !more {
		return nil, err
	}
	for i := range stmt.ColumnCount() {
		out = append(out, boundOf(stmt, i))
	}
	return out, nil
}

const (
	samples    = 32 // places at which the spread of row ids is looked at
	sampleRows = 64 // rows at each
	// unevenness is how much denser one place may be than another for arithmetic to do.
	unevenness = 4
)

// even cuts a span of row ids into equal parts, or says nil where they are too
// unevenly spread for that.
func (w *walk) even(rows int64) ([][]bound, error) {
	id, table := ident(w.facts.alias), ident(w.table.Name.Name)
	ends, err := one(w.db, fmt.Sprintf("SELECT (SELECT min(%s) FROM %s), (SELECT max(%[1]s) FROM %[2]s)", id, table))
	if err != nil {
		return nil, err
	}
	least, err := strconv.ParseInt(ends[0], 10, 64)
	if err != nil {
		return nil, err
	}
	most, err := strconv.ParseInt(ends[1], 10, 64)
	if err != nil {
		return nil, err
	}
	span := float64(most) - float64(least) + 1
	if span > 1<<52 { // past what arithmetic in floats is exact for
		return nil, nil
	}
	closest, widest, sum := math.Inf(1), 0.0, 0.0
	for i := range samples {
		from := least + int64(span*float64(i)/samples)
		r, err := one(w.db, fmt.Sprintf("SELECT max(id), count(*) FROM (SELECT %s AS id FROM %s WHERE %[1]s >= %[3]d ORDER BY 1 LIMIT %[4]d)", id, table, from, sampleRows))
		if err != nil {
			return nil, err
		}
		last, err := strconv.ParseInt(r[0], 10, 64)
		if err != nil {
			return nil, err
		}
		n, err := strconv.ParseInt(r[1], 10, 64)
		if err != nil {
			return nil, err
		}
		distance := (float64(last) - float64(from) + 1) / float64(n)
		closest, widest, sum = min(closest, distance), max(widest, distance), sum+distance
	}
	if widest > unevenness*closest {
		return nil, nil
	}
	width := max(int64(float64(rows)*sum/samples), 1)
	var cuts [][]bound
	for at := least + width - 1; at < most; at += width {
		cuts = append(cuts, []bound{bound("i" + strconv.FormatInt(at, 10))})
		if at > math.MaxInt64-width {
			break
		}
	}
	return cuts, nil
}
