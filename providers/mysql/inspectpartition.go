package mysql

import (
	"strings"

	"github.com/syncform/syncform/providers/schema"
)

// partitions reads what stands behind PARTITION BY. The definition is all of it, in
// the server's words: MySQL has no partition apart from its table.
func (r *createReader) partitions() {
	start := r.cur.start
	r.accept("LINEAR")
	p := &schema.Partitioning{Strategy: strings.ToLower(r.cur.text)}
	for !r.end() && !r.cur.is("(") {
		r.next()
	}
	if r.cur.is("(") && p.Strategy != "system_time" {
		r.parens()
	}
	if r.accept("SUBPARTITION", "BY") {
		r.accept("LINEAR")
		r.next()
		if !r.cur.is("(") {
			r.next() // ALGORITHM=1, COLUMNS
		}
		r.parens()
	}
	for !r.end() && !r.cur.is("(") {
		r.next() // PARTITIONS 4, SUBPARTITIONS 2
	}
	if r.cur.is("(") {
		p.Partitions = r.partitionList()
	}
	for !r.end() {
		r.next()
	}
	p.Definition = quotePartitions(strings.TrimRight(r.src[start:], " \n*/"))
	r.table.Partition = p
}

// quotePartitions quotes the names of partitions, and of columns after COLUMNS and
// KEY, which MySQL writes bare where it can and MariaDB does not.
func quotePartitions(definition string) string {
	var b strings.Builder
	from := 0
	names, depth := false, 0 // inside the parenthesis after COLUMNS or KEY
	var before token
	for t := newTokens(definition); !t.end(); {
		word := t.next()
		switch {
		case word.is("("):
			depth++
			names = depth == 1 && (before.is("COLUMNS") || before.is("KEY"))
		case word.is(")"):
			depth--
			names = false
		case word.kind == wordToken && !word.is("BY") && (names || before.is("PARTITION") || before.is("SUBPARTITION")):
			b.WriteString(definition[from:word.start] + ident(word.text))
			from = word.end
		}
		before = word
	}
	return b.String() + definition[from:]
}

// partitionList reads the partitions by name, each with what is said of it.
func (r *createReader) partitionList() []schema.Partition {
	var list []schema.Partition
	r.expect("(")
	for !r.end() {
		r.expect("PARTITION")
		p := schema.Partition{Name: schema.Name{Name: r.name()}}
		start, end := r.cur.start, r.cur.start
		for !r.end() && !r.cur.is(",") && !r.cur.is(")") {
			if r.cur.is("(") {
				r.parens()
			} else {
				r.next()
			}
			end = r.cur.start
		}
		p.Definition = strings.TrimRight(r.src[start:end], " \n")
		list = append(list, p)
		if !r.accept(",") {
			break
		}
	}
	r.expect(")")
	return list
}
