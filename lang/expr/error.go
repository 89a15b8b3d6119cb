package expr

import "fmt"

// Error is what is wrong with the text of an expression. From and To are byte offsets
// in it; they are equal where something is missing there.
type Error struct {
	From, To int
	Text     string // what is wrong, a sentence or two
	Fix      string // what to write instead; may be empty
	// Column is the name that the error is about where no column has it.
	Column string
}

func (e *Error) Error() string {
	if e.Fix == "" {
		return e.Text
	}
	return e.Text + " " + e.Fix
}

// errorAt makes an error of a node.
func errorAt(n *Node, format string, args ...any) *Error {
	return &Error{From: n.From, To: n.To, Text: fmt.Sprintf(format, args...)}
}

func (e *Error) fix(format string, args ...any) *Error {
	e.Fix = fmt.Sprintf(format, args...)
	return e
}

// ValueError is a value that an expression can't take. It never carries the value.
type ValueError struct {
	Part   string // of the expression, as written
	Reason string
}

func (e *ValueError) Error() string { return fmt.Sprintf("%s: %s", e.Part, e.Reason) }
