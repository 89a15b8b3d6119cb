package providertest

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// workload makes transactions of statements of its own against a streamTable and a
// valueTable. It knows what is in the first, so that no statement fails.
type workload struct {
	e        *endpoint
	r        *rand.Rand
	a        *providers.ApplyTable // the streamTable
	values   schema.Table          // the valueTable, whose rows with ids below 100 stay
	m        model
	next     int // number of the next new row of the valueTable
	truncate string
}

// key writes the condition for a row.
func (w *workload) key(row []field) string {
	return fmt.Sprintf("%s = %s AND b = %s", w.e.quote(`a"`), *row[colA], w.e.literal(*row[colB]))
}

func (w *workload) sql(f field, number bool) string {
	switch {
	case f == nil:
		return "NULL"
	case number:
		return *f
	}
	return w.e.literal(*f)
}

func (w *workload) row(a, b field) []field {
	r := []field{a, b, text(fmt.Sprint(w.r.IntN(40))), text([]string{"", "x", `it's "é" \`, "NULL", strings.Repeat("long ", 15)}[w.r.IntN(5)]), text(fmt.Sprint(w.r.IntN(1000)))}
	for i := colU; i <= colN; i++ {
		if w.r.IntN(4) == 0 {
			r[i] = nil
		}
	}
	if len(w.m.holders(w.a, r)) > 0 {
		r[colU] = nil
	}
	return r
}

func (w *workload) newKey() (a, b field) {
	return text(fmt.Sprint(w.r.IntN(30))), text([]string{"x", "y", `q'\`, "zé"}[w.r.IntN(4)])
}

// any picks a row that is there; nil where there is none.
func (w *workload) any() []field {
	if len(w.m) == 0 {
		return nil
	}
	keys := slices.Sorted(maps.Keys(w.m))
	return w.m[keys[w.r.IntN(len(keys))]]
}

func (w *workload) update(row []field, set string) string {
	return "UPDATE " + w.e.quote(w.a.Name.Name) + " SET " + set + " WHERE " + w.key(row)
}

// transaction gives the statements of one.
func (w *workload) transaction() []string {
	if w.truncate != "" && w.r.IntN(25) == 0 {
		clear(w.m)
		return []string{w.truncate} // by itself, for it ends a transaction of MySQL
	}
	before := maps.Clone(w.m)
	out := []string{"BEGIN"}
	for range 1 + w.r.IntN(4) {
		if w.r.IntN(5) == 0 {
			kept := maps.Clone(w.m)
			out = append(out, "SAVEPOINT s")
			out = append(out, w.operation()...)
			out = append(out, "ROLLBACK TO SAVEPOINT s")
			w.m = kept
		}
		out = append(out, w.operation()...)
	}
	if w.r.IntN(8) == 0 {
		w.m = before
		return append(out, "ROLLBACK")
	}
	return append(out, "COMMIT")
}

// operation gives the statements of one change, or of several that belong together.
func (w *workload) operation() []string {
	table, a := w.e.quote(w.a.Name.Name), w.e.quote(`a"`)
	one := w.any()
	switch n := w.r.IntN(14); {
	case n < 4 || one == nil:
		ka, kb := w.newKey()
		row := w.row(ka, kb)
		if w.m[keyText(w.a, row)] != nil {
			return nil
		}
		w.m[keyText(w.a, row)] = row
		return []string{fmt.Sprintf("INSERT INTO %s VALUES (%s, %s, %s, %s, %s)", table, *ka, w.sql(kb, false), w.sql(row[colU], true), w.sql(row[colT], false), w.sql(row[colN], true))}
	case n < 7: // some fields
		row := w.row(one[colA], one[colB])
		row[colU] = one[colU]
		w.m[keyText(w.a, row)] = row
		return []string{w.update(row, fmt.Sprintf("%s = %s, n = %s", w.e.quote("the `t"), w.sql(row[colT], false), w.sql(row[colN], true)))}
	case n == 7: // the unique values of two rows
		two := w.any()
		if keyText(w.a, one) == keyText(w.a, two) {
			return nil
		}
		x, y := slices.Clone(one), slices.Clone(two)
		x[colU], y[colU] = two[colU], one[colU]
		w.m[keyText(w.a, x)], w.m[keyText(w.a, y)] = x, y
		return []string{w.update(x, "u = NULL"), w.update(y, "u = "+w.sql(y[colU], true)), w.update(x, "u = "+w.sql(x[colU], true))}
	case n == 8: // another key
		ka, kb := w.newKey()
		row := slices.Clone(one)
		row[colA], row[colB] = ka, kb
		if w.m[keyText(w.a, row)] != nil {
			return nil
		}
		delete(w.m, keyText(w.a, one))
		w.m[keyText(w.a, row)] = row
		return []string{w.update(one, fmt.Sprintf("%s = %s, b = %s, n = 7", a, *ka, w.sql(kb, false))), w.update(row, "n = "+w.sql(row[colN], true))}
	case n == 9:
		return w.shift()
	case n == 10: // every key at once
		moved := model{}
		for _, row := range w.m.rows() {
			row = slices.Clone(row)
			row[colA] = text(fmt.Sprint(toInt(*row[colA]) + 1000))
			moved[keyText(w.a, row)] = row
		}
		if w.r.IntN(4) > 0 {
			return nil
		}
		w.m = moved
		return []string{fmt.Sprintf("UPDATE %s SET %s = %[2]s + 1000", table, a)}
	case n == 11:
		delete(w.m, keyText(w.a, one))
		return []string{"DELETE FROM " + table + " WHERE " + w.key(one)}
	}
	return w.value()
}

func toInt(s string) (n int) {
	if _, err := fmt.Sscan(s, &n); err != nil {
		panic("bug in syncform: a key that is no number: " + s)
	}
	return n
}

// shift is id = id + 1 for the rows of one b, in the order in which each finds its new
// key free.
func (w *workload) shift() (out []string) {
	b := w.any()[colB]
	var rows [][]field
	for _, row := range w.m {
		if *row[colB] == *b {
			rows = append(rows, row)
		}
	}
	slices.SortFunc(rows, func(x, y []field) int { return toInt(*y[colA]) - toInt(*x[colA]) })
	for _, row := range rows {
		moved := slices.Clone(row)
		moved[colA] = text(fmt.Sprint(toInt(*row[colA]) + 1))
		delete(w.m, keyText(w.a, row))
		w.m[keyText(w.a, moved)] = moved
		out = append(out, w.update(row, w.e.quote(`a"`)+" = "+*moved[colA]))
	}
	return out
}

// value changes the valueTable: rows take the values of others.
func (w *workload) value() []string {
	var names []string
	for _, c := range w.values.Columns[1:] {
		names = append(names, w.e.quote(c.Name))
	}
	from := w.r.IntN(100)
	switch w.r.IntN(4) {
	case 0:
		w.next++
		return []string{fmt.Sprintf("INSERT INTO v (id, %s) SELECT %d, %[1]s FROM v WHERE id = %d", strings.Join(names, ", "), 1000+w.next, from)}
	case 1:
		return []string{fmt.Sprintf("DELETE FROM v WHERE id = %d", 1000+w.r.IntN(w.next+1))}
	case 2:
		return []string{fmt.Sprintf("UPDATE v SET id = id + 1000000 WHERE id = %d", 1000+w.r.IntN(w.next+1))}
	}
	var set []string
	for range 3 {
		c := names[w.r.IntN(len(names))]
		if !slices.ContainsFunc(set, func(s string) bool { return strings.HasPrefix(s, c+" ") }) {
			set = append(set, fmt.Sprintf("%s = (SELECT x.c FROM (SELECT %[1]s AS c FROM v WHERE id = %d) x)", c, w.r.IntN(100)))
		}
	}
	return []string{fmt.Sprintf("UPDATE v SET %s WHERE id = %d", strings.Join(set, ", "), from)}
}
