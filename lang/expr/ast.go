package expr

import "strings"

// op says what a node is.
type op uint8

const (
	opColumn op = iota
	opString
	opNumber
	opBytes
	opNull
	opBool
	opTemporal // DATE'...', TIME'...', TIMESTAMP'...': Name says which
	opUnary
	opBinary
	opIs      // Name NULL, TRUE, FALSE, UNKNOWN
	opIn      // Args[0] in the others
	opBetween // three
	opLike    // two, or three with ESCAPE
	opCase    // Args: the operand (Has), pairs of when and then, the else (Else)
	opCast
	opCall
)

// Node is a part of an expression.
type Node struct {
	op       op
	From, To int    // byte offsets in the text
	Name     string // of a column as written; of a function or operator in upper case
	Text     string // of a literal: its value
	Unit     string // of an interval, EXTRACT, TIMESTAMPDIFF; of TRIM: BOTH, LEADING, TRAILING
	Args     []*Node
	Not      bool // IS NOT, NOT IN, NOT LIKE, ...
	Has      bool // opCase: there is an operand
	Else     bool // opCase: there is an else
	Cast     castTo
}

// castTo is the type of a CAST.
type castTo struct {
	name             string // CHAR, BINARY, SIGNED, UNSIGNED, DECIMAL, DOUBLE, FLOAT, DATE, DATETIME, TIME, JSON
	length           int    // CHAR, BINARY; -1: not said
	precision, scale int    // DECIMAL; precision: DATETIME, TIME
}

// Expr is a parsed expression.
type Expr struct {
	Text string
	root *Node
}

// Names lists the columns that the expression names, as written, each once.
func (e *Expr) Names() []string {
	var out []string
	seen := map[string]bool{}
	e.root.walk(func(n *Node) {
		if n.op == opColumn && !seen[n.Name] {
			seen[n.Name] = true
			out = append(out, n.Name)
		}
	})
	return out
}

// Column returns the name where the expression is a single column and nothing else.
func (e *Expr) Column() (string, bool) {
	return e.root.Name, e.root.op == opColumn
}

func (n *Node) walk(f func(*Node)) {
	f(n)
	for _, a := range n.Args {
		a.walk(f)
	}
}

// part gives a node's words, shortened.
func (e *Expr) part(n *Node) string {
	s := strings.Join(strings.Fields(e.Text[n.From:n.To]), " ")
	if r := []rune(s); len(r) > 60 {
		s = string(r[:57]) + "..."
	}
	return s
}
